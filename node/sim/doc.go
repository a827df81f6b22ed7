// Package sim runs a whole fleet of nodes on one thread, from one seed, through
// more misfortune than years would bring: real codecs, the real replica, the
// real log on a disk in memory, and a network made of queues.
//
//	failure := sim.Run(seed, sim.Options{})
//
// A run has three acts. In the first, people edit every type of field, are
// admitted, removed, promoted and sent away, and what they did is reverted and
// adopted; nodes meet and part, links are cut between any two frames and the
// network falls apart; power fails between any two effects; disks lie about
// what they wrote, fill up, slow down, fail, and turn bits over; databases are
// copied and restored; clocks are years off; a later version of the program
// takes part; and some peers lie, withhold, forge, fork their log, flood,
// corrupt or chatter. Then all of that ends and every link is made once, for
// good. In the last act nothing but time may help, while people go on writing
// and somebody may be removed in the middle of it: everybody who belongs must
// end with the same, know it, and say so in few bytes.
//
// What must hold all along is in check.go. A failure says which seed to run
// again and what happened before, step by step; the same seed gives the same
// steps. Run with a mutant (navette/crdt/reconcile/mutant) has to fail: a
// simulator that doesn't notice a missing verification is worth nothing.
// MUTANTS.md has which seeds notice which, and how to run millions.
//
// It is not a model of time: how fast things are isn't asked here.
package sim
