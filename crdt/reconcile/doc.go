// Package reconcile is the exchange between two nodes that have let each other
// in: what does each lack of the other, and how does it get it.
//
// A [Session] is one side of it, a state machine over frames:
//
//	s := reconcile.New(options)               // freezes what is compared
//	for f := s.Next(); f != nil; f = s.Next() { send(f) }
//	events, err := s.Receive(frame)           // whatever the peer sends
//	s.Committed(members, changes, ends)       // whatever becomes durable
//
// It promises that once both sides have had all frames and stored all they
// got, each has everything that the other had, and both know it; that this
// costs one short exchange if there was nothing to do, and else grows with the
// number of logs that differ, not with that of changes; and that a peer,
// whatever it sends, costs bounded memory. PROTOCOL.md beside this file has
// the frames, testdata/frames.json has them as vectors.
//
// What is compared are two sets: the membership changes, and the open tips of
// the logs. Differences are found by range-based set reconciliation (Meyer,
// "Range-Based Set Reconciliation", SRDS 2023); missing runs are then asked
// for, and sent in causal order within what credit allows; and what is new on
// either side is pushed.
//
// The package is pure. It doesn't verify, store or judge anything: it carries
// letters, see node/replica for who opens them.
package reconcile
