package node

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"navette/crdt/oplog"
	"navette/crdt/text"
)

// A TextVersion names what a page's text says at some moment, for editors: the
// events that no other had seen by then. It is the same on every node and after
// a restart; a node that hasn't those events doesn't know it. Clients keep it as
// it is. That of an empty history is "0".
type TextVersion string

// maxHeads is how many events a version may name. A text that more people wrote
// at without having seen each other has a version that can't be gone on from
// once the page was closed.
const maxHeads = 32

func versionOf(heads []text.Name) TextVersion {
	if len(heads) == 0 {
		return "0"
	}
	if len(heads) > maxHeads {
		sum := oplog.Sum(appendNames(nil, heads))
		return TextVersion("x" + base64.RawURLEncoding.EncodeToString(sum[:]))
	}
	return TextVersion("v" + base64.RawURLEncoding.EncodeToString(appendNames(nil, heads)))
}

func appendNames(b []byte, names []text.Name) []byte {
	for _, n := range names {
		b = append(append(b, n.Log[:]...), n.Change[:]...)
		b = binary.BigEndian.AppendUint32(b, n.Index)
	}
	return b
}

// heads returns the events that a version names.
func (v TextVersion) heads() ([]text.Name, bool) {
	if v == "0" {
		return nil, true
	}
	const size = 16 + 32 + 4
	coded, ok := strings.CutPrefix(string(v), "v")
	b, err := base64.RawURLEncoding.DecodeString(coded)
	if !ok || err != nil || len(b) == 0 || len(b)%size != 0 || len(b) > maxHeads*size {
		return nil, false
	}
	var out []text.Name
	for ; len(b) > 0; b = b[size:] {
		out = append(out, text.Name{Log: [16]byte(b), Change: [32]byte(b[16:]), Index: binary.BigEndian.Uint32(b[48:])})
	}
	return out, versionOf(out) == v // base64 may be written in several ways
}

// opsOf returns how many ops a change has.
func opsOf(block []byte) (int, error) {
	c, err := oplog.DecodeChange(block)
	if err != nil {
		return 0, err
	}
	return len(c.Ops), nil
}

// patched carries out splices that count units. What doesn't fit is left out.
func patched(s string, splices []text.Splice, u text.Unit) string {
	if len(splices) == 0 {
		return s
	}
	for _, x := range splices {
		begin, ok := u.Offset(s, x.Pos)
		if !ok || x.Del < 0 {
			continue
		}
		if size, ok := u.Offset(s[begin:], x.Del); ok {
			s = s[:begin] + x.Ins + s[begin+size:]
		}
	}
	return s
}

// moved returns where a position is after splices, both in UTF-16; one where
// something is inserted stays before it.
func moved(pos int, splices []text.Splice) int {
	for _, s := range splices {
		switch {
		case pos <= s.Pos:
		case pos >= s.Pos+s.Del:
			pos += text.UTF16.Of(s.Ins) - s.Del
		default:
			pos = s.Pos
		}
	}
	return pos
}
