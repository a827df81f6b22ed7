/* Credit beyond the window (PROTOCOL.md, "Why it is so").
 *
 * Two nodes have data for each other. A stream holds WINDOW frames of data each
 * way; whoever sends more waits until the other reads, and doesn't read
 * meanwhile. A frame that was dealt with is worth one of credit again; frames
 * that say so are small, and have room of their own as long as there are no
 * more of them than there is credit. When nothing can happen any more, all must
 * have arrived.
 *
 * With CREDIT above WINDOW both can fill the stream and wait for each other. */

#ifndef CREDIT
#define CREDIT 2
#endif
#define WINDOW 2
#define FRAMES 5

chan data[2] = [WINDOW] of { bit };
chan got[2] = [CREDIT] of { bit };
byte arrived[2];

proctype Node(byte me) {
	byte other = 1 - me, left = FRAMES, credit = CREDIT;

end:	do
	:: left > 0 && credit > 0 -> left--; credit--; data[other]!1
	:: data[me]?_ -> arrived[me]++; got[other]!1
	:: got[me]?_ -> credit++
	od
}

init {
	atomic { run Node(0); run Node(1) }
	timeout -> assert(arrived[0] == FRAMES && arrived[1] == FRAMES)
}
