// Package storage keeps what a node has of a commons: the [Log], which stands
// on a [KV].
//
// The seam is KV: ordered keys, small values, transactions that are durable
// when they return, and nothing else of a database. storage/badgerdb is the
// real one, storage/memkv its twin in memory that breaks when told to, and
// storage/storagetest the suite for both.
package storage
