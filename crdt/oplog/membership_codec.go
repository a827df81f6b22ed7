package oplog

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"navette/crdt"
	"navette/crdt/cbor"
)

func opHead(b []byte, code uint64, fields int) []byte {
	return cbor.AppendUint(cbor.AppendArray(b, 1+fields), code)
}

func (o *Grant) append(b []byte) []byte {
	b = opHead(b, CodeGrant, 5)
	b = cbor.AppendBytes(b, o.Target[:])
	b = cbor.AppendUint(b, uint64(o.Role))
	b = appendLinks(b, o.Adopt)
	if j := o.Join; j == nil {
		b = cbor.AppendNull(b)
	} else {
		b = cbor.AppendArray(b, 5)
		b = cbor.AppendLink(b, j.Invite)
		b = cbor.AppendBytes(b, j.Device[:])
		b = cbor.AppendBytes(b, j.Host[:])
		b = cbor.AppendBytes(b, j.Nonce[:])
		b = cbor.AppendBytes(b, j.Proof[:])
	}
	if o.Succeeds == nil {
		return cbor.AppendNull(b)
	}
	return cbor.AppendBytes(b, o.Succeeds[:])
}

func (o *Remove) append(b []byte) []byte {
	b = opHead(b, CodeRemove, 6)
	b = cbor.AppendBytes(b, o.Target[:])
	b = cbor.AppendUint(b, uint64(o.Scope))
	b = cbor.AppendBool(b, o.Keep)
	b = appendLinks(b, o.Cut)
	b = appendLinks(b, o.Parts)
	return appendLinks(b, o.Annul)
}

func (o *Leave) append(b []byte) []byte { return opHead(b, CodeLeave, 0) }

func (o *Invite) append(b []byte) []byte {
	b = opHead(b, CodeInvite, 6)
	b = cbor.AppendBytes(b, o.ID[:])
	b = cbor.AppendBytes(b, o.Public[:])
	b = cbor.AppendUint(b, uint64(o.Role))
	b = cbor.AppendUint(b, o.Uses)
	b = cbor.AppendUint(b, o.Until)
	return cbor.AppendText(b, o.Note)
}

func (o *RevokeInvite) append(b []byte) []byte {
	return cbor.AppendLink(opHead(b, CodeRevokeInvite, 1), o.Invite)
}

func (o *Certify) append(b []byte) []byte {
	b = opHead(b, CodeCertify, 3)
	b = cbor.AppendBytes(b, o.Device[:])
	b = cbor.AppendBytes(b, o.Person[:])
	return cbor.AppendBool(b, o.Hosted)
}

func (o *RevokeDevice) append(b []byte) []byte {
	b = opHead(b, CodeRevokeDevice, 4)
	b = cbor.AppendBytes(b, o.Device[:])
	b = cbor.AppendBytes(b, o.Person[:])
	b = appendLinks(b, o.Cut)
	return appendLinks(b, o.Parts)
}

func (o *Revert) append(b []byte) []byte {
	return appendLinks(opHead(b, CodeRevert, 1), o.Changes)
}

func (o *CutPart) append(b []byte) []byte {
	return appendLinks(opHead(b, CodeCutPart, 1), o.Cut)
}

func (o *UnknownOp) append(b []byte) []byte { return append(b, o.Raw...) }

// opFields is how many fields follow the code of each known op.
var opFields = map[uint64]int{
	CodeGrant: 5, CodeRemove: 6, CodeLeave: 0, CodeInvite: 6, CodeRevokeInvite: 1,
	CodeCertify: 3, CodeRevokeDevice: 4, CodeRevert: 1, CodeCutPart: 1,
}

// readMemberOp reads an op of any code. The bounds of a known one are for its
// check.
func readMemberOp(r *cbor.Reader) MemberOp {
	raw := r.Raw()
	in := cbor.NewReader(raw)
	n := in.Array()
	code := in.Uint()
	if r.Err() == nil && in.Err() != nil {
		r.Fail(fmt.Errorf("op: %w", in.Err()))
	}
	if r.Err() != nil {
		return nil
	}
	fields, known := opFields[code]
	if !known {
		return &UnknownOp{Num: code, Raw: bytes.Clone(raw)}
	}
	if n != 1+fields {
		r.Fail(fmt.Errorf("%w: op %d with %d fields, not %d", ErrInvalid, code, n-1, fields))
		return nil
	}
	op := readKnownOp(in, code)
	if err := in.End(); err != nil {
		r.Fail(fmt.Errorf("op %d: %w", code, err))
	}
	return op
}

