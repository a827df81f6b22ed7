package node

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/node/durable"
)

// A Pass lets a program act for a person, as far as its use says: a calendar
// program that knows a password of its own, or whoever has a secret link. Its
// secret is shown once; what is kept is a hash of it. Passes are this node's
// affair: they neither travel nor go into a backup.
type Pass struct {
	ID       string    `json:"id"`
	Use      PassUse   `json:"use"`
	Name     string    `json:"name"` // what its owner calls it: "Phone"
	Commons  string    `json:"commons"`
	Person   string    `json:"person"`
	Calendar string    `json:"calendar,omitempty"` // of a link: the id of a place, "" is all
	Made     time.Time `json:"made"`
	Used     time.Time `json:"used,omitzero"` // the day on which it was last used
	Sum      []byte    `json:"sum"`
}

// A PassUse is what a pass is for.
type PassUse string

// What passes are for.
const (
	PassCalendar PassUse = "calendar" // read and write calendars, with a password
	PassLink     PassUse = "link"     // read a calendar, by its address
)

// maxPasses bounds how many passes a node keeps.
const maxPasses = 10_000

// Errors of passes.
var (
	ErrNoPass     = errors.New("node: no such pass")
	ErrManyPasses = errors.New("node: too many passes")
)

const passesFile = "passes.json"

// passes are those that a node has given, in a file of its own.
type passes struct {
	mu   sync.Mutex
	dir  string
	list []Pass
}

func readPasses(dir string) (*passes, error) {
	p := &passes{dir: dir}
	if _, err := durable.ReadJSON(filepath.Join(dir, passesFile), &p.list); err != nil {
		return nil, fmt.Errorf("read the passes: %w", err)
	}
	return p, nil
}

// write puts list in the place of what there was. The caller holds mu.
func (p *passes) write(list []Pass) error {
	if err := durable.WriteJSON(filepath.Join(p.dir, passesFile), list); err != nil {
		return fmt.Errorf("write the passes: %w", err)
	}
	p.list = list
	return nil
}

// secretText is letters and figures that can't be taken for each other.
var secretText = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// sumOf hashes a secret as people type it: in any case, with any dashes. The
// secret has 100 bits or more, so that nothing slower is needed.
func sumOf(secret string) []byte {
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(secret))
	sum := sha256.Sum256([]byte("navette/pass/" + plain))
	return sum[:]
}

// AddPass gives a person's program a pass and returns its secret, which nobody
// can show again. The error is ErrManyPasses, or that of writing the file.
func (c *Commons) AddPass(use PassUse, person oplog.Key, name string, calendar *crdt.ID) (Pass, string, error) {
	raw := make([]byte, 20)
	rand.Read(raw) // never fails
	secret := secretText.EncodeToString(raw)
	if use == PassCalendar { // to be typed on a phone
		secret = secret[:5] + "-" + secret[5:10] + "-" + secret[10:15] + "-" + secret[15:20]
	}
	made := Pass{
		ID: secretText.EncodeToString(sumOf(secret)[:5]), Use: use, Name: name,
		Commons: c.ID().String(), Person: person.String(), Made: time.Now().UTC().Truncate(time.Second), Sum: sumOf(secret),
	}
	if calendar != nil {
		made.Calendar = calendar.String()
	}
	p := c.n.passes
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) >= maxPasses {
		return Pass{}, "", ErrManyPasses
	}
	return made, secret, p.write(append(slices.Clone(p.list), made))
}

// Passes returns those that were given in a commons, the newest first.
func (c *Commons) Passes() []Pass {
	p := c.n.passes
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Pass
	for _, x := range slices.Backward(p.list) {
		if x.Commons == c.ID().String() {
			out = append(out, x)
		}
	}
	return out
}

// RevokePass ends a pass: whoever has its secret is refused from now on. id may
// be the beginning of one. The error is ErrNoPass, or that of writing the file.
func (c *Commons) RevokePass(id string) (Pass, error) {
	p := c.n.passes
	p.mu.Lock()
	defer p.mu.Unlock()
	found := -1
	for i, x := range p.list {
		if len(id) >= 4 && strings.HasPrefix(x.ID, strings.ToLower(id)) && x.Commons == c.ID().String() {
			if found >= 0 {
				return Pass{}, fmt.Errorf("%w: several begin with %q", ErrNoPass, id)
			}
			found = i
		}
	}
	if found < 0 {
		return Pass{}, fmt.Errorf("%w: %q", ErrNoPass, id)
	}
	gone := p.list[found]
	return gone, p.write(slices.Delete(slices.Clone(p.list), found, found+1))
}

// CheckPass returns the pass that a secret is of, and its commons; ok is false
// if there is none for that use, or its person is no member any more.
func (n *Node) CheckPass(use PassUse, secret string) (pass Pass, c *Commons, ok bool) {
	sum := sumOf(secret)
	p := n.passes
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.list {
		x := &p.list[i]
		if x.Use != use || subtle.ConstantTimeCompare(x.Sum, sum) != 1 {
			continue
		}
		for _, c := range n.All() {
			if c.ID().String() != x.Commons || c.RoleOf(x.Owner()) == oplog.RoleNone {
				continue
			}
			// The day is enough for people to tell which pass is in use, and
			// is one write a day to the card.
			if today := time.Now().UTC().Truncate(24 * time.Hour); today.After(x.Used) {
				list := slices.Clone(p.list)
				list[i].Used = today
				_ = p.write(list) // the next use tries again
			}
			return *x, c, true
		}
	}
	return Pass{}, nil, false
}

// Owner is the person that the pass acts for.
func (p *Pass) Owner() (person oplog.Key) {
	if b, err := hex.DecodeString(p.Person); err == nil && len(b) == len(person) {
		copy(person[:], b)
	}
	return person
}
