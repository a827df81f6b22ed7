package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node/durable"
	"navette/storage"
	"navette/storage/blob"
)

// shelf knows which files the node wants: those that resources name and the
// rule takes, those that somebody asked for, and none of those released. It is
// kept in a file of the data folder, so that a start needn't read every
// resource; without the file it is made anew.
type shelf struct {
	path string
	news chan struct{} // there may be something to fetch

	mu       sync.Mutex // guards what follows
	asked    map[blob.CID]bool
	released map[blob.CID]bool
	commons  map[oplog.CommonsID]*named
}

// named is what the resources of a commons name.
type named struct {
	mark      string // as Commons.Mark
	pos, kept uint64 // of the feed: looked at, and so in the file
	resources map[crdt.ID]namedBy
}

// namedBy is what one resource names.
type namedBy struct {
	Kind  string               `json:"kind"`
	Place string               `json:"place,omitempty"`
	Files []commons.Attachment `json:"files"`
}

type shelfFile struct {
	Asked    []string             `json:"asked,omitempty"`
	Released []string             `json:"released,omitempty"`
	Commons  map[string]namedFile `json:"commons,omitempty"`
}

type namedFile struct {
	Mark      string             `json:"mark"`
	Resources map[string]namedBy `json:"resources"`
}

func openShelf(path string) (*shelf, error) {
	s := &shelf{path: path, news: make(chan struct{}, 1), asked: map[blob.CID]bool{}, released: map[blob.CID]bool{}, commons: map[oplog.CommonsID]*named{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	var f shelfFile
	if err == nil && json.Unmarshal(b, &f) != nil {
		return s, nil // it is made anew
	}
	if err != nil {
		return nil, fmt.Errorf("read which files are wanted: %w", err)
	}
	read := func(list []string, into map[blob.CID]bool) {
		for _, text := range list {
			if id, err := blob.Parse(text); err == nil {
				into[id] = true
			}
		}
	}
	read(f.Asked, s.asked)
	read(f.Released, s.released)
	for text, c := range f.Commons {
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != len(oplog.CommonsID{}) {
			continue
		}
		x := &named{mark: c.Mark, resources: map[crdt.ID]namedBy{}}
		for text, by := range c.Resources {
			if b, err := hex.DecodeString(text); err == nil && len(b) == len(crdt.ID{}) {
				x.resources[crdt.ID(b)] = by
			}
		}
		s.commons[oplog.CommonsID(b)] = x
	}
	return s, nil
}

// write keeps the shelf. The caller holds mu.
func (s *shelf) write() error {
	list := func(m map[blob.CID]bool) (out []string) {
		for id := range m {
			out = append(out, id.String())
		}
		slices.Sort(out)
		return out
	}
	f := shelfFile{Asked: list(s.asked), Released: list(s.released), Commons: map[string]namedFile{}}
	for id, c := range s.commons {
		x := namedFile{c.mark, map[string]namedBy{}}
		for id, by := range c.resources {
			x.Resources[id.String()] = by
		}
		f.Commons[id.String()] = x
	}
	if err := durable.WriteJSON(s.path, f); err != nil {
		return fmt.Errorf("remember which files are wanted: %w", err)
	}
	return nil
}

func (s *shelf) isAsked(id blob.CID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[id]
}

func (s *shelf) isReleased(id blob.CID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.released[id]
}

func (s *shelf) ask(id blob.CID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked[id] && !s.released[id] {
		return nil
	}
	s.asked[id] = true
	delete(s.released, id)
	return s.write()
}

func (s *shelf) release(id blob.CID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released[id] = true
	delete(s.asked, id)
	return s.write()
}

func (s *shelf) unrelease(id blob.CID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.released, id)
}

// come notes that a file that was asked for is here.
func (s *shelf) come(id blob.CID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked[id] {
		return nil
	}
	delete(s.asked, id)
	return s.write()
}

// keepEvery is after how many entries of the feed the file says so, if nothing
// else is new: each write costs the card a little.
const keepEvery = 5000

// A wanted is a file to fetch.
type wanted struct {
	id   blob.CID
	size int64
}

// wants returns what is wanted of a commons and isn't here: what somebody asked
// for, then previews, then files, small ones first.
func (s *shelf) wants(c oplog.CommonsID, rule FileRule, has func(blob.CID) bool) []wanted {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.commons[c]
	if x == nil {
		return nil
	}
	found := map[blob.CID]int64{}
	add := func(text string, size int64, always bool) {
		id, err := blob.Parse(text)
		if err != nil || s.released[id] || !always && !s.asked[id] || has(id) {
			return
		}
		if s.asked[id] {
			size = -1 // before all others
		}
		found[id] = size
	}
	for _, by := range x.resources {
		for _, a := range by.Files {
			if a.Preview != "" {
				add(a.Preview, 0, true)
			}
			add(a.CID, a.Size, rule.takes(a.Size, by.Kind, by.Place))
		}
	}
	var out []wanted
	for _, id := range slices.SortedFunc(maps.Keys(found), func(a, b blob.CID) int { return slices.Compare(a[:], b[:]) }) {
		out = append(out, wanted{id, found[id]})
	}
	slices.SortStableFunc(out, func(a, b wanted) int { return int(min(max(a.size-b.size, -1), 1)) })
	return out
}

// attachmentsField is the field that names files: see KINDS.md.
const attachmentsField = 12

// shelve brings the shelf up to date with what the commons has stored.
func (c *Commons) shelve(ctx context.Context) error {
	s := c.n.shelf
	s.mu.Lock()
	x := s.commons[c.id]
	if x == nil {
		x = &named{resources: map[crdt.ID]namedBy{}}
		s.commons[c.id] = x
	}
	if x.mark != "" && x.pos == 0 {
		pos, ok := c.ReadMark(x.mark)
		if !ok {
			x.resources = map[crdt.ID]namedBy{}
		}
		x.pos, x.kept = pos, pos
	}
	pos := x.pos
	s.mu.Unlock()
	changed := false
	for ctx.Err() == nil {
		items, err := c.log.Since(pos, 256)
		if err != nil || len(items) == 0 {
			break
		}
		for id := range c.naming(items) {
			by, err := c.namedBy(id)
			if err != nil {
				return err
			}
			s.mu.Lock()
			if _, was := x.resources[id]; was || len(by.Files) > 0 {
				changed = true
				x.resources[id] = by
				if len(by.Files) == 0 {
					delete(x.resources, id)
				}
			}
			s.mu.Unlock()
		}
		pos = items[len(items)-1].Pos + 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.pos = pos
	if !changed && pos-x.kept < keepEvery {
		return nil
	}
	x.mark, x.kept = fmt.Sprintf("%x.%d", c.log.Epoch(), pos), pos
	if changed {
		signal(s.news)
	}
	return s.write()
}

// naming returns the resources whose files some entries of the feed change.
func (c *Commons) naming(items []storage.FeedItem) map[crdt.ID]bool {
	out := map[crdt.ID]bool{}
	for _, it := range items {
		if len(it.Resources) == 0 {
			continue
		}
		block, err := c.log.Block(it.ID)
		if err != nil {
			continue // others have it, and it will be mended
		}
		change, err := oplog.DecodeChange(block)
		if err != nil {
			continue
		}
		data := change.Data()
		ids, ok := data.Resources()
		for i := range data.Ops {
			if !ok[i] || out[ids[i]] {
				continue
			}
			if e, err := crdt.DecodeEdit(data, i, ids[i]); err == nil && e.Field == attachmentsField {
				out[ids[i]] = true
			}
		}
	}
	return out
}

// namedBy reads what a resource names.
func (c *Commons) namedBy(id crdt.ID) (by namedBy, err error) {
	d, err := c.Doc(id)
	if errors.Is(err, ErrNotFound) || err == nil && d.Deleted() {
		return by, nil
	}
	if err != nil {
		return by, err
	}
	by = namedBy{Kind: d.Kind(), Files: commons.Attachments(d)}
	if v, ok := d.Shown(homeField); ok {
		if b, ok := v.Bytes(); ok && len(b) == len(crdt.ID{}) {
			by.Place = c.title(crdt.ID(b))
		}
	}
	return by, nil
}

// homeField is the field of the home place.
const homeField = 3
