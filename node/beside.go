package node

import (
	"context"

	"navette/crdt/oplog"
)

// maxBeside is how much presence waits, to be told and to be heard. It is worth
// nothing a moment later: what there is no room for is dropped.
const maxBeside = 64

// besides are what nodes tell each other beside the exchange.
type besides struct {
	out chan []byte
	in  chan heardOf
}

type heardOf struct {
	peer oplog.Key
	data []byte
}

func newBesides() besides {
	return besides{make(chan []byte, maxBeside), make(chan heardOf, maxBeside)}
}

// tell has all nodes in reach told something that is kept nowhere.
func (b *besides) tell(data []byte) {
	select {
	case b.out <- data:
	default:
	}
}

// hear takes what a peer told. It doesn't wait.
func (b *besides) hear(peer oplog.Key, data []byte) {
	select {
	case b.in <- heardOf{peer, data}:
	default:
	}
}

// gossip tells and hears until ctx ends.
func (c *Commons) gossip(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case data := <-c.besides.out:
			c.mu.Lock()
			if !c.stopped {
				c.carryOut(c.replica.Tell(c.n.now(), data))
			}
			c.mu.Unlock()
		case h := <-c.besides.in:
			c.heard(h.peer, h.data)
		}
	}
}
