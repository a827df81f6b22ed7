// Package storagetest is the suite that every storage.KV passes.
//
//	func TestKV(t *testing.T) {
//		storagetest.KV(t, func(t *testing.T) storage.KV { ... })
//	}
//
// It is used by tests only.
package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"navette/storage"
)

// KV tests the stores that open returns: a fresh one at each call, with the
// default limits and room on its disk. The suite closes them.
func KV(t *testing.T, open func(t *testing.T) storage.KV) {
	tests := []struct {
		name string
		run  func(t *testing.T, kv storage.KV)
	}{
		{"get and set", getAndSet},
		{"a transaction sees its own writes", ownWrites},
		{"a failed transaction leaves nothing", failedUpdate},
		{"a view is one state", viewIsOneState},
		{"scan", scan},
		{"scan sees writes and deletes of its transaction", scanOwnWrites},
		{"empty keys are refused", emptyKey},
		{"too many bytes", tooManyBytes},
		{"too many keys", tooManyKeys},
		{"limits hold what they say", limitsHold},
		{"values up to 64 KiB", longValues},
		{"updates run one at a time", oneAtATime},
		{"prefixes don't see each other", prefixes},
		{"closed", closed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kv := open(t)
			defer func() {
				if err := kv.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}()
			tt.run(t, kv)
		})
	}
	t.Run("like a map", func(t *testing.T) {
		kv := open(t)
		defer kv.Close()
		n := byte(0)
		rapid.Check(t, func(t *rapid.T) {
			n++ // each run in an empty part of one store: opening is slow
			likeAMap(t, storage.Prefix(kv, []byte{n / 16, n % 16}))
		})
	})
}

