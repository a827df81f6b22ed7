package oplog

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"

	"navette/crdt"
	"navette/crdt/cbor"
)

// A CommonsGenesis begins a commons: [3, roots, name, salt, secret]. It isn't
// signed: the commons' id is its hash, and that is in every signature.
type CommonsGenesis struct {
	ID     CommonsID // set by DecodeCommonsGenesis
	Roots  []Key     // 1 to MaxRoots, sorted, unique
	Name   string    // at most MaxName bytes
	Salt   [16]byte  // random
	Secret [32]byte  // sha2-256 of the commons' secret K
}

// Encode returns the genesis' block; the error is ErrInvalid.
func (g *CommonsGenesis) Encode() ([]byte, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	b := cbor.AppendArray(nil, 5)
	b = cbor.AppendUint(b, uint64(KindCommons))
	b = cbor.AppendArray(b, len(g.Roots))
	for _, k := range g.Roots {
		b = cbor.AppendBytes(b, k[:])
	}
	b = cbor.AppendText(b, g.Name)
	b = cbor.AppendBytes(b, g.Salt[:])
	return cbor.AppendBytes(b, g.Secret[:]), nil
}

// DecodeCommonsGenesis decodes a block; the error is ErrInvalid.
func DecodeCommonsGenesis(block []byte) (*CommonsGenesis, error) {
	g := &CommonsGenesis{ID: CommonsID(Sum(block))}
	r := cbor.NewReader(block)
	readHead(r, KindCommons, 5)
	n := r.Array()
	if n > MaxRoots {
		return nil, fmt.Errorf("%w: commons genesis with %d roots", ErrInvalid, n)
	}
	for range n {
		var k Key
		r.Fixed(k[:])
		g.Roots = append(g.Roots, k)
	}
	g.Name = r.Text()
	r.Fixed(g.Salt[:])
	r.Fixed(g.Secret[:])
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: commons genesis: %w", ErrInvalid, err)
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *CommonsGenesis) check() error {
	if n := len(g.Roots); n < 1 || n > MaxRoots {
		return fmt.Errorf("%w: commons genesis with %d roots", ErrInvalid, n)
	}
	for i, k := range g.Roots[1:] {
		if bytes.Compare(g.Roots[i][:], k[:]) >= 0 {
			return fmt.Errorf("%w: commons genesis whose roots aren't sorted and unique", ErrInvalid)
		}
	}
	if n := len(g.Name); n > MaxName || !utf8.ValidString(g.Name) {
		return fmt.Errorf("%w: commons genesis with a name of %d bytes, or not UTF-8", ErrInvalid, n)
	}
	return nil
}

// A LogGenesis begins a log: [0, commons, device, person, cert, grant, nonce,
// birth, prevLogs].
type LogGenesis struct {
	ID      crdt.ChangeID // set by DecodeLogGenesis
	Commons CommonsID
	Device  Key           // signs the log
	Person  Key           // for whom it writes
	Cert    crdt.ChangeID // the person's certificate for the device
	Grant   crdt.ChangeID // the grant that the person writes under
	Nonce   [8]byte       // random
	Birth   uint32        // minutes since 1970 by the device's clock, 0 if unknown
	// PrevLogs are tips of earlier logs of the same device and person, which
	// this one goes on from and closes. Sorted, unique, at most MaxLinks.
	PrevLogs []crdt.ChangeID
}

// Log returns the name of the log that g begins.
func (g *LogGenesis) Log() (id crdt.LogID) {
	copy(id[:], g.ID[:])
	return id
}

// Encode returns the genesis' block; the error is ErrInvalid.
func (g *LogGenesis) Encode() ([]byte, error) {
	if err := checkLinks(g.PrevLogs); err != nil {
		return nil, fmt.Errorf("log genesis: prevLogs: %w", err)
	}
	b := cbor.AppendArray(nil, 9)
	b = cbor.AppendUint(b, uint64(KindLog))
	b = cbor.AppendBytes(b, g.Commons[:])
	b = cbor.AppendBytes(b, g.Device[:])
	b = cbor.AppendBytes(b, g.Person[:])
	b = cbor.AppendLink(b, g.Cert)
	b = cbor.AppendLink(b, g.Grant)
	b = cbor.AppendBytes(b, g.Nonce[:])
	b = cbor.AppendUint(b, uint64(g.Birth))
	return appendLinks(b, g.PrevLogs), nil
}

// DecodeLogGenesis decodes a block; the error is ErrInvalid.
func DecodeLogGenesis(block []byte) (*LogGenesis, error) {
	g := &LogGenesis{ID: Sum(block)}
	r := cbor.NewReader(block)
	readHead(r, KindLog, 9)
	r.Fixed(g.Commons[:])
	r.Fixed(g.Device[:])
	r.Fixed(g.Person[:])
	g.Cert = r.Link()
	g.Grant = r.Link()
	r.Fixed(g.Nonce[:])
	birth := r.Uint()
	g.Birth = uint32(birth)
	if uint64(g.Birth) != birth {
		return nil, fmt.Errorf("%w: log genesis born in minute %d", ErrInvalid, birth)
	}
	g.PrevLogs = readLinks(r)
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: log genesis: %w", ErrInvalid, err)
	}
	if err := checkLinks(g.PrevLogs); err != nil {
		return nil, fmt.Errorf("log genesis: prevLogs: %w", err)
	}
	return g, nil
}

// readHead reads the head of a block of n items and its kind.
func readHead(r *cbor.Reader, kind Kind, n int) {
	r.Tuple(n)
	if k := r.Uint(); k != uint64(kind) {
		r.Fail(fmt.Errorf("%w: a block of kind %d where a %v is due", ErrInvalid, k, kind))
	}
}

func appendLinks(b []byte, ids []crdt.ChangeID) []byte {
	b = cbor.AppendArray(b, len(ids))
	for _, id := range ids {
		b = cbor.AppendLink(b, id)
	}
	return b
}

// readLinks reads an array of at most MaxLinks links.
func readLinks(r *cbor.Reader) (ids []crdt.ChangeID) {
	n := r.Array()
	if n > MaxLinks {
		r.Fail(fmt.Errorf("%w: %d links", ErrInvalid, n))
		return nil
	}
	for range n {
		ids = append(ids, r.Link())
	}
	return ids
}

// checkLinks returns nil if ids are at most MaxLinks, sorted and unique. The
// zero digest is no link: it stands for the change itself in an op's target.
func checkLinks(ids []crdt.ChangeID) error {
	if len(ids) > MaxLinks {
		return fmt.Errorf("%w: %d links", ErrInvalid, len(ids))
	}
	var last crdt.ChangeID
	for _, id := range ids {
		if bytes.Compare(last[:], id[:]) >= 0 {
			return fmt.Errorf("%w: links that aren't sorted and unique", ErrInvalid)
		}
		last = id
	}
	return nil
}

// SortLinks sorts ids and drops doubles, as deps and prevLogs have to be.
func SortLinks(ids []crdt.ChangeID) []crdt.ChangeID {
	slices.SortFunc(ids, func(a, b crdt.ChangeID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}
