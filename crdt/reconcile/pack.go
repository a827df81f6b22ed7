package reconcile

import (
	"fmt"

	"github.com/klauspost/compress/zstd"

	"navette/crdt/cbor"
)

// Bounds of what travels packed.
const (
	// MaxBatch is the greatest size of a batch, unpacked, in bytes. It is
	// declared, and checked before anything is unpacked.
	MaxBatch = 1 << 20
	// MaxChanges is how many changes a batch may carry.
	MaxChanges = 512
	// MaxCredit is how many bytes of packed data either side may have on the
	// way: what a transport's stream window holds, so that two peers that both
	// send can't block each other.
	MaxCredit = 256 << 10

	goodBatch = 256 << 10 // bytes after which a batch takes no further run
	partSize  = 64 << 10  // bytes of a packed batch in one frame
	worthIt   = 512       // bytes below which nothing is compressed
)

// packer and unpacker work on the calling goroutine, one caller at a time. They
// are made when the program starts, since the channels in them must not belong
// to whichever testing/synctest bubble comes first.
var (
	packer   = newPacker()
	unpacker = newUnpacker()
)

func newPacker() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(MaxBatch),
		zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		panic("reconcile: internal error: " + err.Error())
	}
	e.EncodeAll(nil, nil)
	return e
}

func newUnpacker() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(MaxBatch),
		zstd.WithDecoderMaxMemory(MaxBatch), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic("reconcile: internal error: " + err.Error())
	}
	return d
}

// pack cuts a batch into frames: [type, size, rest, data], where size is that
// of the unpacked batch, or 0 if it isn't compressed, and rest how many bytes
// of data the frames after this one have.
// A frame takes a quarter of the credit at most, so that data flows on while
// some of it is on the way back.
func pack(typ uint64, batch []byte, credit int) (frames [][]byte) {
	data, size := batch, 0
	if len(batch) >= worthIt {
		if z := packer.EncodeAll(batch, nil); len(z) < len(batch) {
			data, size = z, len(batch)
		}
	}
	for len(data) > 0 {
		n := min(len(data), partSize, credit/4)
		b := head(typ, 3)
		b = cbor.AppendUint(b, uint64(size))
		b = cbor.AppendUint(b, uint64(len(data)-n))
		frames = append(frames, cbor.AppendBytes(b, data[:n]))
		data = data[n:]
	}
	return frames
}

// A parcel is a batch of which not all frames have come.
type parcel struct {
	size, rest uint64
	data       []byte
}

// add reads the items of a frame after its type. It returns the unpacked batch
// with the frame that completes it, nil before.
func (p *parcel) add(r *cbor.Reader) ([]byte, error) {
	size, rest, data := r.Uint(), r.Uint(), r.Bytes()
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: data: %w", ErrProtocol, err)
	}
	if len(p.data) == 0 {
		if size > MaxBatch || len(data) == 0 || rest > MaxBatch-uint64(len(data)) {
			return nil, fmt.Errorf("%w: a batch of %d bytes in %d", ErrProtocol, size, rest+uint64(len(data)))
		}
		p.size = size
	} else if size != p.size || len(data) == 0 || uint64(len(data)) > p.rest || rest != p.rest-uint64(len(data)) {
		return nil, fmt.Errorf("%w: a frame of another batch", ErrProtocol)
	}
	p.rest = rest
	if rest > 0 || len(p.data) > 0 {
		p.data = append(p.data, data...)
		data = p.data
	}
	if rest > 0 {
		return nil, nil
	}
	*p = parcel{}
	if size == 0 {
		return data, nil
	}
	return unpack(data, size)
}

// unpack checks what the data says of itself before it takes the memory.
func unpack(data []byte, size uint64) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(data); err != nil {
		return nil, fmt.Errorf("%w: compressed data: %w", ErrProtocol, err)
	}
	if h.Skippable || !h.HasFCS || h.FrameContentSize != size || h.WindowSize > MaxBatch || h.DictionaryID != 0 {
		return nil, fmt.Errorf("%w: compressed data of %d bytes, declared as %d", ErrProtocol, h.FrameContentSize, size)
	}
	batch, err := unpacker.DecodeAll(data, make([]byte, 0, size))
	if err != nil {
		return nil, fmt.Errorf("%w: compressed data: %w", ErrProtocol, err)
	}
	if uint64(len(batch)) != size {
		return nil, fmt.Errorf("%w: %d bytes of data declared as %d", ErrProtocol, len(batch), size)
	}
	return batch, nil
}
