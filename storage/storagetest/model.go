package storagetest

import (
	"bytes"
	"errors"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"navette/storage"
)

var errAbandoned = errors.New("abandoned")

// likeAMap compares a store with a map under random transactions.
func likeAMap(t *rapid.T, kv storage.KV) {
	model := map[string]string{}
	key := rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 'a', 'b', 0xff}), 1, 3).Draw(t, "key"))
	})
	for range rapid.IntRange(1, 6).Draw(t, "transactions") {
		next := maps.Clone(model)
		abandon := rapid.Bool().Draw(t, "abandon")
		err := kv.Update(storage.Own, func(tx storage.Txn) error {
			for range rapid.IntRange(0, 8).Draw(t, "operations") {
				k := key.Draw(t, "key")
				switch rapid.SampledFrom([]string{"set", "set", "delete", "get"}).Draw(t, "operation") {
				case "set":
					v := rapid.StringN(0, 4, 8).Draw(t, "value")
					next[k] = v
					if err := tx.Set([]byte(k), []byte(v)); err != nil {
						return err
					}
				case "delete":
					delete(next, k)
					if err := tx.Delete([]byte(k)); err != nil {
						return err
					}
				case "get":
					sameValue(t, tx, next, k)
				}
			}
			sameScan(t, tx, next, key)
			if abandon {
				return errAbandoned
			}
			return nil
		})
		switch {
		case abandon && !errors.Is(err, errAbandoned), !abandon && err != nil:
			t.Fatalf("Update: %v", err)
		case !abandon:
			model = next
		}
		err = kv.View(func(r storage.Reader) error {
			sameScan(t, r, model, key)
			sameValue(t, r, model, key.Draw(t, "key"))
			return nil
		})
		if err != nil {
			t.Fatalf("View: %v", err)
		}
	}
}

func sameValue(t *rapid.T, r storage.Reader, model map[string]string, key string) {
	want, has := model[key]
	got, err := r.Get([]byte(key))
	if has && (err != nil || string(got) != want) || !has && !errors.Is(err, storage.ErrNotFound) {
		t.Fatalf("Get(%q) = %q, %v; want %q, %v", key, got, err, want, has)
	}
}

func sameScan(t *rapid.T, r storage.Reader, model map[string]string, key *rapid.Generator[string]) {
	prefix := []byte(key.Draw(t, "prefix"))[:rapid.IntRange(0, 1).Draw(t, "prefix length")]
	from := []byte(key.Draw(t, "from"))
	var got, want []string
	for _, k := range slices.Sorted(maps.Keys(model)) {
		if bytes.HasPrefix([]byte(k), prefix) && k >= string(from) {
			want = append(want, k, model[k])
		}
	}
	err := r.Scan(prefix, from, func(k, v []byte) error {
		got = append(got, string(k), string(v))
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("Scan(%q, %q) = %q, %v; want %q", prefix, from, got, err, want)
	}
}
