// Package files is what two nodes say to each other about attachments: a few
// frames, by which one asks the other for the blocks of a file. PROTOCOL.md has
// each of them.
//
// It encodes and decodes. Who asks whom for what, and when, is the node's
// affair; what a block has to be is storage/blob's.
package files

import (
	"errors"
	"fmt"

	"navette/crdt/cbor"
)

// ErrProtocol is a frame that PROTOCOL.md doesn't allow where it came.
var ErrProtocol = errors.New("files: not a frame that may stand there")

// The bounds of the protocol.
const (
	Version  = 1
	MaxFrame = 256 << 10
	MaxAsked = 4       // questions that wait for an answer
	MaxNodes = 4 << 20 // bytes of all nodes of a file
	MaxLeaf  = 1 << 20
)

const (
	typeHello = 0
	typeAsk   = 1
	typeData  = 2
	typeNone  = 3
)

// most is how many bytes of an answer a frame takes: the rest is for what
// stands around them.
const most = MaxFrame - 64

// Nodes is the number of an Ask for the nodes of a file.
const Nodes = -1

// Hello returns the dialler's first frame.
func Hello(commons [32]byte) []byte {
	b := cbor.AppendUint(cbor.AppendArray(nil, 4), typeHello)
	b = cbor.AppendUint(cbor.AppendUint(b, Version), Version)
	return cbor.AppendBytes(b, commons[:16])
}

// ReadHello returns the first half of the commons' id. The error is ErrProtocol,
// also where there is no version in common.
func ReadHello(frame []byte) (commons [16]byte, err error) {
	r := cbor.NewReader(frame)
	r.Tuple(4)
	kind, least, greatest := r.Uint(), r.Uint(), r.Uint()
	r.Fixed(commons[:])
	if err := r.End(); err != nil || kind != typeHello || least > Version || greatest < Version {
		return commons, fmt.Errorf("%w: hello", ErrProtocol)
	}
	return commons, nil
}

// An Ask is a question for a leaf of a file, or for its Nodes.
type Ask struct {
	File [36]byte
	Leaf int // or Nodes
}

// Encode returns the frame.
func (a Ask) Encode() []byte {
	b := cbor.AppendUint(cbor.AppendArray(nil, 3), typeAsk)
	b = cbor.AppendBytes(b, a.File[:])
	if a.Leaf == Nodes {
		return cbor.AppendNull(b)
	}
	return cbor.AppendUint(b, uint64(a.Leaf))
}

// ReadAsk reads a question. The error is ErrProtocol.
func ReadAsk(frame []byte) (a Ask, err error) {
	r := cbor.NewReader(frame)
	r.Tuple(3)
	kind := r.Uint()
	r.Fixed(a.File[:])
	a.Leaf = Nodes
	if r.Kind() != cbor.KindNull {
		n := r.Uint()
		if n > 1<<20 {
			r.Fail(fmt.Errorf("leaf %d", n))
		}
		a.Leaf = int(n)
	} else {
		r.Null()
	}
	if err := r.End(); err != nil || kind != typeAsk {
		return Ask{}, fmt.Errorf("%w: a question", ErrProtocol)
	}
	return a, nil
}

// None returns the frame that says that something isn't here.
func None() []byte { return cbor.AppendUint(cbor.AppendArray(nil, 1), typeNone) }

// Data returns the frames of an answer.
func Data(answer []byte) (frames [][]byte) {
	for first := true; first || len(answer) > 0; first = false {
		piece := answer[:min(most, len(answer))]
		answer = answer[len(piece):]
		b := cbor.AppendUint(cbor.AppendArray(nil, 3), typeData)
		b = cbor.AppendUint(b, uint64(len(answer)))
		frames = append(frames, cbor.AppendBytes(b, piece))
	}
	return frames
}

// An Answer is put together of frames. Its zero value is one of which nothing
// has come.
type Answer struct {
	Most int // bytes that it may have: MaxLeaf or MaxNodes
	Data []byte
	None bool // it isn't there

	begun bool
	rest  uint64
}

// Add takes the next frame, and tells whether it was the last. The error is
// ErrProtocol.
func (a *Answer) Add(frame []byte) (done bool, err error) {
	r := cbor.NewReader(frame)
	items := r.Array()
	switch kind := r.Uint(); {
	case r.Err() == nil && kind == typeNone && items == 1 && !a.begun:
		a.None = true
		return true, r.End()
	case kind != typeData || items != 3:
		r.Fail(ErrProtocol)
	}
	rest := r.Uint()
	piece := r.Bytes()
	if err := r.End(); err != nil {
		return false, fmt.Errorf("%w: an answer", ErrProtocol)
	}
	all := uint64(len(a.Data)) + uint64(len(piece)) + rest
	if rest > uint64(a.Most) || all > uint64(a.Most) || a.begun && uint64(len(piece))+rest != a.rest || len(piece) == 0 && (rest > 0 || a.begun) {
		return false, fmt.Errorf("%w: an answer of %d bytes", ErrProtocol, all)
	}
	a.Data = append(a.Data, piece...)
	a.begun, a.rest = true, rest
	return rest == 0, nil
}
