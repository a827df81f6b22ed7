// Package sim runs a whole fleet of nodes on one thread, from one seed, through
// more misfortune than years would bring: real codecs, the real replica, the
// real log on a disk in memory, and a network made of queues.
//
//	failure := sim.Run(seed, sim.Options{})
//
// A run has three acts. In the first, people edit, nodes meet and part, links
// are cut between any two frames, power fails between any two effects, disks
// lie about what they wrote, fill up and fail, databases are copied and
// restored, and some peers lie, withhold, forge, corrupt or chatter. Then all of
// that ends and every link is made once, for good. In the last act nothing but
// time may help: everybody must end with the same, know it, and say so in few
// bytes.
//
// What must hold all along is in check.go. A failure says which seed to run
// again and what happened before, step by step; the same seed gives the same
// steps. Run with a mutant (navette/crdt/reconcile/mutant) has to fail: a simulator
// that doesn't notice a missing verification is worth nothing.
//
// It is not a model of time: how fast things are isn't asked here.
package sim
