package web

import (
	"crypto/rand"
	"strings"
	"sync"
	"time"

	"navette/crdt/oplog"
)

// passFor is how long a pass lets its person in.
const passFor = 5 * time.Minute

// passes are codes that sign a person in once: shown on one screen, typed or
// scanned on another.
type passes struct {
	mu  sync.Mutex
	all map[string]pass // by what is shown, hashed
}

type pass struct {
	person oplog.Key
	until  time.Time
}

// A code is a pass as it is shown: Long for machines to read, 128 bits; Short
// for people to type, 39 bits, which stand up to as many guesses as tries
// permits.
type code struct{ Long, Short string }

// give makes a pass for a person.
func (p *passes) give(now time.Time, person oplog.Key) code {
	c := code{rand.Text(), shortCode()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]pass{}
	}
	for k, x := range p.all {
		if now.After(x.until) || x.person == person {
			delete(p.all, k)
		}
	}
	for _, text := range []string{c.Long, c.Short} {
		p.all[hashed(plainCode(text))] = pass{person, now.Add(passFor)}
	}
	return c
}

// take returns whom a code signs in, and makes it worthless.
func (p *passes) take(now time.Time, text string) (person oplog.Key, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x, ok := p.all[hashed(plainCode(text))]
	if !ok || now.After(x.until) {
		return person, false
	}
	for k, y := range p.all {
		if y == x {
			delete(p.all, k)
		}
	}
	return x.person, true
}

// codeLetters are digits and letters without those that look alike.
const codeLetters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// shortCode is a code of eight characters, as "K7QF-2M9X".
func shortCode() string {
	var b strings.Builder
	for b.Len() < 9 {
		if b.Len() == 4 {
			b.WriteByte('-')
		}
		var one [1]byte
		rand.Read(one[:])
		if int(one[0]) < 256/len(codeLetters)*len(codeLetters) {
			b.WriteByte(codeLetters[int(one[0])%len(codeLetters)])
		}
	}
	return b.String()
}

// plainCode is a code without what people put into it when they type.
func plainCode(text string) string {
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u2011", "", "\t", "", "\n", "").Replace(strings.ToUpper(text))
}
