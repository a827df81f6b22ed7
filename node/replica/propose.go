package replica

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
	"navette/storage"
)

// An ownLog is a log that this process writes.
type ownLog struct {
	cert, grant crdt.ChangeID
	birth       uint64
	last        oplog.Link
}

type proposal struct {
	Proposal
	ticket Ticket
	made   made
}

// made is what became of a proposal in the commit under way.
type made struct {
	id     crdt.ChangeID
	person oplog.Key
	log    ownLog
}

func (m *made) keep(r *Replica) { r.logs[m.person] = m.log }

// Propose asks for a change. Its Done follows, sooner or later.
func (r *Replica) Propose(p Proposal) Ticket {
	r.lastTicket++
	r.proposals = append(r.proposals, &proposal{Proposal: p, ticket: r.lastTicket})
	return r.lastTicket
}

// A draft is the changes of one commit being made, each on top of the others.
type draft struct {
	r       *Replica
	heads   []oplog.Link
	logs    map[oplog.Key]ownLog
	touched map[crdt.ID]bool
	// open is the last entry of each log in this commit, which isn't signed
	// unless it stays the last.
	open map[crdt.LogID]*storage.Entry
}

// draft adds changes to a commit, as many as proposals and parts are left.
func (r *Replica) draft(c *Commit, left int) int {
	if len(r.proposals) == 0 {
		return left
	}
	d := &draft{
		r: r, heads: r.o.Log.Heads(),
		logs: map[oplog.Key]ownLog{}, touched: map[crdt.ID]bool{}, open: map[crdt.LogID]*storage.Entry{},
	}
	var later []*proposal
	for i, p := range r.proposals {
		if left == 0 {
			later = append(later, r.proposals[i:]...)
			break
		}
		entries, end, err := d.make(p)
		switch {
		case errors.Is(err, errLater):
			later = append(later, p)
		case err != nil:
			r.emit(&Done{Ticket: p.ticket, Err: err})
		default:
			b := storage.Batch{Class: storage.Own, Data: entries}
			pt := part{proposal: p, ends: []reconcile.Item{end}}
			for _, e := range entries {
				pt.ids = append(pt.ids, e.ID)
			}
			c.add(b, pt)
			left--
			if r.o.Mutant.Early {
				r.emit(&Done{Ticket: p.ticket, ID: p.made.id})
			}
		}
	}
	r.proposals = later
	for _, e := range d.open {
		d.sign(e) // the last of its log
	}
	return left
}

// errLater is a proposal that edits what another one in the commit does.
var errLater = errors.New("replica: in the next commit")

// make makes the change of a proposal, with what has to come before it.
func (d *draft) make(p *proposal) (entries []storage.Entry, end reconcile.Item, err error) {
	edits, err := p.Edit()
	if err != nil {
		return nil, end, err
	}
	if len(edits) == 0 {
		return nil, end, ErrEmpty
	}
	clash := false
	for _, e := range edits {
		clash = clash || d.touched[e.Resource]
	}
	for _, e := range edits {
		d.touched[e.Resource] = true
	}
	if clash {
		return nil, end, errLater
	}
	p.made = made{}
	heads := slices.Clone(d.heads)
	list, err := d.begin(p)
	if err == nil {
		list, err = d.change(p, edits, list)
	}
	if err != nil {
		d.heads = heads
		return nil, end, err
	}
	d.logs[p.Person] = p.made.log
	last := p.made.log.last
	return d.seal(list), reconcile.Item{Order: p.made.log.birth, Log: last.Log, ID: last.ID, Seq: last.Seq}, nil
}

// built is an entry that isn't signed yet.
type built struct {
	storage.Entry
	log  crdt.LogID
	sign bool // at once
	deps bool // the one before it in its log has to be signed
}

