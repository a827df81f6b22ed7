/* Late subscription (PROTOCOL.md, "Why it is so").
 *
 * Two nodes hold sets of changes, a bit each, and may store two more at any
 * moment. Each freezes what it holds, says so in its hello, sends what the
 * other's hello lacks of it, and pushes what it stores from the moment on that
 * it has subscribed. When nothing can happen any more both must hold the same.
 *
 * With LATE the subscription comes after the hello, and not in one step with
 * the freezing: what is stored between the two is never carried. */

#define WRITES 2

mtype = { hello, data };

byte has[2];
chan to[2] = [16] of { mtype, byte };

proctype Node(byte me) {
	byte other = 1 - me, mine = 0, writes = 0, got = 0;
	bool begun = false, subscribed = false;

end:	do
	:: atomic { writes < WRITES ->
		got = 1 << (me * WRITES + writes);
		has[me] = has[me] | got;
		writes++;
		if
		:: subscribed -> to[other]!data(got)
		:: else
		fi
	   }
#ifdef LATE
	:: !begun -> mine = has[me]; to[other]!hello(mine); begun = true
	:: begun && !subscribed -> subscribed = true
#else
	:: atomic { !begun -> mine = has[me]; subscribed = true }; to[other]!hello(mine); begun = true
#endif
	:: begun && to[me]?[hello, _] -> to[me]?hello(got); to[other]!data(mine & ~got)
	:: begun && to[me]?[data, _] -> to[me]?data(got); has[me] = has[me] | got
	od
}

init {
	atomic { run Node(0); run Node(1) }
	timeout -> assert(has[0] == has[1] && len(to[0]) == 0 && len(to[1]) == 0)
}
