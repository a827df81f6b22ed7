package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// What argon2id (RFC 9106) costs: what a small board can do twice at once.
const (
	pinTime    = 2
	pinMemory  = 19 << 10 // KiB
	pinThreads = 1
	pinSize    = 32
	pinsAtOnce = 2
)

// pins hashes PINs, few at once, so that guesses don't eat the memory.
type pins struct{ slots chan struct{} }

func newPins() pins { return pins{make(chan struct{}, pinsAtOnce)} }

func (p pins) hash(ctx context.Context, pin, salt string) (string, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	sum := argon2.IDKey([]byte(pin), []byte(salt), pinTime, pinMemory, pinThreads, pinSize)
	return fmt.Sprintf("argon2id$%d$%d$%d$%s$%s", pinTime, pinMemory, pinThreads, salt, base64.RawStdEncoding.EncodeToString(sum)), nil
}

// seal makes of a PIN what is kept of it.
func (p pins) seal(ctx context.Context, pin string) (string, error) {
	return p.hash(ctx, pin, rand.Text())
}

// holds tells whether a PIN is the one that was sealed. Of "" none is, and it
// takes as long to say so.
func (p pins) holds(ctx context.Context, pin, sealed string) (bool, error) {
	parts := strings.Split(sealed, "$")
	salt := "navette"
	if len(parts) == 6 {
		salt = parts[4]
	}
	got, err := p.hash(ctx, pin, salt)
	return err == nil && subtle.ConstantTimeCompare([]byte(got), []byte(sealed)) == 1, err
}

// minPIN and minWords are how long a PIN of digits, and a sentence, must be.
const (
	minPIN   = 6
	minWords = 10
)

// goodPIN refuses a PIN that anybody guesses.
func goodPIN(pin string) error {
	digits := strings.Trim(pin, "0123456789") == ""
	switch {
	case digits && len(pin) < minPIN, !digits && len([]rune(pin)) < minWords:
		return &problem{status: 422, key: "problem.pin_short"}
	case len(pin) > 256:
		return &problem{status: 422, key: "problem.pin_long"}
	case digits && (strings.Count(pin, pin[:1]) == len(pin) || strings.Contains("01234567890123456789", pin) || strings.Contains("98765432109876543210", pin)):
		return &problem{status: 422, key: "problem.pin_easy"}
	}
	return nil
}