// begin sets the log that the change goes into: the person's, or a new one if
// this process hasn't written any for that person under the grant as it is. It
// goes on from all open tips of the same device and person; where these are
// too many for one genesis, it takes several, of which each names the one
// before.
func (d *draft) begin(p *proposal) ([]built, error) {
	dev, ok := d.r.members.DeviceOf(d.r.o.Device, p.Person)
	switch {
	case !ok && d.r.members.Ended(d.r.o.Device, p.Person):
		return nil, fmt.Errorf("%w: %w: %v", ErrNoWriter, ErrEnded, p.Person)
	case !ok || dev.Role < oplog.RoleMember:
		return nil, fmt.Errorf("%w: %v", ErrNoWriter, p.Person)
	}
	log, ok := d.logs[p.Person]
	if !ok {
		log, ok = d.r.logs[p.Person]
	}
	if ok && log.cert == dev.Cert && log.grant == dev.Grant {
		p.made = made{person: p.Person, log: log}
		return nil, nil
	}
	writer := oplog.Writer{Device: d.r.o.Device, Person: p.Person}
	var prevs []oplog.Link
	for _, t := range d.r.source.Tips().Items() {
		if w, _, ok := d.r.writerOf(t.Log); !ok || w != writer {
			continue
		}
		l, ok := d.r.source.Link(t.ID)
		if !ok {
			return nil, fmt.Errorf("replica: reading tip %v: %w", t.ID, storage.ErrCorrupt)
		}
		prevs = append(prevs, l)
	}
	var list []built
	for {
		n := min(len(prevs), oplog.MaxLinks)
		g := &oplog.LogGenesis{
			Commons: d.r.o.Genesis.ID, Device: writer.Device, Person: writer.Person,
			Cert: dev.Cert, Grant: dev.Grant, Nonce: d.r.o.Nonce(),
			Birth: uint32(min(p.Wall.Seconds/60, 1<<32-1)), PrevLogs: names(prevs[:n]),
		}
		block, err := g.Encode()
		if err != nil {
			return nil, fmt.Errorf("replica: beginning a log: %w", err)
		}
		g.ID = oplog.Sum(block)
		l := oplog.Link{ID: g.ID, Log: g.Log()}
		if n > 0 {
			l.Lamport = oplog.NextLamport(prevs[:n]...)
		}
		d.r.learn(g)
		d.add(l, prevs[:n])
		list = append(list, built{Entry: storage.Entry{ID: g.ID, Block: block}, log: l.Log, sign: true})
		if prevs = append([]oplog.Link{l}, prevs[n:]...); len(prevs) == 1 {
			p.made = made{person: p.Person, log: ownLog{dev.Cert, dev.Grant, uint64(g.Birth), l}}
			return list, nil
		}
	}
}

func names(links []oplog.Link) (ids []crdt.ChangeID) {
	for _, l := range links {
		ids = append(ids, l.ID)
	}
	return oplog.SortLinks(ids)
}

// change appends the change, after changes without ops that gather the heads
// where these are too many for one.
func (d *draft) change(p *proposal, edits []crdt.Edit, list []built) ([]built, error) {
	for {
		prev := p.made.log.last
		var deps []oplog.Link
		if !p.GoesOn {
			deps = slices.DeleteFunc(slices.Clone(d.heads), func(l oplog.Link) bool { return l.ID == prev.ID })
		}
		last := len(deps) <= oplog.MaxLinks
		if !last {
			deps = deps[:oplog.MaxLinks]
		}
		c := &oplog.Change{
			Log: prev.Log, Seq: prev.Seq + 1, Prev: prev.ID, Deps: names(deps),
			Lamport: oplog.NextLamport(append(deps, prev)...), OnBehalf: p.OnBehalf, Wall: p.Wall,
		}
		if last {
			ops, err := crdt.EncodeOps(edits, c.Refs())
			if err != nil {
				return nil, fmt.Errorf("replica: encoding a change: %w", err)
			}
			c.Ops = ops
		}
		block, err := c.Encode()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTooBig, err)
		}
		c.ID = oplog.Sum(block)
		d.add(c.Link(), append(deps, prev))
		p.made.log.last, p.made.id = c.Link(), c.ID
		list = append(list, built{
			Entry: storage.Entry{ID: c.ID, Block: block}, log: c.Log,
			sign: oplog.IsAnchor(c.Seq, len(block)), deps: len(deps) > 0,
		})
		if last {
			return list, nil
		}
	}
}

// add makes a link a head, in place of its parents.
func (d *draft) add(l oplog.Link, parents []oplog.Link) {
	d.heads = slices.DeleteFunc(d.heads, func(h oplog.Link) bool { return slices.Contains(parents, h) })
	d.heads = append(d.heads, l)
	slices.SortFunc(d.heads, func(a, b oplog.Link) int { return bytes.Compare(a.ID[:], b.ID[:]) })
}

// seal signs what has to be: anchors, and what comes before a change with
// deps, so that a run can end there.
func (d *draft) seal(list []built) []storage.Entry {
	entries := make([]storage.Entry, len(list))
	for i, b := range list {
		entries[i] = b.Entry
		if before := d.open[b.log]; before != nil && b.deps {
			d.sign(before)
		}
		if b.sign {
			d.sign(&entries[i])
		}
		d.open[b.log] = &entries[i]
	}
	return entries
}

func (d *draft) sign(e *storage.Entry) {
	if e.Sig != nil {
		return
	}
	kind := oplog.SigChange
	if k, err := oplog.Parse(e.Block); err == nil && k == oplog.KindLog {
		kind = oplog.SigLog
	}
	sig := d.r.o.Sign(kind, e.Block)
	e.Sig = &sig
}
