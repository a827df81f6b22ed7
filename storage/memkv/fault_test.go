package memkv_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"navette/storage"
	"navette/storage/memkv"
)

func put(kv storage.KV, key, value string) error {
	return kv.Update(storage.Own, func(t storage.Txn) error { return t.Set([]byte(key), []byte(value)) })
}

// contents are the keys and values in order.
func contents(t *testing.T, kv storage.KV) string {
	t.Helper()
	var s []string
	err := kv.View(func(r storage.Reader) error {
		return r.Scan(nil, nil, func(k, v []byte) error {
			s = append(s, string(k)+"="+string(v))
			return nil
		})
	})
	if err != nil {
		t.Fatalf("Scan: %v", err)
	}
	return fmt.Sprint(s)
}

func filled(t *testing.T, n int) *memkv.DB {
	t.Helper()
	kv := memkv.New(memkv.Options{History: 3})
	for i := range n {
		if err := put(kv, fmt.Sprint("k", i), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	return kv
}

func TestCutPower(t *testing.T) {
	for _, tt := range []struct {
		cut, taken int
		want       string
	}{
		{0, 0, "[k0=0 k1=1 k2=2 k3=3]"},
		{1, 1, "[k0=0 k1=1 k2=2]"},
		{3, 3, "[k0=0]"},
		{9, 3, "[k0=0]"}, // no further than the history
	} {
		kv := filled(t, 4)
		kv.Fail(func(memkv.Op) error { return memkv.ErrInjected })
		if err := kv.Close(); err != nil {
			t.Fatal(err)
		}
		if got := kv.CutPower(tt.cut); got != tt.taken {
			t.Errorf("CutPower(%d) = %d; want %d", tt.cut, got, tt.taken)
		}
		if got := contents(t, kv); got != tt.want {
			t.Errorf("after CutPower(%d): %s; want %s", tt.cut, got, tt.want)
		}
		if err := put(kv, "after", "1"); err != nil {
			t.Errorf("Update after CutPower(%d): %v", tt.cut, err)
		}
	}
}

func TestClone(t *testing.T) {
	kv := filled(t, 2)
	twin := kv.Clone()
	if err := errors.Join(put(kv, "k1", "here"), put(twin, "k2", "there")); err != nil {
		t.Fatal(err)
	}
	if a, b := contents(t, kv), contents(t, twin); a != "[k0=0 k1=here]" || b != "[k0=0 k1=1 k2=there]" {
		t.Errorf("a store and its clone hold %s and %s", a, b)
	}
}

func TestFail(t *testing.T) {
	for _, tt := range []struct {
		name   string
		kind   memkv.Kind
		broken bool
	}{
		{"the second write", memkv.Write, false},
		{"the second commit", memkv.Commit, false},
		{"the second sync", memkv.Synced, true},
	} {
		kv := memkv.New(memkv.Options{})
		var asked []int
		kv.Fail(func(op memkv.Op) error {
			if op.Kind != tt.kind {
				return nil
			}
			if asked = append(asked, op.N); op.N == 1 {
				return memkv.ErrInjected
			}
			return nil
		})
		if err := put(kv, "a", "1"); err != nil {
			t.Errorf("%s: the first update: %v", tt.name, err)
		}
		err := put(kv, "b", "2")
		if !errors.Is(err, memkv.ErrInjected) || errors.Is(err, storage.ErrBroken) != tt.broken {
			t.Errorf("%s: the second update: %v; broken: %v", tt.name, err, tt.broken)
		}
		err = put(kv, "c", "3")
		want := "[a=1 c=3]"
		if tt.broken {
			want = "[a=1 b=2]"
		}
		if errors.Is(err, storage.ErrBroken) != tt.broken || contents(t, kv) != want {
			t.Errorf("%s: the third update: %v, %s; want %s", tt.name, err, contents(t, kv), want)
		}
		if !slices.IsSorted(asked) || len(asked) < 2 {
			t.Errorf("%s: the rule was asked about %v", tt.name, asked)
		}
	}
}

func TestSetFree(t *testing.T) {
	kv := memkv.New(memkv.Options{Floors: storage.Floors{Own: 1000}})
	kv.SetFree(999)
	if err := put(kv, "a", "1"); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Update on a full disk = %v; want ErrFull", err)
	}
	kv.SetFree(1000)
	if err := put(kv, "a", "1"); err != nil {
		t.Errorf("Update with room: %v", err)
	}
}

func TestFlip(t *testing.T) {
	kv := filled(t, 1)
	if !kv.Flip([]byte("k"), 0) || contents(t, kv) != "[k0=1]" {
		t.Errorf("flipping the lowest bit of 0 gives %s", contents(t, kv))
	}
	if kv.Flip([]byte("x"), 0) {
		t.Error("Flip found a key that isn't there")
	}
}
