package storage

// Prefix returns a view of kv in which every key is silently preceded by
// prefix, so that several independent stores can live in one. No prefix in use
// may be the beginning of another: give all the same length, at most 16 bytes
// (the cost of a write has room for that many). Close does nothing: the store
// underneath is closed by whoever opened it.
func Prefix(kv KV, prefix []byte) KV {
	return prefixed{kv, append([]byte(nil), prefix...)}
}

type prefixed struct {
	KV
	prefix []byte
}

func (p prefixed) View(fn func(Reader) error) error {
	return p.KV.View(func(r Reader) error { return fn(prefixedReader{r, p.prefix}) })
}

func (p prefixed) Update(c Class, fn func(Txn) error) error {
	return p.KV.Update(c, func(t Txn) error { return fn(prefixedTxn{prefixedReader{t, p.prefix}, t}) })
}

func (p prefixed) Close() error { return nil }

type prefixedReader struct {
	r      Reader
	prefix []byte
}

func (p prefixedReader) key(key []byte) []byte {
	k := make([]byte, 0, len(p.prefix)+len(key))
	return append(append(k, p.prefix...), key...)
}

func (p prefixedReader) Get(key []byte) ([]byte, error) { return p.r.Get(p.key(key)) }

func (p prefixedReader) Scan(prefix, from []byte, fn func(key, value []byte) error) error {
	if from != nil {
		from = p.key(from)
	}
	return p.r.Scan(p.key(prefix), from, func(key, value []byte) error {
		return fn(key[len(p.prefix):], value)
	})
}

type prefixedTxn struct {
	prefixedReader
	t Txn
}

// Set passes on an error for an empty key: the prefix would hide it.
func (p prefixedTxn) Set(key, value []byte) error {
	if len(key) == 0 {
		return p.t.Set(nil, value)
	}
	return p.t.Set(p.key(key), value)
}

func (p prefixedTxn) Delete(key []byte) error { return p.t.Delete(p.key(key)) }
