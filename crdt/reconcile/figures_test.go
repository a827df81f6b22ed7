package reconcile_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"navette/crdt"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
)

// tipped is a Source of tips alone: what is said is counted, nothing is sent.
type tipped struct {
	logs map[crdt.LogID]reconcile.Item
	tips map[crdt.ChangeID]bool
}

var errNothing = errors.New("there is nothing behind a synthetic tip")

func (s *tipped) Members() *reconcile.Set { return reconcile.NewSet(nil) }
func (s *tipped) Tips() *reconcile.Set {
	var items []reconcile.Item
	for _, it := range s.logs {
		items = append(items, it)
	}
	return reconcile.NewSet(items)
}
func (s *tipped) Member(crdt.ChangeID) ([]byte, oplog.Signature, bool) {
	return nil, oplog.Signature{}, false
}
func (s *tipped) Link(id crdt.ChangeID) (oplog.Link, bool) { return oplog.Link{ID: id}, s.tips[id] }
func (s *tipped) PrevLogs(crdt.ChangeID) []oplog.Link      { return nil }
func (s *tipped) Saw(later, earlier crdt.ChangeID) bool    { return later == earlier }
func (s *tipped) Back(crdt.ChangeID) []crdt.ChangeID       { return nil }
func (s *tipped) Peek(crdt.ChangeID, []crdt.ChangeID) (oplog.Link, bool) {
	return oplog.Link{}, false
}
func (s *tipped) Open(crdt.ChangeID, []crdt.ChangeID) (reconcile.Branch, error) {
	return nil, errNothing
}

// tip is the n-th change of a log, of which both sides know the name.
func tip(log int, birth, seq uint64) reconcile.Item {
	it := reconcile.Item{Order: birth, Seq: seq}
	h := sha256.Sum256(fmt.Append(nil, "log", log))
	copy(it.Log[:], h[:])
	it.ID = sha256.Sum256(binary.BigEndian.AppendUint64(h[:], seq))
	return it
}

// TestFigures prints what it costs to find out what is missing, of a million
// changes in 2 000 logs. A week has one process start a place or so: the
// newest logs are those that grow.
func TestFigures(t *testing.T) {
	const logs, each = 2000, 500
	for _, tt := range []struct {
		missing, logs int // changes, and logs that they are in
		bytes         int // what is allowed, both ways
	}{
		{0, 0, 128}, {1, 1, 1100}, {1000, 20, 6_000}, {100_000, 200, 45_000},
	} {
		t.Run(fmt.Sprint(tt.missing), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			a := &tipped{map[crdt.LogID]reconcile.Item{}, map[crdt.ChangeID]bool{}}
			b := &tipped{map[crdt.LogID]reconcile.Item{}, map[crdt.ChangeID]bool{}}
			birth := uint64(28_000_000)
			for i := range logs {
				birth += uint64(r.IntN(1000))
				full := tip(i, birth, each)
				less := full
				if i >= logs-tt.logs {
					less = tip(i, birth, each-uint64(tt.missing/tt.logs))
				}
				a.logs[full.Log], a.tips[full.ID], a.tips[less.ID] = full, true, true
				if less.Seq > 0 {
					b.logs[less.Log], b.tips[less.ID] = less, true
				}
			}
			o := reconcile.Options{Commons: commons, Nonce: reconcile.Nonce{1}, Source: a, Initiator: true}
			x := reconcile.New(o)
			o.Nonce, o.Source, o.Initiator = reconcile.Nonce{2}, b, false
			y := reconcile.New(o)
			bytes, flights, wanted := chat(t, x, y)
			if wanted != tt.logs {
				t.Errorf("%d tips are asked for, want %d", wanted, tt.logs)
			}
			t.Logf("%d missing in %d logs: %d bytes both ways, %d messages", tt.missing, tt.logs, bytes, flights)
			if bytes > tt.bytes {
				t.Errorf("%d bytes, at most %d are allowed", bytes, tt.bytes)
			}
		})
	}
}

// chat lets two sessions talk until both are silent: how many bytes, how many
// times one of them spoke, and how many tips were found lacking.
func chat(t *testing.T, x, y *reconcile.Session) (bytes, flights, wanted int) {
	t.Helper()
	for sides, quiet := [2]*reconcile.Session{x, y}, 0; quiet < 2; sides[0], sides[1] = sides[1], sides[0] {
		var flight [][]byte
		for f := sides[0].Next(); f != nil; f = sides[0].Next() {
			flight = append(flight, f)
			bytes += len(f)
		}
		if quiet++; len(flight) > 0 {
			flights, quiet = flights+1, 0
		}
		for _, f := range flight {
			events, err := sides[1].Receive(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if l, ok := e.(*reconcile.Lacking); ok {
					wanted += len(l.Items)
					for _, it := range l.Items {
						sides[1].WantTip(it.ID)
					}
				}
			}
		}
	}
	return bytes, flights, wanted
}
