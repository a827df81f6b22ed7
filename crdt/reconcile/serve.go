package reconcile

import (
	"bytes"
	"cmp"
	"container/heap"
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
)

// Bounds of what one peer can make a session remember.
const (
	maxServed = 1 << 16 // wants being served
	maxVain   = 1 << 16 // wants of what isn't here, in all
	maxKnown  = 1 << 17 // logs that the peer is known to have something of
	maxOf     = 16      // links of one log that it is known to have
	maxOpen   = 64      // branches open at once
	maxQueued = 4 << 20 // bytes of frames and lists that the peer doesn't take
)

// A server sends what the peer asked for and what is new: runs of all logs
// merged in the order of their lamports, so that a change comes after what it
// depends on.
type server struct {
	src    Source
	credit int      // bytes of data that may still be sent
	ready  [][]byte // packed frames that wait for credit

	members []Item // membership changes to send
	cursors cursors
	serving map[crdt.ChangeID]*cursor
	// has and sent are, by log, links that the peer has stored, and that it
	// was sent, which it may have dropped.
	has, sent map[crdt.LogID][]crdt.ChangeID
	opened    []*cursor // those with a branch, oldest first

	most   int             // branches to be sent at once
	fresh  []Item          // tips that came up since, to be pushed
	pushed map[uint64]Item // pushed and not confirmed, by hash
	sends  Count
}

// A cursor is a branch of a log being sent.
type cursor struct {
	log     crdt.LogID
	tip     crdt.ChangeID
	have    []crdt.ChangeID // what the peer has, or was sent, of it
	lamport uint64          // of the link that comes next
	branch  Branch          // nil unless it is open
	index   int
}

type cursors []*cursor

func (h cursors) Len() int { return len(h) }
func (h cursors) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].lamport, h[j].lamport),
		bytes.Compare(h[i].log[:], h[j].log[:]), bytes.Compare(h[i].tip[:], h[j].tip[:])) < 0
}
func (h cursors) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *cursors) Push(x any) {
	c := x.(*cursor)
	c.index = len(*h)
	*h = append(*h, c)
}
func (h *cursors) Pop() any {
	n := len(*h) - 1
	c := (*h)[n]
	*h = (*h)[:n]
	return c
}

func newServer(src Source, credit int) server {
	return server{
		src: src, credit: credit, most: maxServed,
		serving: map[crdt.ChangeID]*cursor{},
		has:     map[crdt.LogID][]crdt.ChangeID{},
		sent:    map[crdt.LogID][]crdt.ChangeID{},
		pushed:  map[uint64]Item{},
	}
}

// peerHas notes that the peer has a link.
func (v *server) peerHas(log crdt.LogID, id crdt.ChangeID) { v.note(v.has, log, id) }

// note adds a link to those of its log, in place of those before it.
func (v *server) note(m map[crdt.LogID][]crdt.ChangeID, log crdt.LogID, id crdt.ChangeID) {
	ids := slices.DeleteFunc(m[log], func(old crdt.ChangeID) bool {
		return v.src.Saw(id, old)
	})
	if len(ids) > 0 && slices.ContainsFunc(ids, func(old crdt.ChangeID) bool { return v.src.Saw(old, id) }) {
		return
	}
	if len(ids) >= maxOf {
		ids = ids[1:]
	}
	if _, known := m[log]; !known && len(m) >= maxKnown {
		return
	}
	m[log] = append(ids, id)
}

// got notes that the peer has stored what was pushed.
func (v *server) got(h uint64) {
	if it, ok := v.pushed[h]; ok {
		delete(v.pushed, h)
		v.peerHas(it.Log, it.ID)
	}
}

// again forgets what was pushed, and pushes anew what anew says: the peer may
// have dropped it.
func (v *server) again(anew func(Item) bool) {
	var list []Item
	for _, it := range v.pushed {
		if anew(it) {
			list = append(list, it)
			delete(v.sent, it.Log)
		}
	}
	slices.SortFunc(list, Item.Compare)
	v.fresh = append(list, v.fresh...)
	clear(v.pushed)
}

// start begins to send the branch of tip beyond have, and those of earlier logs
// that it goes on from.
func (s *Session) start(tip crdt.ChangeID, have []crdt.ChangeID) error {
	v := &s.serve
	return v.start(tip, have, func(log crdt.LogID) []crdt.ChangeID { return append(s.known(log), v.sent[log]...) })
}

// start begins to send the branch of tip beyond have, and those of earlier logs
// that it goes on from: these are closed, so that nobody is told of their tips.
func (v *server) start(tip crdt.ChangeID, have []crdt.ChangeID, known func(crdt.LogID) []crdt.ChangeID) error {
	if c := v.serving[tip]; c != nil {
		v.end(c)
	}
	genesis, err := v.open(tip, have)
	for left := v.src.PrevLogs(genesis); len(left) > 0 && err == nil; left = left[1:] {
		if l := left[0]; v.serving[l.ID] == nil {
			genesis, err = v.open(l.ID, known(l.Log))
			left = append(left, v.src.PrevLogs(genesis)...)
		}
	}
	return err
}

