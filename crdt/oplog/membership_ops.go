package oplog

import "navette/crdt"

// Bounds of the ops; beyond them a change doesn't decode.
const (
	MaxAdopt   = 64
	MaxCut     = 64
	MaxParts   = 16
	MaxAnnul   = 128
	MaxReverts = 256
	MaxUses    = 1<<16 - 1
	MaxNote    = 256 // bytes
)

// The codes of the ops.
const (
	CodeGrant        = 1
	CodeRemove       = 2
	CodeLeave        = 3
	CodeInvite       = 4
	CodeRevokeInvite = 5
	CodeCertify      = 6
	CodeRevokeDevice = 7
	CodeRevert       = 8
	CodeCutPart      = 9
)

// A MemberOp is what a change of membership does: a *Grant, *Remove, *Leave,
// *Invite, *RevokeInvite, *Certify, *RevokeDevice, *Revert, *CutPart or
// *UnknownOp. Sets of CIDs are sorted and unique; SortLinks makes them so.
type MemberOp interface {
	// Code is the op's code in its encoding.
	Code() uint64
	append(b []byte) []byte
	check() error
}

// A Grant gives a person a role.
type Grant struct {
	Target   Key
	Role     Role
	Adopt    []crdt.ChangeID // void changes that show again, at most MaxAdopt
	Join     *JoinProof      // by what invitation; nil if by none
	Succeeds *Key            // the person whose place the target takes; nil if nobody's
}

// A JoinProof shows that a joiner held an invitation, and asked the very host
// that grants. It is of no use to anyone else.
type JoinProof struct {
	Invite crdt.ChangeID
	Device Key      // the joiner's device, and peer
	Host   Key      // the device that the joiner asked: it signs the grant
	Nonce  [32]byte // the host's, for this attempt
	Proof  Signature
}

// Scope says which of the target's grants a Remove ends.
type Scope uint8

// The scopes of a Remove.
const (
	ScopeWhole   Scope = 0
	ScopeSteward Scope = 1 // a demotion: doorkeeper's and steward's grants
)

// A Remove ends a person's grants.
type Remove struct {
	Target Key
	Scope  Scope
	Keep   bool            // retired: concurrent work stands, and there is no cut
	Cut    []crdt.ChangeID // what of the person's work stands, at most MaxCut
	Parts  []crdt.ChangeID // CutParts that the cut goes on in, at most MaxParts
	Annul  []crdt.ChangeID // changes of membership to undo, at most MaxAnnul
}

// A Leave ends the grant that it cites.
type Leave struct{}

// An Invite lets whoever holds its private key ask for a role.
type Invite struct {
	ID     [16]byte // how people and joiners name it
	Public Key
	Role   Role   // RoleReader or RoleMember
	Uses   uint64 // advisory, at most MaxUses; 0 is any number
	Until  uint64 // advisory, in seconds since 1970; 0 is no end
	Note   string // for stewards, at most MaxNote bytes
}

// A RevokeInvite ends an invitation.
type RevokeInvite struct{ Invite crdt.ChangeID }

// A Certify says, signed by the person's key, that a device acts for it.
type Certify struct {
	Device, Person Key
	Hosted         bool // the device keeps the person's key as well
}

// A RevokeDevice ends what a device may do for a person.
type RevokeDevice struct {
	Device, Person Key
	Cut            []crdt.ChangeID // as in Remove
	Parts          []crdt.ChangeID
}

// A Revert makes changes void one by one, at most MaxReverts.
type Revert struct{ Changes []crdt.ChangeID }

// A CutPart is part of the cut of a removal that comes after it.
type CutPart struct{ Cut []crdt.ChangeID }

// An UnknownOp is an op of a later version: kept, and without effect.
type UnknownOp struct {
	Num uint64 // its code
	Raw []byte // its encoding, an array that begins with the code
}

// Code implements MemberOp.
func (*Grant) Code() uint64 { return CodeGrant }

// Code implements MemberOp.
func (*Remove) Code() uint64 { return CodeRemove }

// Code implements MemberOp.
func (*Leave) Code() uint64 { return CodeLeave }

// Code implements MemberOp.
func (*Invite) Code() uint64 { return CodeInvite }

// Code implements MemberOp.
func (*RevokeInvite) Code() uint64 { return CodeRevokeInvite }

// Code implements MemberOp.
func (*Certify) Code() uint64 { return CodeCertify }

// Code implements MemberOp.
func (*RevokeDevice) Code() uint64 { return CodeRevokeDevice }

// Code implements MemberOp.
func (*Revert) Code() uint64 { return CodeRevert }

// Code implements MemberOp.
func (*CutPart) Code() uint64 { return CodeCutPart }

// Code implements MemberOp.
func (o *UnknownOp) Code() uint64 { return o.Num }
