package oplog

import (
	"fmt"

	"navette/crdt"
)

// A Link is what is remembered of a stored block so that others can be checked
// against it: a change, or, with Seq 0, the genesis of a log.
type Link struct {
	ID      crdt.ChangeID
	Log     crdt.LogID
	Seq     uint64
	Lamport uint64
}

// A Writer is who writes a log: one device, for one person.
type Writer struct {
	Device Key
	Person Key
}

// A PrevLog is a link that a genesis goes on from, with its log's writer.
type PrevLog struct {
	Link
	Writer
}

// Membership answers what a log's genesis claims of the stored changes of
// membership. The errors wrap ErrUnknown if none of that name is stored, and
// ErrInvalid if it is of another sort.
type Membership interface {
	// Certified returns whom a certificate is about: the device, and the
	// person that certified it.
	Certified(cert crdt.ChangeID) (Writer, error)
	// Granted returns to whom a grant was made.
	Granted(grant crdt.ChangeID) (person Key, err error)
}

// Link returns c as others are checked against it.
func (c *Change) Link() Link {
	return Link{ID: c.ID, Log: c.Log, Seq: c.Seq, Lamport: c.Lamport}
}

// Writer returns who writes the log.
func (g *LogGenesis) Writer() Writer { return Writer{Device: g.Device, Person: g.Person} }

// NextLamport returns the lamport of what comes right after the links.
func NextLamport(links ...Link) uint64 {
	var greatest uint64
	for _, l := range links {
		greatest = max(greatest, l.Lamport)
	}
	return greatest + 1
}

// CheckChange checks a decoded change against the stored links that it names:
// prev, and the deps in the change's order. Deps may be changes or geneses of
// any log. The error is ErrInvalid.
func CheckChange(c *Change, prev Link, deps []Link) error {
	if prev.ID != c.Prev || prev.Log != c.Log || prev.Seq+1 != c.Seq {
		return fmt.Errorf("%w: change %d of log %v after link %d of log %v", ErrInvalid, c.Seq, c.Log, prev.Seq, prev.Log)
	}
	if len(deps) != len(c.Deps) {
		return fmt.Errorf("%w: change with %d deps checked against %d", ErrInvalid, len(c.Deps), len(deps))
	}
	want := NextLamport(prev)
	for i, d := range deps {
		if d.ID != c.Deps[i] {
			return fmt.Errorf("%w: dep %d is %v, not %v", ErrInvalid, i, c.Deps[i], d.ID)
		}
		want = max(want, d.Lamport+1)
	}
	if c.Lamport != want {
		return fmt.Errorf("%w: change with lamport %d where %d is due", ErrInvalid, c.Lamport, want)
	}
	return nil
}

// CheckGenesis checks a decoded genesis against the commons, the links that
// its PrevLogs name, in their order, and the stored membership, and returns it
// as a link: its lamport is 1 + the greatest of prevs, or 0 without any. The
// error is ErrInvalid, or ErrUnknown if the certificate or the grant isn't
// stored yet.
func CheckGenesis(g *LogGenesis, commons CommonsID, prevs []PrevLog, m Membership) (Link, error) {
	link := Link{ID: g.ID, Log: g.Log()}
	if g.Commons != commons {
		return link, fmt.Errorf("%w: log of commons %v in %v", ErrInvalid, g.Commons, commons)
	}
	if len(prevs) != len(g.PrevLogs) {
		return link, fmt.Errorf("%w: log with %d prevLogs checked against %d", ErrInvalid, len(g.PrevLogs), len(prevs))
	}
	for i, p := range prevs {
		if p.ID != g.PrevLogs[i] {
			return link, fmt.Errorf("%w: prevLog %d is %v, not %v", ErrInvalid, i, g.PrevLogs[i], p.ID)
		}
		if p.Writer != g.Writer() {
			return link, fmt.Errorf("%w: log goes on from one of another device or person", ErrInvalid)
		}
		link.Lamport = max(link.Lamport, p.Lamport+1)
	}
	if link.Lamport > MaxLamport {
		return link, fmt.Errorf("%w: log genesis with lamport %d", ErrInvalid, link.Lamport)
	}
	w, err := m.Certified(g.Cert)
	if err != nil {
		return link, fmt.Errorf("log genesis: certificate: %w", err)
	}
	if w != g.Writer() {
		return link, fmt.Errorf("%w: log whose certificate is about another device or person", ErrInvalid)
	}
	person, err := m.Granted(g.Grant)
	if err != nil {
		return link, fmt.Errorf("log genesis: grant: %w", err)
	}
	if person != g.Person {
		return link, fmt.Errorf("%w: log under a grant to another person", ErrInvalid)
	}
	return link, nil
}
