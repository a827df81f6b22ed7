package badgerdb

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"navette/storage"
)

// A txn is a Reader, and in an Update a Txn.
type txn struct {
	t    *badger.Txn
	cost int
	err  error // the first write that failed: the transaction can't commit
}

func (t *txn) Get(key []byte) ([]byte, error) {
	item, err := t.t.Get(key)
	switch {
	case errors.Is(err, badger.ErrKeyNotFound):
		return nil, storage.ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("storage: reading a key: %w", err)
	}
	value, err := item.ValueCopy(nil)
	if err != nil {
		return nil, fmt.Errorf("storage: reading a value: %w", err)
	}
	return value, nil
}

func (t *txn) Scan(prefix, from []byte, fn func(key, value []byte) error) error {
	if bytes.Compare(from, prefix) < 0 {
		from = prefix
	}
	o := badger.DefaultIteratorOptions
	o.Prefix = prefix
	o.PrefetchValues = false // values lie beside their keys
	it := t.t.NewIterator(o)
	defer it.Close()
	for it.Seek(from); it.ValidForPrefix(prefix); it.Next() {
		item := it.Item()
		err := item.Value(func(value []byte) error { return fn(item.Key(), value) })
		if err == storage.Stop {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) Set(key, value []byte) error {
	if t.err == nil && len(value) > maxValue {
		t.err = fmt.Errorf("%w: a value of %d bytes", storage.ErrTooBig, len(value))
	}
	return t.write(key, value, func() error { return t.t.Set(key, value) })
}

func (t *txn) Delete(key []byte) error {
	return t.write(key, nil, func() error { return t.t.Delete(key) })
}

func (t *txn) write(key, value []byte, do func() error) error {
	if t.err != nil {
		return t.err
	}
	t.cost += storage.Cost(key, value)
	switch err := do(); {
	case errors.Is(err, badger.ErrTxnTooBig):
		t.err = fmt.Errorf("%w: %d bytes", storage.ErrTooBig, t.cost)
	case err != nil:
		t.err = fmt.Errorf("storage: writing a key: %w", err)
	}
	return t.err
}
