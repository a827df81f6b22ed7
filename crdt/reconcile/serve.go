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
	maxKnown  = 1 << 18 // links that the peer is known to have
	maxOf     = 16      // of these, of one log
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
	known     int

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
	seq     uint64
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

func newServer(src Source) server {
	return server{
		src: src, credit: MaxCredit,
		serving: map[crdt.ChangeID]*cursor{},
		has:     map[crdt.LogID][]crdt.ChangeID{},
		sent:    map[crdt.LogID][]crdt.ChangeID{},
		pushed:  map[uint64]Item{},
	}
}

// peerHas notes that the peer has a link.
func (v *server) peerHas(log crdt.LogID, id crdt.ChangeID) { v.note(v.has, log, id) }

func (v *server) note(m map[crdt.LogID][]crdt.ChangeID, log crdt.LogID, id crdt.ChangeID) {
	ids := m[log]
	if slices.Contains(ids, id) {
		return
	}
	if len(v.src.Branches(log)) == 1 { // no fork: the later one reaches the earlier
		if new, ok := v.src.Link(id); ok && len(ids) == 1 {
			if old, ok := v.src.Link(ids[0]); ok {
				if old.Seq < new.Seq {
					m[log] = []crdt.ChangeID{id}
				}
				return
			}
		}
	}
	switch {
	case v.known >= maxKnown:
		return
	case len(ids) >= maxOf:
		ids = ids[1:]
	default:
		v.known++
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

// start begins to send the branch of tip beyond have.
func (v *server) start(tip crdt.ChangeID, have []crdt.ChangeID) error {
	if c := v.serving[tip]; c != nil {
		heap.Remove(&v.cursors, c.index)
		delete(v.serving, tip)
	}
	if len(v.serving) >= maxServed {
		return fmt.Errorf("%w: more than %d wants", ErrProtocol, maxServed)
	}
	next, ok := v.src.Peek(tip, have)
	if !ok {
		return nil
	}
	c := &cursor{log: next.Log, tip: tip, have: have, lamport: next.Lamport, seq: next.Seq}
	if end, ok := v.src.Link(tip); ok {
		v.sends.Total += end.Seq + 1 - min(next.Seq, end.Seq)
	}
	v.serving[tip] = c
	heap.Push(&v.cursors, c)
	return nil
}

// step takes the next run of the cursor with the lowest lamport. failed is the
// tip of a branch that can't be read.
func (v *server) step() (run *oplog.Run, failed *crdt.ChangeID) {
	c := v.cursors[0]
	run, err := v.src.Run(c.tip, c.have)
	if err != nil {
		heap.Pop(&v.cursors)
		delete(v.serving, c.tip)
		return nil, &c.tip
	}
	c.have = []crdt.ChangeID{run.ID()}
	v.sends.Done += uint64(len(run.Blocks))
	v.note(v.sent, c.log, run.ID())
	if next, ok := v.src.Peek(c.tip, c.have); ok {
		c.lamport, c.seq = next.Lamport, next.Seq
		heap.Fix(&v.cursors, 0)
	} else {
		heap.Pop(&v.cursors)
		delete(v.serving, c.tip)
	}
	return run, nil
}

// readWants reads [3, set, want…]: of membership changes each a CID; of tips
// the hash of one that was told, or [CID, have…].
func (s *Session) readWants(r *cbor.Reader, n int) error {
	k, err := readKind(r)
	if err != nil {
		return err
	}
	var refused []crdt.ChangeID
	for range n - 1 {
		w, err := s.readWant(k, r)
		if err != nil {
			return err
		}
		if !s.stored(k, w.ID) {
			refused = append(refused, w.ID)
			continue
		}
		if k == members {
			err = s.serveMember(w.ID)
		} else {
			err = s.serveTip(w)
		}
		if err != nil {
			return err
		}
	}
	if err := r.End(); err != nil {
		return fmt.Errorf("%w: wants: %w", ErrProtocol, err)
	}
	s.refuse(k, refused)
	return s.bounded()
}

// A want is something to send, beyond the links in have. Where it was wanted
// by its hash (told), what the peer has is what we know of it.
type want struct {
	Item
	told bool
	have []crdt.ChangeID
}

func (s *Session) readWant(k kind, r *cbor.Reader) (w want, err error) {
	switch {
	case k == members:
		r.Fixed(w.ID[:])
	case r.Kind() == cbor.KindBytes:
		hashes, err := readHashes(r)
		if err != nil || len(hashes) != 1 {
			return w, fmt.Errorf("%w: a want", ErrProtocol)
		}
		if w.Item, w.told = s.told[tips][hashes[0]]; !w.told {
			return w, fmt.Errorf("%w: wants what it wasn't told", ErrProtocol)
		}
	default:
		n := r.Array()
		if n < 1 || n > 1+maxOf {
			return w, fmt.Errorf("%w: a want of %d items", ErrProtocol, n)
		}
		r.Fixed(w.ID[:])
		w.have = make([]crdt.ChangeID, n-1)
		for i := range w.have {
			r.Fixed(w.have[i][:])
		}
	}
	if r.Err() != nil {
		return w, fmt.Errorf("%w: a want: %w", ErrProtocol, r.Err())
	}
	return w, nil
}

func (s *Session) serveMember(id crdt.ChangeID) error {
	v := &s.serve
	if len(v.members) >= maxServed {
		return fmt.Errorf("%w: more than %d wants", ErrProtocol, maxServed)
	}
	it, ok := s.told[members][s.key.sum(id[:])]
	if !ok {
		it = Item{ID: id}
	}
	i, found := slices.BinarySearchFunc(v.members, it, Item.Compare)
	if !found {
		v.members = slices.Insert(v.members, i, it)
	}
	return nil
}

// serveTip begins to send the branch that leads to id. What the peer has of it
// is what it says, or else what it told, confirmed, or has in common with us.
// If all of that is unknown here, the log forked: the peer is told where our
// branch goes along and asks again.
func (s *Session) serveTip(w want) error {
	v := &s.serve
	have := w.have
	if w.told {
		have = append(slices.Clone(v.has[w.Log]), s.common(w.Order, w.Log)...)
	}
	stored := slices.DeleteFunc(slices.Clone(have), func(id crdt.ChangeID) bool {
		_, ok := v.src.Link(id)
		return !ok
	})
	if len(stored) == 0 && len(have) > 0 {
		b := cbor.AppendBytes(head(typeFork, 2), w.ID[:])
		s.control = append(s.control, cbor.AppendBytes(b, join(v.src.Back(w.ID))))
		return nil
	}
	return v.start(w.ID, stored)
}

// common returns the tips of a log that both snapshots hold.
func (s *Session) common(birth uint64, log crdt.LogID) (ids []crdt.ChangeID) {
	for _, it := range s.mine[tips].ofLog(birth, log) {
		if _, differs := s.told[tips][s.key.item(it)]; !differs {
			ids = append(ids, it.ID)
		}
	}
	return ids
}

func join(ids []crdt.ChangeID) []byte {
	b := make([]byte, 0, 32*len(ids))
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return b
}

// refuse tells the peer what it won't get.
func (s *Session) refuse(k kind, ids []crdt.ChangeID) {
	if len(ids) > 0 {
		b := cbor.AppendUint(head(typeRefused, 2), uint64(k))
		s.control = append(s.control, cbor.AppendBytes(b, join(ids)))
	}
}

// bounded fails if the peer makes us speak without listening.
func (s *Session) bounded() error {
	n := len(s.got[members]) + len(s.got[tips])
	for _, f := range s.control {
		n += len(f)
	}
	if n > maxQueued {
		return fmt.Errorf("%w: it doesn't take %d bytes of answers", ErrProtocol, n)
	}
	return nil
}

// nextData sends what credit allows: changes of membership before runs.
func (s *Session) nextData() []byte {
	v := &s.serve
	if len(v.ready) == 0 {
		s.push()
		switch {
		case len(v.members) > 0:
			v.ready = s.packMembers()
		case len(v.cursors) > 0:
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
	if len(v.fresh) == 0 || !s.compare[members].settled() || !s.compare[tips].settled() ||
		len(s.told[members]) > 0 || len(s.told[tips]) > 0 {
		return
	}
	for _, it := range v.fresh {
		have := append(slices.Clone(v.sent[it.Log]), v.has[it.Log]...)
		have = append(have, s.common(it.Order, it.Log)...)
		if _, ok := v.src.Peek(it.ID, have); !ok {
			continue
		}
		if v.start(it.ID, have) != nil {
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
	return pack(typeMembers, append(cbor.AppendArray(nil, 2*n), list...))
}

func (s *Session) packRuns() [][]byte {
	v := &s.serve
	var list []byte
	n, changes := 0, 0
	for len(v.cursors) > 0 && changes+1+oplog.AnchorEvery <= MaxChanges && len(list) < goodBatch {
		run, failed := v.step()
		if failed == nil {
			b, err := oplog.AppendRun(nil, run)
			if err == nil {
				list = cbor.AppendBytes(list, b)
				changes += len(run.Blocks)
				n++
				continue
			}
			id := run.ID()
			failed = &id
		}
		s.refuse(tips, []crdt.ChangeID{*failed})
	}
	if n == 0 {
		return nil
	}
	return pack(typeRuns, append(cbor.AppendArray(nil, n), list...))
}

// Committed tells what has become durable, whoever it came from, since New or
// the last call: membership changes, the names of changes and log geneses, and
// the new ends of the branches that grew. The peer hears of all that it hasn't
// told of or sent itself.
func (s *Session) Committed(mem []Item, changes []crdt.ChangeID, ends []Item) {
	for _, it := range mem {
		if !s.settle(members, it.ID) {
			s.news = append(s.news, it)
		}
	}
	theirs := map[crdt.ChangeID]bool{}
	for _, id := range changes {
		if s.settle(tips, id) {
			theirs[id] = true
		}
	}
	v := &s.serve
	for _, it := range ends {
		if theirs[it.ID] {
			v.peerHas(it.Log, it.ID)
			continue
		}
		// A newer end of the same branch stands for the older one.
		v.fresh = slices.DeleteFunc(v.fresh, func(old Item) bool {
			if old.Log != it.Log {
				return false
			}
			_, beyond := v.src.Peek(old.ID, []crdt.ChangeID{it.ID})
			return !beyond
		})
		v.fresh = append(v.fresh, it)
	}
}

// settle takes note that something is stored and tells the peer if it had told
// us of it.
func (s *Session) settle(k kind, id crdt.ChangeID) bool {
	if _, ok := s.lacks[k][id]; !ok {
		return false
	}
	delete(s.lacks[k], id)
	s.ack(k, id)
	return true
}
