// Package mutant names the ways in which node/sim breaks the nodes it runs, to
// see that it would notice. A test sets them in the options of a replica or a
// session; nothing else does, and the zero Set is the correct program.
//
// It is not a way to configure a node: no setting reaches it.
package mutant

// A Set is the mistakes that a node makes.
type Set struct {
	// Unverified: runs are taken without checking their signatures.
	Unverified bool
	// Uncredited: data is sent however much of it is on the way, and taken.
	Uncredited bool
	// ByNumber: what is at or below the greatest seq of a log counts as known,
	// as if a number named a change.
	ByNumber bool
	// Late: a session hears of what is committed only once it has compared.
	Late bool
	// Early: a person is told that a change is saved before it is durable.
	Early bool
	// Hasty: a peer is told that what it sent is stored when it comes.
	Hasty bool
	// Stale: a session compares what was stored when the process began.
	Stale bool
	// Patient: what one peer doesn't send is never asked of another.
	Patient bool
	// Miserly: credit is given back only for what was stored.
	Miserly bool
	// Forgetful: what is beyond the bounds of a comparison isn't looked for
	// again.
	Forgetful bool
	// Lenient: sessions with those who were removed go on.
	Lenient bool
	// Unjudged: data is given to whoever connects, member or not.
	Unjudged bool
}
