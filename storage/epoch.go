package storage

import (
	"encoding/binary"
	"fmt"
	"io"
)

// An Epoch is the time between two openings of a store. What a client
// remembers of the feed is (epoch, position).
type Epoch struct {
	ID    uint64 // random
	Start uint64 // the end of the feed when it began
}

// Epoch returns the present one's ID.
func (l *Log) Epoch() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epochs[len(l.epochs)-1].ID
}

// Honours tells whether a reader that was at position pos in epoch id can go
// on from there: the epoch is known, and pos is no further than it got.
// Otherwise the store was rolled back, or is another, and the reader has to
// begin anew.
func (l *Log) Honours(id, pos uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := l.pos
	for i := len(l.epochs) - 1; i >= 0; i-- {
		if l.epochs[i].ID == id {
			return pos <= end
		}
		end = l.epochs[i].Start
	}
	return false
}

func readEpochs(r Reader) (epochs []Epoch, err error) {
	err = r.Scan([]byte{tagEpoch}, nil, func(_, value []byte) error {
		d := decoder{b: value, what: "an epoch"}
		var id, start [8]byte
		d.fixed(id[:])
		d.fixed(start[:])
		epochs = append(epochs, Epoch{binary.BigEndian.Uint64(id[:]), binary.BigEndian.Uint64(start[:])})
		return d.end()
	})
	return epochs, err
}

// beginEpoch draws a new epoch and stores it.
func (l *Log) beginEpoch() error {
	var id [8]byte
	if _, err := io.ReadFull(l.o.Rand, id[:]); err != nil {
		return fmt.Errorf("storage: drawing an epoch: %w", err)
	}
	e := Epoch{ID: binary.BigEndian.Uint64(id[:]), Start: l.pos}
	err := l.kv.Update(Membership, func(t Txn) error {
		return t.Set(epochKey(uint32(len(l.epochs))), binary.BigEndian.AppendUint64(id[:], e.Start))
	})
	if err != nil {
		return fmt.Errorf("storage: beginning an epoch: %w", err)
	}
	l.epochs = append(l.epochs, e)
	return nil
}
