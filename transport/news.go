package transport

import (
	"context"
	"sync"
)

// News carries candidates from a Discovery to a reader that may be slow: of
// each peer only the latest waits. It is what implementations of Found are made
// of.
type News struct {
	out chan Candidate
	due chan struct{} // holds a token while something waits

	mu      sync.Mutex // guards what follows
	waiting map[Peer]Candidate
	order   []Peer // those in waiting, longest first
}

// NewNews has nothing to tell yet.
func NewNews() *News {
	return &News{
		out:     make(chan Candidate),
		due:     make(chan struct{}, 1),
		waiting: map[Peer]Candidate{},
	}
}

// Found is where the candidates come out, until Run has ended.
func (n *News) Found() <-chan Candidate { return n.out }

// Tell never waits.
func (n *News) Tell(c Candidate) {
	n.mu.Lock()
	if _, ok := n.waiting[c.Peer]; !ok {
		n.order = append(n.order, c.Peer)
	}
	n.waiting[c.Peer] = c
	n.mu.Unlock()
	select {
	case n.due <- struct{}{}:
	default:
	}
}

// Run hands out what was told until ctx ends, and then closes Found. It is
// called once.
func (n *News) Run(ctx context.Context) {
	defer close(n.out)
	for {
		c, ok := n.next()
		if !ok {
			select {
			case <-n.due:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case n.out <- c:
		case <-n.due: // perhaps of the same peer
			n.putBack(c)
		case <-ctx.Done():
			return
		}
	}
}

func (n *News) next() (Candidate, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.order) == 0 {
		return Candidate{}, false
	}
	p := n.order[0]
	c := n.waiting[p]
	n.order = n.order[1:]
	delete(n.waiting, p)
	return c, true
}

// putBack puts c in front again, unless there is something newer of its peer.
func (n *News) putBack(c Candidate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, newer := n.waiting[c.Peer]; !newer {
		n.waiting[c.Peer] = c
		n.order = append([]Peer{c.Peer}, n.order...)
	}
}