func readKnownOp(in *cbor.Reader, code uint64) MemberOp {
	switch code {
	case CodeGrant:
		o := &Grant{}
		in.Fixed(o.Target[:])
		o.Role = Role(readByte(in))
		o.Adopt = readSet(in)
		if !in.Null() {
			in.Tuple(5)
			o.Join = &JoinProof{Invite: in.Link()}
			in.Fixed(o.Join.Device[:])
			in.Fixed(o.Join.Host[:])
			in.Fixed(o.Join.Nonce[:])
			in.Fixed(o.Join.Proof[:])
		}
		if !in.Null() {
			o.Succeeds = new(Key)
			in.Fixed(o.Succeeds[:])
		}
		return o
	case CodeRemove:
		o := &Remove{}
		in.Fixed(o.Target[:])
		o.Scope = Scope(readByte(in))
		o.Keep = in.Bool()
		o.Cut, o.Parts, o.Annul = readSet(in), readSet(in), readSet(in)
		return o
	case CodeLeave:
		return &Leave{}
	case CodeInvite:
		o := &Invite{}
		in.Fixed(o.ID[:])
		in.Fixed(o.Public[:])
		o.Role = Role(readByte(in))
		o.Uses, o.Until, o.Note = in.Uint(), in.Uint(), in.Text()
		return o
	case CodeRevokeInvite:
		return &RevokeInvite{Invite: in.Link()}
	case CodeCertify:
		o := &Certify{}
		in.Fixed(o.Device[:])
		in.Fixed(o.Person[:])
		o.Hosted = in.Bool()
		return o
	case CodeRevokeDevice:
		o := &RevokeDevice{}
		in.Fixed(o.Device[:])
		in.Fixed(o.Person[:])
		o.Cut, o.Parts = readSet(in), readSet(in)
		return o
	case CodeRevert:
		return &Revert{Changes: readSet(in)}
	default: // CodeCutPart
		return &CutPart{Cut: readSet(in)}
	}
}

func readByte(in *cbor.Reader) uint8 {
	n := in.Uint()
	if n > 0xff {
		in.Fail(fmt.Errorf("%w: %d where a small number is due", ErrInvalid, n))
	}
	return uint8(n)
}

// readSet reads an array of links of any length that the encoding allows.
func readSet(in *cbor.Reader) (ids []crdt.ChangeID) {
	for n := in.Array(); n > 0 && in.Err() == nil; n-- {
		ids = append(ids, in.Link())
	}
	return ids
}

func checkSet(name string, ids []crdt.ChangeID, least, most int) error {
	if n := len(ids); n < least || n > most {
		return fmt.Errorf("%w: %s of %d, not %d to %d", ErrInvalid, name, n, least, most)
	}
	for i := 1; i < len(ids); i++ {
		if bytes.Compare(ids[i-1][:], ids[i][:]) >= 0 {
			return fmt.Errorf("%w: %s that isn't sorted and unique", ErrInvalid, name)
		}
	}
	return nil
}

func (o *Grant) check() error {
	switch {
	case o.Role < RoleReader || o.Role > RoleSteward:
		return fmt.Errorf("%w: grant of %v", ErrInvalid, o.Role)
	case o.Succeeds != nil && *o.Succeeds == o.Target:
		return fmt.Errorf("%w: grant to a person who succeeds itself", ErrInvalid)
	}
	return checkSet("adopt", o.Adopt, 0, MaxAdopt)
}

func (o *Remove) check() error {
	if o.Scope > ScopeSteward {
		return fmt.Errorf("%w: remove of scope %d", ErrInvalid, o.Scope)
	}
	if o.Keep && len(o.Cut)+len(o.Parts) > 0 {
		return fmt.Errorf("%w: remove that keeps, and cuts", ErrInvalid)
	}
	if err := checkCut(o.Cut, o.Parts); err != nil {
		return err
	}
	return checkSet("annul", o.Annul, 0, MaxAnnul)
}

func checkCut(cut, parts []crdt.ChangeID) error {
	if err := checkSet("cut", cut, 0, MaxCut); err != nil {
		return err
	}
	return checkSet("parts", parts, 0, MaxParts)
}

func (*Leave) check() error { return nil }

func (o *Invite) check() error {
	switch {
	case o.Role != RoleReader && o.Role != RoleMember:
		return fmt.Errorf("%w: invitation to be %v", ErrInvalid, o.Role)
	case o.Uses > MaxUses:
		return fmt.Errorf("%w: invitation for %d", ErrInvalid, o.Uses)
	case o.Until > MaxSeconds:
		return fmt.Errorf("%w: invitation until %d s", ErrInvalid, o.Until)
	case len(o.Note) > MaxNote || !utf8.ValidString(o.Note):
		return fmt.Errorf("%w: invitation with a note of %d bytes", ErrInvalid, len(o.Note))
	}
	return nil
}

func (*RevokeInvite) check() error { return nil }

func (o *Certify) check() error {
	if o.Device == o.Person {
		return fmt.Errorf("%w: certificate of a key for itself", ErrInvalid)
	}
	return nil
}

func (o *RevokeDevice) check() error {
	if o.Device == o.Person {
		return fmt.Errorf("%w: revocation of a key by its own name", ErrInvalid)
	}
	return checkCut(o.Cut, o.Parts)
}

func (o *Revert) check() error { return checkSet("changes", o.Changes, 1, MaxReverts) }

func (o *CutPart) check() error { return checkSet("cut", o.Cut, 1, MaxCut) }

func (o *UnknownOp) check() error {
	r := cbor.NewReader(o.Raw)
	r.Array()
	code := r.Uint()
	if err := r.Err(); err != nil {
		return fmt.Errorf("%w: unknown op: %w", ErrInvalid, err)
	}
	if _, known := opFields[code]; known || code != o.Num {
		return fmt.Errorf("%w: unknown op %d that begins with %d", ErrInvalid, o.Num, code)
	}
	// It stands in an array, so it may be one less deep than a block.
	if err := cbor.Valid(append(cbor.AppendArray(nil, 1), o.Raw...)); err != nil {
		return fmt.Errorf("%w: unknown op: %w", ErrInvalid, err)
	}
	return nil
}
