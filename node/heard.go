package node

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/membership"
	"navette/crdt/oplog"
	"navette/node/durable"
	"navette/node/valise"
)

// ErrNoPlace is a place that isn't known in the commons.
var ErrNoPlace = errors.New("node: no such place")

// Heard is what a valise has told of what another device has. It is kept in the
// data folder, a file for each device, and never sent: what is packed for that
// device next leaves it out.
type Heard struct {
	Device oplog.Key
	Made   time.Time // when the device said so, by its clock

	frontier    []crdt.ChangeID
	attachments []valise.CID
}

// heardFile is the file's JSON. The lists are strung together.
type heardFile struct {
	Made        time.Time `json:"made"`
	Frontier    []byte    `json:"frontier"`
	Attachments []byte    `json:"attachments"`
}

func (c *Commons) heardPath(device oplog.Key) string {
	return filepath.Join(c.n.o.Dir, "heard", c.id.String()[:16]+"-"+device.String()+".json")
}

// hear remembers what a manifest tells, if its device belongs here.
func (c *Commons) hear(m *valise.Manifest) error {
	if c.standing(m.Device) != membership.Live {
		return nil
	}
	f := heardFile{Made: m.Made}
	for _, id := range m.Frontier {
		f.Frontier = append(f.Frontier, id[:]...)
	}
	for _, id := range m.Attachments {
		f.Attachments = append(f.Attachments, id[:]...)
	}
	if err := durable.WriteJSON(c.heardPath(m.Device), f); err != nil {
		return fmt.Errorf("remember what %v has: %w", m.Device, err)
	}
	return nil
}

// heardOf returns what was heard of a device: nothing, if nothing was.
func (c *Commons) heardOf(device oplog.Key) (*Heard, error) {
	h := &Heard{Device: device}
	var f heardFile
	if _, err := durable.ReadJSON(c.heardPath(device), &f); err != nil {
		return nil, fmt.Errorf("read what was heard of %v: %w", device, err)
	}
	h.Made = f.Made
	for chunk := range slices.Chunk(f.Frontier, len(crdt.ChangeID{})) {
		h.frontier = append(h.frontier, pad[crdt.ChangeID](chunk))
	}
	for chunk := range slices.Chunk(f.Attachments, len(valise.CID{})) {
		h.attachments = append(h.attachments, pad[valise.CID](chunk))
	}
	return h, nil
}

func pad[T ~[32]byte | ~[36]byte](b []byte) (id T) {
	for i := range min(len(b), len(id)) {
		id[i] = b[i]
	}
	return id
}

// Heard returns what is known of a place: its name, or the beginning of its
// device's id. Of a place with several devices it is the one heard of last. The
// error is ErrNoPlace.
func (c *Commons) Heard(place string) (*Heard, error) {
	var found *Heard
	for _, device := range c.devices() {
		name := c.PlaceName(device)
		if commons.Fold(name) != commons.Fold(place) && (len(place) < 4 || !strings.HasPrefix(device.String(), strings.ToLower(place))) {
			continue
		}
		h, err := c.heardOf(device)
		if err != nil {
			return nil, err
		}
		if found == nil || h.Made.After(found.Made) {
			found = h
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%w: %q", ErrNoPlace, place)
	}
	return found, nil
}

// devices are those of the commons but this one.
func (c *Commons) devices() (keys []oplog.Key) {
	c.withMembers(func(s *membership.State) {
		for _, m := range s.Members() {
			for _, d := range s.Devices(m.Person) {
				if d.Key != c.n.self && !slices.Contains(keys, d.Key) {
					keys = append(keys, d.Key)
				}
			}
		}
	})
	return keys
}

// Places are the names of the other places of the commons.
func (c *Commons) Places() (names []string) {
	for _, d := range c.devices() {
		if name := c.PlaceName(d); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
