// Package gate decides who is let in: which commons two nodes have in common,
// whether one lets the other exchange it, and how a newcomer with an invitation
// joins.
//
// An [Admission] is one side of the protocol /navette/admit/1: two nodes that
// have proved their peer ids learn which commons they both belong to, and
// others learn a size class. A [Host] and a [Joiner] are the two sides of
// /navette/join/1: the joiner shows that it holds an [Invitation], the host
// grants what the invitation says and hands over the commons' secret and its
// membership. [Found] begins a commons; an [Author] signs changes of its
// membership; [Kit] writes the root's key down. PROTOCOL.md has every byte,
// testdata the vectors.
//
// All are state machines over frames: whoever calls Receive sends what it
// returns. What they return to be stored must be durable before that. Keys,
// nonces and the time are arguments; there is no I/O and no goroutine here.
//
// The package says nothing about what is exchanged afterwards, and trusts the
// transport for one thing: that the peer at the other end holds the key it is
// named by, and that nobody else reads along.
package gate
