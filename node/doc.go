// Package node is a node with its threads: the commons it belongs to, what
// people ask of them, and the exchange with other nodes.
//
//	n, err := node.Open(node.Options{Dir: dir, Store: kv})
//	err = n.Run(ctx, node.Links{Network: network, Discovery: discovery})
//
// A Node holds several [Commons], each a store (storage.Log) and a replica that
// decides (node/replica). It names no implementation of a seam: the store, the
// network and the discovery are given.
//
// # Threads
//
// Each commons has one writer, which alone commits to its store: it takes from
// the replica what people and peers have brought, stores it in one
// transaction, and hands the outcome back; and one goroutine that tells and
// hears who has a page open. Each connection has two goroutines, one that reads
// frames and one that sends them. The replica is called by all
// of them, one at a time, under Commons.mu; nothing waits for the disk or the
// network while it holds that. Besides, a node has one goroutine that accepts
// connections, one that follows the discovery and dials, one that looks which
// files are wanted, with one for each peer that is asked for them, and those
// that admit a peer or let a newcomer in. Run waits for all of them.
//
// Readers of documents read the store directly and wait for nobody. Edits of one
// page that people have open wait for each other (live.writing); an [Editor] has
// no goroutine, its caller's looks for what is new.
package node

// Version is the version of this program.
const Version = "0.1.0"
