package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
	return append(binary.AppendUvarint(b, uint64(len(frame))), frame...), nil
}

// FrameReader cuts a stream of bytes into the frames that AppendFrame wrote.
type FrameReader struct {
	r    io.Reader
	head [3]byte // of the length, as far as it has come
	n    int     // bytes in head
	left int     // bytes of the frame still to come, when body isn't nil
	body []byte  // of the frame, as far as it has come
}

// NewFrameReader reads frames from r, and of r nothing beyond them.
func NewFrameReader(r io.Reader) *FrameReader { return &FrameReader{r: r} }

// Next gives the next frame, which the caller then owns. The length is checked
// before anything is allocated, and memory follows the bytes that arrive. At
// the end it gives io.EOF between frames and io.ErrUnexpectedEOF within one;
// ErrFrameTooLarge and a malformed length are final. After any other error of
// the reader, such as a deadline, Next goes on where it stopped.
func (f *FrameReader) Next() ([]byte, error) {
	if f.body == nil {
		size, err := f.length()
		if err != nil {
			return nil, err
		}
		f.left, f.body = size, make([]byte, 0, min(size, readStep))
	}
	for f.left > 0 {
		step := min(f.left, readStep)
		have := len(f.body)
		f.body = append(f.body, make([]byte, step)...)
		n, err := io.ReadFull(f.r, f.body[have:])
		f.body, f.left = f.body[:have+n], f.left-n
		if n < step {
			return nil, within(err)
		}
	}
	body := f.body
	f.n, f.body = 0, nil
	return body, nil
}

// length reads byte by byte: a byte too many would belong to the frame, and
// the streams this reads from are buffered below.
func (f *FrameReader) length() (int, error) {
	for {
		if f.n > 0 && f.head[f.n-1] < 0x80 {
			size, _ := binary.Uvarint(f.head[:f.n])
			switch {
			case f.n > 1 && f.head[f.n-1] == 0:
				return 0, errLength
			case size > MaxFrame:
				return 0, fmt.Errorf("frame of %d bytes announced: %w", size, ErrFrameTooLarge)
			}
			return int(size), nil
		}
		if f.n == len(f.head) {
			return 0, fmt.Errorf("frame of more than %d bytes announced: %w", 1<<(7*f.n)-1, ErrFrameTooLarge)
		}
		n, err := io.ReadFull(f.r, f.head[f.n:f.n+1])
		f.n += n
		if n == 0 {
			if f.n > 0 {
				err = within(err)
			}
			return 0, err
		}
	}
}

// within makes of an end within a frame what it is: unexpected.
func within(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
