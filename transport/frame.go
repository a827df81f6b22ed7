package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// readStep is how much is allocated for a frame ahead of the bytes that have
// come: a peer that announces much and sends nothing costs this, no more.
const readStep = 32 << 10

// errLength: the length of a frame isn't written in its shortest form.
var errLength = errors.New("transport: frame length not in its shortest form")

// AppendFrame appends to b the length of frame as an unsigned varint (LEB128,
// as protobuf and multiformats write it, one to three bytes) and frame itself.
// Longer than MaxFrame is ErrFrameTooLarge.
func AppendFrame(b, frame []byte) ([]byte, error) {
	if len(frame) > MaxFrame {
		return b, fmt.Errorf("frame of %d bytes: %w", len(frame), ErrFrameTooLarge)
	}
	return append(AppendLength(b, len(frame)), frame...), nil
}

// AppendLength appends only what goes before a frame of n bytes.
func AppendLength(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

// ReadFrame reads what AppendFrame wrote, and not a byte beyond it. The caller
// owns the frame. The length is checked before anything is allocated, and
// memory follows the bytes that arrive. At the end it gives io.EOF before a
// frame and io.ErrUnexpectedEOF within one. After any error the stream is of
// no more use.
func ReadFrame(r io.Reader) ([]byte, error) {
	left, err := readLength(r)
	if err != nil {
		return nil, err
	}
	frame := make([]byte, 0, min(left, readStep))
	for left > 0 {
		have, step := len(frame), min(left, readStep)
		frame = slices.Grow(frame, step)[:have+step]
		if _, err := io.ReadFull(r, frame[have:]); err != nil {
			return nil, within(err)
		}
		left -= step
	}
	return frame, nil
}

// readLength reads byte by byte, since a byte too many would belong to the
// frame.
func readLength(r io.Reader) (int, error) {
	var head [3]byte
	for i := range head {
		if _, err := io.ReadFull(r, head[i:i+1]); err != nil {
			if i > 0 {
				err = within(err)
			}
			return 0, err
		}
		if head[i] >= 0x80 {
			continue
		}
		size, _ := binary.Uvarint(head[:i+1])
		switch {
		case i > 0 && head[i] == 0:
			return 0, errLength
		case size > MaxFrame:
			return 0, fmt.Errorf("frame of %d bytes announced: %w", size, ErrFrameTooLarge)
		}
		return int(size), nil
	}
	return 0, fmt.Errorf("frame of more than %d bytes announced: %w", 1<<(7*len(head))-1, ErrFrameTooLarge)
}

// within makes of an end within a frame what it is: unexpected.
func within(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
