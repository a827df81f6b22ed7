package transport_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"navette/transport"

	"pgregory.net/rapid"
)

func TestFramesRoundTrip(t *testing.T) {
	readers := map[string]func(io.Reader) io.Reader{
		"whole":         func(r io.Reader) io.Reader { return r },
		"byte by byte":  iotest.OneByteReader,
		"halves":        iotest.HalfReader,
		"end with data": iotest.DataErrReader,
	}
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 300), rapid.SampledFrom([]int{
			0, 1, 127, 128, 16383, 16384, 32 << 10, 32<<10 + 1, transport.MaxFrame})), 0, 4).Draw(t, "sizes")
		var stream []byte
		var frames [][]byte
		for i, size := range sizes {
			frame := bytes.Repeat([]byte{byte(i + 1)}, size)
			var err error
			if stream, err = transport.AppendFrame(stream, frame); err != nil {
				t.Fatal(err)
			}
			frames = append(frames, frame)
		}
		name := rapid.SampledFrom([]string{"whole", "byte by byte", "halves", "end with data"}).Draw(t, "reader")
		r := readers[name](bytes.NewReader(stream))
		for i, want := range frames {
			if got, err := transport.ReadFrame(r); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("frame %d: got %d bytes, %v, want %d bytes", i, len(got), err, len(want))
			}
		}
		if b, err := transport.ReadFrame(r); err != io.EOF {
			t.Fatalf("at the end: got %d bytes, %v, want io.EOF", len(b), err)
		}
	})
}

func TestFrameTooLargeToSend(t *testing.T) {
	before := []byte("before")
	b, err := transport.AppendFrame(before, make([]byte, transport.MaxFrame+1))
	if !errors.Is(err, transport.ErrFrameTooLarge) || !bytes.Equal(b, before) {
		t.Errorf("got %d bytes, %v, want the %d bytes from before and ErrFrameTooLarge", len(b), err, len(before))
	}
}

func TestReadFrameRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream []byte
		want   error
	}{
		{"one byte too long", binary.AppendUvarint(nil, transport.MaxFrame+1), transport.ErrFrameTooLarge},
		{"a gigabyte announced", binary.AppendUvarint(nil, 1<<30), transport.ErrFrameTooLarge},
		{"an endless length", bytes.Repeat([]byte{0xff}, 100), transport.ErrFrameTooLarge},
		{"cut within the length", []byte{0x80}, io.ErrUnexpectedEOF},
		{"cut after the length", []byte{5}, io.ErrUnexpectedEOF},
		{"cut within the frame", []byte{5, 1, 2}, io.ErrUnexpectedEOF},
	} {
		if b, err := transport.ReadFrame(bytes.NewReader(c.stream)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %d bytes, %v, want %v", c.name, len(b), err, c.want)
		}
	}
	if b, err := transport.ReadFrame(bytes.NewReader([]byte{0x85, 0x00, 1, 2, 3, 4, 5})); err == nil {
		t.Errorf("length in two bytes where one does: got %d bytes, want an error", len(b))
	}
}

// A peer that announces the longest frame and sends little of it must not cost
// the memory of the frame.
func TestReadFrameAllocatesWhatArrives(t *testing.T) {
	stream := append(binary.AppendUvarint(nil, transport.MaxFrame), make([]byte, 100)...)
	var before, after runtime.MemStats
	const times = 64
	runtime.ReadMemStats(&before)
	for range times {
		transport.ReadFrame(bytes.NewReader(stream))
	}
	runtime.ReadMemStats(&after)
	if got, limit := (after.TotalAlloc-before.TotalAlloc)/times, uint64(40<<10); got > limit {
		t.Errorf("an announced frame allocates %d bytes, want at most %d", got, limit)
	}
}

func FuzzFrameReader(f *testing.F) {
	ok, err := transport.AppendFrame(nil, []byte("hello"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ok)
	f.Add(append(ok, 0, 1, 7))
	f.Add([]byte{0x85, 0x00})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add(binary.AppendUvarint(nil, transport.MaxFrame))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bytes.NewReader(stream)
		var again []byte
		for {
			frame, err := transport.ReadFrame(r)
			if err != nil {
				break
			}
			if again, err = transport.AppendFrame(again, frame); err != nil {
				t.Fatalf("a frame that was read can't be written: %v", err)
			}
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatalf("read % x, which isn't how % x begins", again, stream)
		}
	})
}
