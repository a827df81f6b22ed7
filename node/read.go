package node

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/storage"
)

// What is asked for isn't there, or isn't clear.
var (
	ErrNotFound  = errors.New("node: no such resource")
	ErrNoVersion = errors.New("node: no such version")
)

// AmbiguousError is a name that several resources answer to.
type AmbiguousError struct {
	Text  string
	Count int
}

// Error says how many answer.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("node: %d resources answer to %q", e.Count, e.Text)
}

// Doc returns the document of a resource; ErrNotFound if there is none.
func (c *Commons) Doc(id crdt.ID) (*crdt.Doc, error) {
	d, err := c.log.Doc(id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: %v", ErrNotFound, id)
	}
	return d, err
}

// Awaiting tells whether a resource is being brought up to date with who
// belongs: what Doc returns of it may hold what no longer counts.
func (c *Commons) Awaiting(id crdt.ID) bool { return c.log.Awaiting(id) }

// DocAt returns a resource as it was after a change, as the change's writer saw
// it. version is a change's id or the beginning of it, of at least four digits;
// with a "^" behind it, the resource is as its writer saw it before: before the
// whole revision, if the change is what one ends with.
func (c *Commons) DocAt(id crdt.ID, version string) (*crdt.Doc, crdt.ChangeID, error) {
	items, err := c.log.History(id)
	if err != nil {
		return nil, crdt.ChangeID{}, err
	}
	version, before := strings.CutSuffix(version, "^")
	var found []crdt.ChangeID
	for _, it := range items {
		if len(version) >= 4 && strings.HasPrefix(it.ID.String(), strings.ToLower(version)) {
			found = append(found, it.ID)
		}
	}
	if len(found) != 1 {
		return nil, crdt.ChangeID{}, fmt.Errorf("%w: %q", ErrNoVersion, version)
	}
	if before {
		d, err := c.beforeChange(id, found[0])
		return d, found[0], err
	}
	d, err := c.log.DocAt(id, found[0])
	return d, found[0], err
}