// open makes a cursor, if there is anything to send. It returns the genesis, if
// that is what it begins with.
func (v *server) open(tip crdt.ChangeID, have []crdt.ChangeID) (genesis crdt.ChangeID, err error) {
	if len(v.serving) >= v.most {
		return genesis, fmt.Errorf("%w: more than %d wants", ErrProtocol, v.most)
	}
	next, ok := v.src.Peek(tip, have)
	if !ok {
		return genesis, nil
	}
	c := &cursor{log: next.Log, tip: tip, have: have, lamport: next.Lamport}
	if end, ok := v.src.Link(tip); ok {
		v.sends.Total += end.Seq + 1 - min(next.Seq, end.Seq)
	}
	v.serving[tip] = c
	heap.Push(&v.cursors, c)
	if next.Seq == 0 {
		genesis = next.ID
	}
	return genesis, nil
}

func (v *server) end(c *cursor) {
	heap.Remove(&v.cursors, c.index)
	delete(v.serving, c.tip)
	v.opened = slices.DeleteFunc(v.opened, func(o *cursor) bool { return o == c })
}

// step takes the next run of the cursor with the lowest lamport. With an error
// it returns the tip of the branch that can't be read, which is given up.
func (v *server) step() (run *oplog.Run, tip crdt.ChangeID, err error) {
	c := v.cursors[0]
	if c.branch == nil {
		if len(v.opened) == maxOpen {
			v.opened[0].branch = nil
			v.opened = v.opened[1:]
		}
		if c.branch, err = v.src.Open(c.tip, c.have); err != nil {
			v.end(c)
			return nil, c.tip, err
		}
		v.opened = append(v.opened, c)
	}
	run, err = c.branch.Next()
	if err != nil || run == nil {
		v.end(c)
		return nil, c.tip, err
	}
	c.have = []crdt.ChangeID{run.ID()}
	v.sends.Done += uint64(len(run.Blocks))
	v.note(v.sent, c.log, run.ID())
	next, ok, err := c.branch.Peek()
	if err != nil || !ok {
		v.end(c)
		return run, c.tip, err
	}
	c.lamport = next.Lamport
	heap.Fix(&v.cursors, 0)
	return run, c.tip, nil
}

// nextData sends what credit allows: changes of membership before runs.
func (s *Session) nextData() []byte {
	v := &s.serve
	if len(v.ready) == 0 {
		s.push()
		switch {
		case len(v.members) > 0:
			v.ready = s.packMembers()
		case len(v.cursors) > 0 && !s.o.Guest:
			v.ready = s.packRuns()
		}
	}
	if len(v.ready) == 0 {
		if len(s.control) > 0 { // a refusal, for what couldn't be read
			return s.Next()
		}
		return nil
	}
	f := v.ready[0]
	if len(f) > v.credit {
		return nil
	}
	v.ready = v.ready[1:]
	v.credit -= len(f)
	return f
}

// push turns what is new into wants of the peer, once it has all that came
// before: the snapshots have been compared, and what it was told is stored.
func (s *Session) push() {
	v := &s.serve
	if len(v.fresh) == 0 || s.o.Guest || !s.compare[members].settled() || !s.compare[tips].settled() ||
		len(s.told[members]) > 0 || len(s.told[tips]) > 0 {
		return
	}
	for _, it := range v.fresh {
		have := append(s.known(it.Log), v.sent[it.Log]...)
		if _, ok := v.src.Peek(it.ID, have); !ok {
			continue
		}
		if s.start(it.ID, have) != nil {
			continue // beyond bounds that only a peer which takes nothing reaches
		}
		v.pushed[s.key.item(it)] = it
	}
	v.fresh = nil
}

func (s *Session) packMembers() [][]byte {
	v := &s.serve
	var list []byte
	n, taken := 0, 0
	for _, it := range v.members {
		taken++
		block, sig, ok := v.src.Member(it.ID)
		if !ok {
			continue
		}
		list = cbor.AppendBytes(cbor.AppendBytes(list, block), sig[:])
		if n++; n == MaxChanges || len(list) >= goodBatch {
			break
		}
	}
	v.members = v.members[taken:]
	if n == 0 {
		return nil
	}
	return pack(typeMembers, append(cbor.AppendArray(nil, 2*n), list...), s.o.Credit)
}

func (s *Session) packRuns() [][]byte {
	v := &s.serve
	var list []byte
	n, changes := 0, 0
	for len(v.cursors) > 0 && changes+1+oplog.AnchorEvery <= MaxChanges && len(list) < goodBatch {
		run, tip, err := v.step()
		if run != nil {
			var b []byte
			if b, err = oplog.AppendRun(nil, run); err == nil {
				list = cbor.AppendBytes(list, b)
				changes += len(run.Blocks)
				n++
			}
			if _, more := v.serving[tip]; !more {
				s.reached(tip, run.ID())
			}
		}
		if err != nil { // our store is damaged: others have it
			s.refuse(tips, []crdt.ChangeID{tip})
		}
	}
	if n == 0 {
		return nil
	}
	return pack(typeRuns, append(cbor.AppendArray(nil, n), list...), s.o.Credit)
}

// reached notes where a branch that was pushed has ended: past its tip if a
// newer one has taken its signature's place. That is what will be confirmed.
func (s *Session) reached(tip, end crdt.ChangeID) {
	v := &s.serve
	h := s.key.sum(tip[:])
	if it, pushed := v.pushed[h]; pushed && end != tip {
		delete(v.pushed, h)
		it.ID = end
		v.pushed[s.key.sum(end[:])] = it
	}
}
