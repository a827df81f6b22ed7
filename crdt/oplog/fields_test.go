package oplog

import (
	"bytes"
	"slices"

	"navette/crdt"
	"navette/crdt/cbor"
)

// What vectors say of a decoded block.

func commonsFields(g *CommonsGenesis) *commonsVector {
	v := &commonsVector{Name: g.Name, Salt: g.Salt[:], Secret: g.Secret[:]}
	for _, k := range g.Roots {
		v.Roots = append(v.Roots, slices.Clone(k[:]))
	}
	return v
}

func logFields(g *LogGenesis) *logVector {
	log := g.Log()
	return &logVector{
		Log: log[:], Commons: g.Commons[:], Device: g.Device[:], Person: g.Person[:],
		Cert: g.Cert[:], Grant: g.Grant[:], Nonce: g.Nonce[:], Birth: g.Birth, PrevLogs: hexIDs(g.PrevLogs),
	}
}

func changeFields(c *Change) *changeVector {
	v := &changeVector{
		Log: c.Log[:], Seq: c.Seq, Prev: c.Prev[:], Deps: hexIDs(c.Deps), Lamport: c.Lamport,
		Seconds: c.Wall.Seconds, Quality: uint8(c.Wall.Quality), Ops: []opVector{},
	}
	if c.OnBehalf != nil {
		v.OnBehalf = c.OnBehalf[:]
	}
	for _, op := range c.Ops {
		o := opVector{Code: op.Code, Offset: op.Target.Offset, Body: op.Body}
		if ref := op.Target.Ref; ref == nil {
			o.ID = bytes.Clone(op.Target.ID[:])
		} else {
			o.Index = &ref.Index
			if ref.Change != (crdt.ChangeID{}) {
				o.Change = bytes.Clone(ref.Change[:])
			}
		}
		v.Ops = append(v.Ops, o)
	}
	return v
}

func hexIDs(ids []crdt.ChangeID) []hexBytes {
	hs := []hexBytes{}
	for _, id := range ids {
		hs = append(hs, bytes.Clone(id[:]))
	}
	return hs
}

// raw is an encoded value, link a link and other values what they look like:
// enough to write blocks that Encode refuses to.
type (
	raw   []byte
	link  crdt.ChangeID
	array []any
)

func enc(v any) []byte { return appendAny(nil, v) }

func appendAny(b []byte, v any) []byte {
	switch v := v.(type) {
	case int:
		return cbor.AppendInt(b, int64(v))
	case uint64:
		return cbor.AppendUint(b, v)
	case []byte:
		return cbor.AppendBytes(b, v)
	case string:
		return cbor.AppendText(b, v)
	case link:
		return cbor.AppendLink(b, v)
	case raw:
		return append(b, v...)
	case array:
		b = cbor.AppendArray(b, len(v))
		for _, item := range v {
			b = appendAny(b, item)
		}
		return b
	}
	return cbor.AppendNull(b)
}