// Each calls fn with the document of each resource of a kind, in the order of
// their ids; "" is every kind.
func (c *Commons) Each(kind string, fn func(*crdt.Doc) error) error {
	kinds := []string{kind}
	if kind == "" {
		counts, err := c.log.Kinds()
		if err != nil {
			return err
		}
		kinds = nil
		for _, k := range counts {
			kinds = append(kinds, k.Kind)
		}
	}
	for _, kind := range kinds {
		var ids []crdt.ID
		err := c.log.Resources(kind, crdt.ID{}, func(id crdt.ID, _ bool) error {
			ids = append(ids, id)
			return nil
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			d, err := c.log.Doc(id)
			if err != nil {
				return fmt.Errorf("read resource %v: %w", id, err)
			}
			if err := fn(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// Counts returns how many resources of each kind there are, removed ones left
// out.
func (c *Commons) Counts() (map[string]int, error) {
	kinds, err := c.log.Kinds()
	out := make(map[string]int, len(kinds))
	for _, k := range kinds {
		if k.Live > 0 {
			out[k.Kind] = k.Live
		}
	}
	return out, err
}

// Find finds the resource that a person named: by its id or the beginning of
// one (four digits or more), by its tag or path, or by its title, removed ones
// last; of a kind, or of any if that is "". The error is ErrNotFound or an AmbiguousError.
func (c *Commons) Find(kind, text string) (crdt.ID, error) {
	prefix := strings.ToLower(text)
	isID := len(prefix) >= 4 && len(prefix) <= 32 && strings.Trim(prefix, "0123456789abcdef") == ""
	if isID && len(prefix) == 32 {
		if id, ok := c.whole(kind, prefix); ok {
			return id, nil
		}
	}
	want := commons.Fold(text)
	var byID, byName, removed []crdt.ID
	err := c.Each(kind, func(d *crdt.Doc) error {
		id := d.ID()
		if isID && strings.HasPrefix(id.String(), prefix) {
			byID = append(byID, id)
		}
		r := commons.View(d)
		named := want != "" && commons.Fold(r.Title) == want
		for _, name := range []string{"tag", "path", "uid"} {
			if v, ok := r.Get(name); ok && !named {
				s, _ := v.Value.(string)
				named = want != "" && commons.Fold(s) == want
			}
		}
		if named && d.Deleted() {
			removed = append(removed, id)
		} else if named {
			byName = append(byName, id)
		}
		return nil
	})
	found := byID
	for _, next := range [][]crdt.ID{byName, removed} {
		if len(found) == 0 {
			found = next
		}
	}
	switch {
	case err != nil:
		return crdt.ID{}, err
	case len(found) == 0:
		return crdt.ID{}, fmt.Errorf("%w: %q", ErrNotFound, text)
	case len(found) > 1:
		return crdt.ID{}, &AmbiguousError{text, len(found)}
	}
	return found[0], nil
}

// whole finds a resource by all digits of its id, without reading any other.
func (c *Commons) whole(kind, digits string) (id crdt.ID, found bool) {
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return id, false
	}
	d, err := c.log.Doc(id)
	return id, err == nil && d.Kind() != "" && (kind == "" || d.Kind() == kind)
}

// A Step is a change in the history of the commons, or of a resource.
type Step struct {
	Pos       uint64 // in the feed
	Change    *oplog.Change
	Resources []crdt.ID
	// Void: it doesn't count, as things are now.
	Void bool
}

// History returns the changes to a resource, in the order in which they were
// stored here.
func (c *Commons) History(id crdt.ID) ([]Step, error) {
	items, err := c.log.History(id)
	if err != nil {
		return nil, err
	}
	for i := range items {
		items[i].Resources = []crdt.ID{id}
	}
	return c.steps(items)
}

// Recent returns the changes of the last n entries of the feed, the newest
// last.
func (c *Commons) Recent(n int) ([]Step, error) {
	pos := c.log.Pos()
	items, err := c.log.Since(pos-min(pos, uint64(n)), n)
	if err != nil {
		return nil, err
	}
	return c.steps(items)
}

// Touched returns the resources that the entries of the feed from pos on are
// about, each once, and where the feed stands after them.
func (c *Commons) Touched(pos uint64) (ids []crdt.ID, end uint64, err error) {
	const at = 1000 // entries at once
	seen := make(map[crdt.ID]bool)
	for {
		items, err := c.log.Since(pos, at)
		if err != nil {
			return nil, pos, err
		}
		for _, it := range items {
			for _, id := range it.Resources {
				if !seen[id] {
					seen[id] = true
					ids = append(ids, id)
				}
			}
		}
		if pos += uint64(len(items)); len(items) < at {
			return ids, pos, nil
		}
	}
}

func (c *Commons) steps(items []storage.FeedItem) ([]Step, error) {
	var out []Step
	for _, it := range items {
		if len(it.Resources) == 0 || it.ID == (crdt.ChangeID{}) {
			continue
		}
		block, err := c.log.Block(it.ID)
		if err != nil {
			return nil, err
		}
		change, err := oplog.DecodeChange(block)
		if err != nil {
			return nil, err
		}
		out = append(out, Step{Pos: it.Pos, Change: change, Resources: it.Resources, Void: it.Void})
	}
	return out, nil
}

// DocThrough returns a resource as it was here when the feed had come to pos.
func (c *Commons) DocThrough(id crdt.ID, pos uint64) (*crdt.Doc, error) {
	return c.log.DocThrough(id, pos)
}

// Changes is how many entries are stored.
func (c *Commons) Changes() uint64 { return c.log.Len() }

// Mark names where the feed stands, for a client that comes back to it.
func (c *Commons) Mark() (mark string, pos uint64) {
	pos = c.log.Pos()
	return c.MarkAt(pos), pos
}

// MarkAt names a position of the feed, up to which it has been read.
func (c *Commons) MarkAt(pos uint64) string { return fmt.Sprintf("%x.%d", c.log.Epoch(), pos) }

// ReadMark returns the position of a Mark; not if it isn't one of this store's,
// as after a power cut that the store came back older from.
func (c *Commons) ReadMark(mark string) (pos uint64, ok bool) {
	var epoch uint64
	if n, err := fmt.Sscanf(mark, "%x.%d", &epoch, &pos); err != nil || n != 2 {
		return 0, false
	}
	return pos, c.log.Honours(epoch, pos)
}

// Standing counts the changes of membership: with another count, what counts of
// what is stored may be another.
func (c *Commons) Standing() int { return c.log.MemberCount() }

// Changed returns a channel that is closed at the next commit.
func (c *Commons) Changed() <-chan struct{} { return c.log.Changed() }

// Fingerprint is what two nodes compare to know that they hold the same.
func (c *Commons) Fingerprint() oplog.Fingerprint { return c.log.Fingerprint() }

// Check examines all that is stored; deep reads every document as well.
func (c *Commons) Check(ctx context.Context, deep bool, progress func(done, total int)) (*storage.CheckReport, error) {
	return c.log.Check(ctx, deep, progress)
}

// names remembers who writes which log; the names themselves are read anew.
type names struct {
	mu      sync.Mutex
	writers map[crdt.LogID]oplog.Writer
}

// Writer returns who writes a log; the zero Writer if that isn't known.
func (c *Commons) Writer(log crdt.LogID) oplog.Writer {
	c.names.mu.Lock()
	defer c.names.mu.Unlock()
	w, ok := c.names.writers[log]
	if !ok {
		g, err := c.log.Genesis(log)
		if err != nil {
			return w
		}
		w = g.Writer()
		if c.names.writers == nil {
			c.names.writers = make(map[crdt.LogID]oplog.Writer)
		}
		c.names.writers[log] = w
	}
	return w
}

// PlaceName is what the place of a device is called; "" if it has no name.
func (c *Commons) PlaceName(device oplog.Key) string { return c.title(PlaceOf(device)) }

// PersonName is what a person is called; "" if they have no name.
func (c *Commons) PersonName(person oplog.Key) string { return c.title(PersonOf(person)) }

// NameOf is what people call a resource; "" if it has no name.
func (c *Commons) NameOf(id crdt.ID) string { return c.title(id) }

func (c *Commons) title(id crdt.ID) string {
	d, err := c.log.Doc(id)
	if err != nil || d.Kind() == "" {
		return ""
	}
	return commons.Text(d, "title")
}

// env is what intents and views need to know of this place.
func (c *Commons) env() commons.Env {
	e := commons.Env{Zones: time.LoadLocation, Refer: c.Find, Zone: time.Local.String()}
	if d, err := c.log.Doc(PlaceOf(c.n.self)); err == nil {
		e.Zone = cmp.Or(commons.Text(d, "zone"), e.Zone)
	}
	if e.Zone == "Local" {
		e.Zone = ""
	}
	return e
}

// Env is what intents and views need to know of this place.
func (c *Commons) Env() commons.Env { return c.env() }
