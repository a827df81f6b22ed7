// Package storage keeps what a node has of a commons: the [Log], which stands
// on a [KV].
//
//	kv, _, err := badgerdb.Open(dir, badgerdb.Options{})
//	log, report, err := storage.Open(storage.Prefix(kv, id), storage.Options{Commons: commons})
//	done, err := log.Commit(storage.Batch{Class: storage.Others, Data: entries})
//
// There is one way in: [Log.Commit] appends verified blocks, signatures, the
// frontier, the feed, what they make of the resources and every index, in one
// transaction that is durable when it returns. What is in memory moves only
// afterwards, so that a commit that failed has not happened anywhere. Readers
// follow the feed ([Log.Since], [Log.Changed]) and see nothing earlier.
//
// Two kinds of data are kept apart. Blocks, signatures and the ancestry graph
// are what was received and can't be made again here. Everything about
// resources is derived: it lies under a generation number, any part of it may
// be lost, and [Log.Rebuild] folds it again, to the same bytes, out of the
// blocks. LAYOUT.md beside this file names every key.
//
// What is void by the membership (crdt/membership) is stored like the rest and
// folded without effect, and what nothing else rests on is offered to nobody:
// [Log.Tips], [Log.Heads] and [Log.Fingerprint] are those of the exchanged set.
// A commit that changes what is void queues the resources concerned; the caller
// calls [Log.Settle] until they are up to date, and [Log.Awaiting] says which
// aren't yet.
//
// The Log trusts its caller to have verified signatures and to commit in
// causal order; it checks for itself only that what a block names is there. It
// folds documents without knowing what a tool or a page is (crdt/commons), and
// refuses no one's change.
//
// The seam to a database is KV: ordered keys, small values, transactions that
// are durable when they return. storage/badgerdb is the real one,
// storage/memkv its twin in memory that breaks when told to, and
// storage/storagetest the suite for both.
package storage
