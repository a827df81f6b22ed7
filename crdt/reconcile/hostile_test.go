package reconcile_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/klauspost/compress/zstd"

	"navette/crdt/cbor"
	"navette/crdt/oplog"
	"navette/crdt/reconcile"
)

// greeted returns a session that has exchanged hellos with a peer which has
// the summaries given, of a few logs and members.
func greeted(t testing.TB, tweak func(*reconcile.Hello)) (*reconcile.Session, *store, error) {
	t.Helper()
	s := newStore()
	for i := range 3 {
		w, _ := newWriter(t, s, byte(i), uint32(i))
		w.write(t, s, 3)
		s.member(uint64(i), uint64(i))
	}
	r := reconcile.New(reconcile.Options{Commons: commons, Nonce: reconcile.Nonce{1}, Source: s})
	r.Next()
	h := reconcile.Hello{Min: 1, Max: 1, Commons: [16]byte(commons[:16]), Nonce: reconcile.Nonce{9}}
	if tweak != nil {
		tweak(&h)
	}
	_, err := r.Receive(hello(h))
	return r, s, err
}

// hello is written here once more, so that the test doesn't ask the code what
// the protocol is.
func hello(h reconcile.Hello) []byte {
	b := cbor.AppendUint(cbor.AppendArray(nil, 10), 0)
	b = cbor.AppendUint(cbor.AppendUint(cbor.AppendUint(b, h.Min), h.Max), h.Features)
	b = cbor.AppendBytes(cbor.AppendBytes(b, h.Commons[:]), h.Nonce[:])
	b = cbor.AppendUint(cbor.AppendUint(b, h.Members.Count), h.Members.Sum)
	return cbor.AppendUint(cbor.AppendUint(b, h.Tips.Count), h.Tips.Sum)
}

func frame(typ uint64, parts ...[]byte) []byte {
	return append(cbor.AppendUint(cbor.AppendArray(nil, 1+len(parts)), typ), bytes.Join(parts, nil)...)
}

func num(n uint64) []byte  { return cbor.AppendUint(nil, n) }
func data(b []byte) []byte { return cbor.AppendBytes(nil, b) }
func list(n int, b ...[]byte) []byte {
	return append(cbor.AppendArray(nil, n), bytes.Join(b, nil)...)
}