func set(t testing.TB, kv storage.KV, pairs ...string) {
	t.Helper()
	err := kv.Update(storage.Own, func(tx storage.Txn) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Set([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Update(set %q): %v", pairs, err)
	}
}

func get(t testing.TB, kv storage.KV, key string) (value string, found bool) {
	t.Helper()
	err := kv.View(func(r storage.Reader) error {
		v, err := r.Get([]byte(key))
		value = string(v)
		return err
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Fatalf("Get(%q): %v", key, err)
	}
	return value, err == nil
}

func want(t testing.TB, kv storage.KV, key, value string) {
	t.Helper()
	if got, found := get(t, kv, key); !found || got != value {
		t.Errorf("Get(%q) = %q, %v; want %q", key, got, found, value)
	}
}

func wantNone(t testing.TB, kv storage.KV, key string) {
	t.Helper()
	if got, found := get(t, kv, key); found {
		t.Errorf("Get(%q) = %q; want ErrNotFound", key, got)
	}
}

func getAndSet(t *testing.T, kv storage.KV) {
	wantNone(t, kv, "a")
	set(t, kv, "a", "1", "b", "")
	want(t, kv, "a", "1")
	want(t, kv, "b", "")
	set(t, kv, "a", "2")
	want(t, kv, "a", "2")
	err := kv.Update(storage.Own, func(tx storage.Txn) error {
		return errors.Join(tx.Delete([]byte("a")), tx.Delete([]byte("never there")))
	})
	if err != nil {
		t.Fatalf("Update(delete): %v", err)
	}
	wantNone(t, kv, "a")
	want(t, kv, "b", "")
	if n, err := kv.Size(); n <= 0 || err != nil {
		t.Errorf("Size() = %d, %v; want what it takes", n, err)
	}
}

func ownWrites(t *testing.T, kv storage.KV) {
	set(t, kv, "a", "1", "b", "1")
	err := kv.Update(storage.Own, func(tx storage.Txn) error {
		if err := errors.Join(tx.Set([]byte("a"), []byte("2")), tx.Delete([]byte("b"))); err != nil {
			return err
		}
		if v, err := tx.Get([]byte("a")); string(v) != "2" || err != nil {
			t.Errorf("in the transaction, Get(a) = %q, %v; want 2", v, err)
		}
		if v, err := tx.Get([]byte("b")); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("in the transaction, Get(b) = %q, %v; want ErrNotFound", v, err)
		}
		want(t, kv, "a", "1") // a reader beside it
		return nil
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	want(t, kv, "a", "2")
}

func failedUpdate(t *testing.T, kv storage.KV) {
	set(t, kv, "a", "1")
	mine := errors.New("mine")
	err := kv.Update(storage.Own, func(tx storage.Txn) error {
		return errors.Join(tx.Set([]byte("a"), []byte("2")), tx.Set([]byte("b"), nil), mine)
	})
	if !errors.Is(err, mine) {
		t.Errorf("Update = %v; want the function's error", err)
	}
	want(t, kv, "a", "1")
	wantNone(t, kv, "b")
	set(t, kv, "c", "3")
	want(t, kv, "c", "3")
}

func viewIsOneState(t *testing.T, kv storage.KV) {
	set(t, kv, "a", "1", "b", "1")
	err := kv.View(func(r storage.Reader) error {
		a, err := r.Get([]byte("a"))
		if err != nil {
			return err
		}
		set(t, kv, "a", "2", "b", "2", "c", "2")
		b, err := r.Get([]byte("b"))
		if !bytes.Equal(a, b) {
			t.Errorf("one view read a = %q, b = %q", a, b)
		}
		if _, err := r.Get([]byte("c")); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a view saw a later key: %v", err)
		}
		return err
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
}

func keys(t testing.TB, r storage.Reader, prefix, from string, limit int) (got []string) {
	t.Helper()
	var start []byte
	if from != "" {
		start = []byte(from)
	}
	err := r.Scan([]byte(prefix), start, func(k, v []byte) error {
		if string(v) != "v"+string(k) {
			t.Errorf("Scan: key %q has value %q", k, v)
		}
		got = append(got, string(k))
		if len(got) == limit {
			return storage.Stop
		}
		return nil
	})
	if err != nil {
		t.Errorf("Scan(%q, %q): %v", prefix, from, err)
	}
	return got
}

func scan(t *testing.T, kv storage.KV) {
	set(t, kv, "a", "va", "b", "vb", "b\x00", "vb\x00", "ba", "vba", "bb", "vbb", "b\xff", "vb\xff", "c", "vc")
	tests := []struct {
		prefix, from string
		limit        int
		want         []string
	}{
		{"b", "", 0, []string{"b", "b\x00", "ba", "bb", "b\xff"}},
		{"b", "ba", 0, []string{"ba", "bb", "b\xff"}},
		{"b", "a", 2, []string{"b", "b\x00"}},
		{"b", "c", 0, nil},
		{"", "", 1, []string{"a"}},
		{"", "bc", 0, []string{"b\xff", "c"}},
		{"x", "", 0, nil},
		{"b\xff", "", 0, []string{"b\xff"}},
	}
	err := kv.View(func(r storage.Reader) error {
		for _, tt := range tests {
			if got := keys(t, r, tt.prefix, tt.from, tt.limit); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("Scan(%q, %q) = %q; want %q", tt.prefix, tt.from, got, tt.want)
			}
		}
		mine := errors.New("mine")
		if err := r.Scan(nil, nil, func(_, _ []byte) error { return mine }); !errors.Is(err, mine) {
			t.Errorf("Scan = %v; want the function's error", err)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
}

func scanOwnWrites(t *testing.T, kv storage.KV) {
	set(t, kv, "k1", "vk1", "k2", "vk2")
	err := kv.Update(storage.Own, func(tx storage.Txn) error {
		if err := errors.Join(tx.Set([]byte("k3"), []byte("vk3")), tx.Delete([]byte("k1"))); err != nil {
			return err
		}
		if got := keys(t, tx, "k", "", 0); fmt.Sprint(got) != "[k2 k3]" {
			t.Errorf("in the transaction, Scan = %v; want [k2 k3]", got)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func emptyKey(t *testing.T, kv storage.KV) {
	for _, kv := range []storage.KV{kv, storage.Prefix(kv, []byte("p"))} {
		err := kv.Update(storage.Own, func(tx storage.Txn) error { return tx.Set(nil, []byte("v")) })
		if err == nil {
			t.Error("a value was stored under the empty key")
		}
	}
}

// tooBig runs an update that writes until it is refused.
func tooBig(t *testing.T, kv storage.KV, length int) (written int) {
	t.Helper()
	set(t, kv, "before", "1")
	err := kv.Update(storage.Own, func(tx storage.Txn) error {
		for {
			if err := tx.Set(fmt.Appendf(nil, "big%06d", written), make([]byte, length)); err != nil {
				return err
			}
			written++
		}
	})
	if !errors.Is(err, storage.ErrTooBig) {
		t.Errorf("Update = %v; want ErrTooBig", err)
	}
	// The error counts even if the function swallows it.
	err = kv.Update(storage.Own, func(tx storage.Txn) error {
		for i := range written + 1 {
			_ = tx.Set(fmt.Appendf(nil, "big%06d", i), make([]byte, length))
		}
		return nil
	})
	if !errors.Is(err, storage.ErrTooBig) {
		t.Errorf("Update that ignores a refused write = %v; want ErrTooBig", err)
	}
	wantNone(t, kv, "big000000")
	want(t, kv, "before", "1")
	return written
}

func tooManyBytes(t *testing.T, kv storage.KV) {
	if n := tooBig(t, kv, 32<<10) * 32 << 10; n > 1<<20 {
		t.Errorf("a transaction took %d bytes", n)
	}
}

func tooManyKeys(t *testing.T, kv storage.KV) {
	if n := tooBig(t, kv, 0); n > 10_000 {
		t.Errorf("a transaction took %d keys", n)
	}
}

func limitsHold(t *testing.T, kv storage.KV) {
	l := kv.Limits()
	for _, length := range []int{0, 60, 60_000} {
		kv := storage.Prefix(kv, []byte("sixteen bytes xx"))
		err := kv.Update(storage.Own, func(tx storage.Txn) error {
			cost := 0
			for n := 0; n < l.Keys; n++ {
				key, value := fmt.Appendf(nil, "%d-%d", length, n), make([]byte, length)
				if cost += storage.Cost(key, value); cost > l.Bytes {
					return nil
				}
				if err := tx.Set(key, value); err != nil {
					return fmt.Errorf("key %d, %d bytes: %w", n, cost, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("a transaction of values of %d bytes within %+v: %v", length, l, err)
		}
	}
}

func longValues(t *testing.T, kv storage.KV) {
	value := bytes.Repeat([]byte("navette "), 8<<10)[:64<<10-1]
	set(t, kv, "long", string(value))
	want(t, kv, "long", string(value))
}

func oneAtATime(t *testing.T, kv storage.KV) {
	const workers, times = 8, 8
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range times {
				err := kv.Update(storage.Own, func(tx storage.Txn) error {
					v, err := tx.Get([]byte("count"))
					if err != nil && !errors.Is(err, storage.ErrNotFound) {
						return err
					}
					return tx.Set([]byte("count"), append(v, 'x'))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got, _ := get(t, kv, "count"); len(got) != workers*times {
		t.Errorf("%d of %d updates counted", len(got), workers*times)
	}
}

func prefixes(t *testing.T, kv storage.KV) {
	a, b := storage.Prefix(kv, []byte("aa")), storage.Prefix(kv, []byte("ab"))
	set(t, a, "k", "vk", "l", "vl")
	set(t, b, "k", "vk")
	err := a.Update(storage.Own, func(tx storage.Txn) error { return tx.Delete([]byte("k")) })
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	wantNone(t, a, "k")
	want(t, b, "k", "vk")
	want(t, kv, "aal", "vl")
	for _, tt := range []struct {
		kv   storage.KV
		want string
	}{{a, "[l]"}, {b, "[k]"}} {
		err := tt.kv.View(func(r storage.Reader) error {
			if got := keys(t, r, "", "", 0); fmt.Sprint(got) != tt.want {
				t.Errorf("Scan under a prefix = %v; want %v", got, tt.want)
			}
			return nil
		})
		if err != nil {
			t.Fatalf("View: %v", err)
		}
	}
	if err := a.Close(); err != nil {
		t.Errorf("Close of a prefix: %v", err)
	}
	want(t, b, "k", "vk")
}

func closed(t *testing.T, kv storage.KV) {
	if err := kv.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := kv.View(func(storage.Reader) error { return nil }); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("View after Close = %v; want ErrClosed", err)
	}
	if err := kv.Update(storage.Own, func(storage.Txn) error { return nil }); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("Update after Close = %v; want ErrClosed", err)
	}
}
