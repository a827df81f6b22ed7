package web

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node/durable"
)

// Who is on the place's Wi-Fi.
const (
	onlyUs  = "us"      // people sign in over plain HTTP, as members at most
	anyone  = "anybody" // people read over plain HTTP, and sign in with TLS
	noWords = ""        // not said yet: as anybody
)

// An account is how a person signs in here.
type account struct {
	Person oplog.Key
	// Name is what they type; unlike what they are called, nobody else can
	// change it.
	Name string
	// PIN is what pins.go makes of it; "" if they have none and come in with a
	// code.
	PIN string `json:",omitempty"`
	// Asked is when they asked to be let in; nil once a steward has.
	Asked *time.Time `json:",omitempty"`
}

// bookFile is what is kept of a book.
type bookFile struct {
	SetUp    bool // the set-up code was used
	WiFi     string
	Accounts []*account
}

// A book is what the site remembers of its people and of its set-up: local to
// this node, in a file of its own, in no backup.
type book struct {
	path string

	mu sync.Mutex // guards what follows
	in bookFile
}

// maxAsking bounds how many can ask to be let in: anybody can ask.
const maxAsking = 50

func openBook(dir string) (*book, error) {
	b := &book{path: filepath.Join(dir, "web.json")}
	if _, err := durable.ReadJSON(b.path, &b.in); err != nil {
		return nil, fmt.Errorf("web: reading the accounts: %w", err)
	}
	return b, nil
}

// edit changes the book by f, or leaves it as it was.
func (b *book) edit(f func(*bookFile) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.in
	next.Accounts = make([]*account, len(b.in.Accounts))
	for i, a := range b.in.Accounts {
		copied := *a
		next.Accounts[i] = &copied
	}
	if err := f(&next); err != nil {
		return err
	}
	if err := durable.WriteJSON(b.path, &next); err != nil {
		return err
	}
	b.in = next
	return nil
}

// setUp tells whether the set-up is done, and who is on the Wi-Fi.
func (b *book) setUp() (done bool, wifi string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.in.SetUp, b.in.WiFi
}

// named returns the account of a name, as people type names; nil if there is
// none.
func (b *book) named(name string) *account {
	return b.find(func(a *account) bool { return sameName(a.Name, name) })
}

// of returns a person's account; nil if they have none here.
func (b *book) of(person oplog.Key) *account {
	return b.find(func(a *account) bool { return a.Person == person })
}

func (b *book) find(match func(*account) bool) *account {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.in.Accounts, match); i >= 0 {
		copied := *b.in.Accounts[i]
		return &copied
	}
	return nil
}

// accounts returns all, by name.
func (b *book) accounts() []*account {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.in.Accounts)
	slices.SortFunc(out, func(x, y *account) int { return strings.Compare(commons.Fold(x.Name), commons.Fold(y.Name)) })
	return out
}

// add adds an account. The error is a problem: the name is taken, or too many
// ask.
func (b *book) add(a account) error {
	return b.edit(func(in *bookFile) error {
		asking := 0
		for _, x := range in.Accounts {
			if sameName(x.Name, a.Name) {
				return &problem{status: 409, key: "problem.name_taken", args: []any{x.Name}}
			}
			if x.Asked != nil {
				asking++
			}
		}
		if a.Asked != nil && asking >= maxAsking {
			return &problem{status: 503, key: "problem.many_ask"}
		}
		in.Accounts = append(in.Accounts, &a)
		return nil
	})
}

// change changes a person's account.
func (b *book) change(person oplog.Key, f func(*account)) error {
	return b.edit(func(in *bookFile) error {
		for _, a := range in.Accounts {
			if a.Person == person {
				f(a)
				return nil
			}
		}
		return fmt.Errorf("web: no account of %v", person)
	})
}

// drop takes a person's account away.
func (b *book) drop(person oplog.Key) error {
	return b.edit(func(in *bookFile) error {
		in.Accounts = slices.DeleteFunc(in.Accounts, func(a *account) bool { return a.Person == person })
		return nil
	})
}

func sameName(a, b string) bool { return commons.Fold(cleanName(a)) == commons.Fold(cleanName(b)) }

// maxName is how long a name may be, in characters: that of a person's field.
const maxName = 64

// cleanName is a name as it is kept and shown: composed, on one line, without
// characters that can't be seen or that turn the text around.
func cleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, commons.Composed(s))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxName {
		s = strings.TrimSpace(string(r[:maxName]))
	}
	return s
}

// keyWords are two words that tell one person from another of the same name.
func keyWords(person oplog.Key) string {
	n := int(person[0])<<16 | int(person[1])<<8 | int(person[2])
	return oplog.Word(n>>13&2047) + "-" + oplog.Word(n>>2&2047)
}