func TestGreetings(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tweak func(*reconcile.Hello)
		want  error
	}{
		{"good", nil, nil},
		{"newer too", func(h *reconcile.Hello) { h.Max = 7; h.Features = 1 << 40 }, nil},
		{"only newer", func(h *reconcile.Hello) { h.Min, h.Max = 2, 3 }, reconcile.ErrVersion},
		{"none", func(h *reconcile.Hello) { h.Min, h.Max = 1, 0 }, reconcile.ErrVersion},
		{"another commons", func(h *reconcile.Hello) { h.Commons[0] ^= 1 }, reconcile.ErrCommons},
		{"our own words", func(h *reconcile.Hello) { h.Nonce = reconcile.Nonce{1} }, reconcile.ErrProtocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := greeted(t, tt.tweak); !errors.Is(err, tt.want) {
				t.Errorf("hello: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestRefusedFrames(t *testing.T) {
	bomb, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	big := bomb.EncodeAll(make([]byte, 8<<20), nil)
	small := bomb.EncodeAll(make([]byte, 1000), nil)
	split := func(last []byte) []byte { return list(6, num(9), data(nil), num(1), num(1), num(1), last) }
	for _, tt := range []struct {
		name  string
		frame []byte
		want  error
	}{
		{"nothing", nil, reconcile.ErrProtocol},
		{"not an array", num(1), reconcile.ErrProtocol},
		{"too long", make([]byte, reconcile.MaxFrame+1), reconcile.ErrProtocol},
		{"unknown, with a float", []byte{0x82, 0x18, 0x40, 0xfb, 0, 0, 0, 0, 0, 0, 0, 0}, reconcile.ErrProtocol},
		{"a second hello", hello(reconcile.Hello{}), reconcile.ErrProtocol},
		{"an answer nobody asked for", frame(1, num(0), cbor.AppendNull(nil)), reconcile.ErrProtocol},
		{"a third set", frame(2, num(2), num(0), num(0)), reconcile.ErrProtocol},
		{"a want for what wasn't told", frame(3, num(1), data(make([]byte, 8))), reconcile.ErrProtocol},
		{"a want of another length", frame(3, num(1), data(make([]byte, 9))), reconcile.ErrProtocol},
		{"an empty batch", frame(4, num(0), num(0), data(nil)), reconcile.ErrProtocol},
		{"a bomb that says so", frame(4, num(8<<20), num(0), data(big)), reconcile.ErrProtocol},
		{"a bomb that lies", frame(4, num(1000), num(0), data(big)), reconcile.ErrProtocol},
		{"less than it says", frame(4, num(999), num(0), data(small)), reconcile.ErrProtocol},
		{"no zstd", frame(4, num(10), num(0), data([]byte("0123456789"))), reconcile.ErrProtocol},
		{"more to come than there may be", frame(4, num(0), num(1<<20), data([]byte{1})), reconcile.ErrProtocol},
		{"no runs", frame(4, num(0), num(0), data([]byte{1, 2, 3})), reconcile.ErrProtocol},
		{"a run that isn't one", frame(4, num(0), num(0), data(list(1, data([]byte{9})))), oplog.ErrInvalid},
		{"half a member", frame(5, num(0), num(0), data(list(1, data([]byte{9})))), reconcile.ErrProtocol},
		{"credit nobody took", frame(6, num(1), data(nil), data(nil)), reconcile.ErrProtocol},
		{"hashes of another length", frame(6, num(0), data([]byte{1}), data(nil)), reconcile.ErrProtocol},
		{"refused, of another length", frame(7, num(0), data([]byte{1})), reconcile.ErrProtocol},
		{"a fork without a tip", frame(8, data(nil), data(nil)), reconcile.ErrProtocol},
		{"bye", frame(9, num(1)), reconcile.ErrBye},
		{"a split at nothing's end", frame(1, num(1), split(num(0))), reconcile.ErrProtocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _, err := greeted(t, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Receive(tt.frame); !errors.Is(err, tt.want) {
				t.Errorf("Receive: %v, want %v", err, tt.want)
			}
			if _, err := s.Receive(frame(99)); !errors.Is(err, reconcile.ErrProtocol) {
				t.Errorf("Receive after the end: %v, want %v", err, reconcile.ErrProtocol)
			}
			if f := s.Next(); f != nil {
				t.Errorf("says %x after the end", f)
			}
		})
	}
}

func TestUnknownFramesAreSkipped(t *testing.T) {
	s, _, err := greeted(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Receive(frame(77, list(2, num(1), data([]byte("what?"))), cbor.AppendNull(nil))); err != nil {
		t.Errorf("an unknown frame ends the session: %v", err)
	}
}

// TestCreditIsKept sends data until credit is used up, and one frame more.
func TestCreditIsKept(t *testing.T) {
	s, _, err := greeted(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	block := cbor.AppendBytes(nil, make([]byte, 60<<10))
	f := frame(5, num(0), num(0), data(list(2, data(block), data(make([]byte, 64)))))
	for left := reconcile.MaxCredit; left >= len(f); left -= len(f) {
		if _, err := s.Receive(f); err != nil {
			t.Fatalf("with %d bytes of credit left: %v", left, err)
		}
	}
	if _, err := s.Receive(f); !errors.Is(err, reconcile.ErrProtocol) {
		t.Errorf("beyond the credit: %v, want %v", err, reconcile.ErrProtocol)
	}
}

// TestWhoDoesNotListenIsLeft asks and asks, and takes no answer.
func TestWhoDoesNotListenIsLeft(t *testing.T) {
	s, _, err := greeted(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []byte
	for i := range 1000 {
		ids = append(ids, list(1, data(append(make([]byte, 30), byte(i>>8), byte(i))))...)
	}
	want := append(cbor.AppendUint(cbor.AppendUint(cbor.AppendArray(nil, 1002), 3), 1), ids...)
	for range 1000 {
		if _, err = s.Receive(want); err != nil {
			break
		}
	}
	if !errors.Is(err, reconcile.ErrProtocol) {
		t.Errorf("a million wants for what isn't there: %v, want %v", err, reconcile.ErrProtocol)
	}
}

// TestVainWantsEnd asks for what isn't there, and listens.
func TestVainWantsEnd(t *testing.T) {
	s, _, err := greeted(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	const most, each = 1 << 16, 1 << 10
	for i := range most/each + 1 {
		want := num(0)
		for k := range each {
			want = append(want, data(append(make([]byte, 28), byte(i>>8), byte(i), byte(k>>8), byte(k)))...)
		}
		_, err = s.Receive(append(cbor.AppendUint(cbor.AppendArray(nil, 2+each), 3), want...))
		if bad := errors.Is(err, reconcile.ErrProtocol); bad != (i == most/each) {
			t.Fatalf("after %d wants: %v", (i+1)*each, err)
		}
		drain(t, s)
	}
}

// FuzzDecodeFrame gives a session any frame as its second.
func FuzzDecodeFrame(f *testing.F) {
	for _, t := range transcript(f) {
		f.Add(t.frame)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, _, err := greeted(t, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = s.Receive(b)
		drain(t, s)
		if h, err := reconcile.ReadHello(b); err == nil && len(b) < 64 {
			if _, err := reconcile.ReadHello(hello(h)); err != nil {
				t.Errorf("hello %x: %v after it was written again", b, err)
			}
		}
	})
}

// FuzzSyncSession is a peer that sends what it likes: the input is cut into
// frames by its own bytes.
func FuzzSyncSession(f *testing.F) {
	for _, from := range []int{0, 1} {
		var all []byte
		for _, t := range transcript(f) {
			if t.from == from {
				all = append(append(all, byte(len(t.frame)>>8), byte(len(t.frame))), t.frame...)
			}
		}
		f.Add(all, from == 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, initiator bool) {
		st := newStore()
		w, _ := newWriter(t, st, 1, 1)
		w.write(t, st, 20)
		st.member(1, 1)
		s := reconcile.New(reconcile.Options{
			Commons: commons, Nonce: reconcile.Nonce{3}, Source: st, Initiator: initiator, MaxLacks: 100,
		})
		side := &side{store: st, Session: s}
		for len(b) > 2 {
			n := min(int(b[0])<<8|int(b[1]), len(b)-2)
			events, err := s.Receive(b[2 : 2+n])
			if err != nil {
				return
			}
			for _, e := range events {
				if l, ok := e.(*reconcile.Lacking); ok && len(s.Lacking(l.Tips)) > 100 {
					t.Fatalf("%d items are kept in mind", len(s.Lacking(l.Tips)))
				}
			}
			drain(t, side.Session)
			b = b[2+n:]
		}
	})
}

func drain(t testing.TB, s *reconcile.Session) {
	t.Helper()
	for n := 0; ; n++ {
		f := s.Next()
		if f == nil {
			return
		}
		if len(f) > reconcile.MaxFrame || n > 10_000 {
			t.Fatalf("frame %d has %d bytes", n, len(f))
		}
	}
}
