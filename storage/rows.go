package storage

// A row is a write to come.
type row struct {
	key, value []byte
	gone       bool // delete the key
}

// Rows are writes to come, and what they count for in Limits.
type rows struct {
	list []row
	cost int
}

func (r *rows) set(key, value []byte) {
	r.list = append(r.list, row{key: key, value: value})
	r.cost += Cost(key, value)
}

func (r *rows) delete(key []byte) {
	r.list = append(r.list, row{key: key, gone: true})
	r.cost += Cost(key, nil)
}

func (r *rows) add(o rows) {
	r.list = append(r.list, o.list...)
	r.cost += o.cost
}

func (r *rows) fit(l Limits) bool { return r.cost <= l.Bytes && len(r.list) <= l.Keys }

// split cuts rows into parts that each fit into a transaction; none is empty.
func (r *rows) split(limits Limits) (parts []rows) {
	var part rows
	for _, w := range r.list {
		cost := Cost(w.key, w.value)
		if len(part.list) > 0 && (part.cost+cost > limits.Bytes || len(part.list) == limits.Keys) {
			parts = append(parts, part)
			part = rows{}
		}
		part.list = append(part.list, w)
		part.cost += cost
	}
	if len(part.list) > 0 {
		parts = append(parts, part)
	}
	return parts
}

// write makes the writes.
func (r *rows) write(t Txn) error {
	for _, w := range r.list {
		var err error
		if w.gone {
			err = t.Delete(w.key)
		} else {
			err = t.Set(w.key, w.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
