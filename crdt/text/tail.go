package text

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"unicode/utf8"
)

// While all events of a text were written one after the other, or its history
// isn't read, a writer at the end of its file is all that the next event takes
// that has seen everything: Text.tail. The history is read when an event comes
// that hasn't, or someone asks.

// headsMax is how many heads skim follows before it gives up.
const headsMax = 64

// follow adds an event that has seen all others to the file alone. It reports
// false for events that need the history.
func (t *Text) follow(n *Name, lamport uint64, saw func(Name) bool, s []Splice, void bool) (bool, error) {
	w := t.end()
	if w == nil || void || lamport > valueMax || len(s) > 0 && s[0].Deep {
		return false, nil
	}
	goesOn := w.goesOn(n, lamport)
	if goesOn && len(s) == 1 && t.press(w, &s[0]) {
		return true, nil
	}
	if w.events > 0 && !goesOn {
		last := &w.name
		if lamport < uint64(w.lamport) || lamport == uint64(w.lamport) && cmp.Or(bytes.Compare(last.Change[:], n.Change[:]),
			bytes.Compare(last.Log[:], n.Log[:]), cmp.Compare(last.Index, n.Index)) >= 0 {
			return false, nil
		}
		if (last.Change != n.Change || last.Log != n.Log) && !saw(*last) {
			return false, nil
		}
	}
	if err := checkForm(s); err != nil {
		return true, err
	}
	size := w.inserted
	for i := range s {
		size += len(s[i].Ins)
	}
	if size > math.MaxUint32 {
		return true, ErrFull
	}
	if err := checkRange(s, t.raw.len()); err != nil {
		return true, err
	}
	if w.inserted = size; t.file.whole != nil {
		t.file.whole = nil
	}
	w.begin(n, int(lamport), false, false)
	if w.events > 0 {
		w.cols[colParents].add(0)
	} else {
		w.cols[colParents].add(1)
	}
	for i := range s {
		x := &s[i]
		w.splice(x.Pos, x.Del, x.Ins, utf8.RuneCountInString(x.Ins))
		t.splice(x, false)
	}
	w.end()
	return true, nil
}

// press adds what most events are, a keystroke of the same change: one splice
// that has seen the event before. It reports false if it has to be looked at.
func (t *Text) press(w *writer, x *Splice) bool {
	n, l := t.raw.len(), lengthOf(x.Ins)
	switch {
	case x.Pos < 0 || x.Pos > min(n, MaxPos) || x.Del < 0 || x.Del > n-x.Pos || x.Del == 0 && x.Ins == "":
		return false
	case l[Points] < l[Bytes] && !utf8.ValidString(x.Ins):
		return false
	case w.fresh || w.inserted+l[Bytes] > math.MaxUint32 || t.view != nil || t.file.whole != nil:
		return false
	}
	w.inserted += l[Bytes]
	w.plain++
	w.name.Index++
	w.splice(x.Pos, x.Del, x.Ins, l[Points])
	w.count()
	t.raw.replace(x.Pos, x.Del, x.Ins, &l)
	return true
}

// end returns the tail, or nil if only reading the history can give one.
func (t *Text) end() *writer {
	if t.tail == nil {
		t.tail = t.skim()
	}
	return t.tail
}

// endsIn tells whether an event with these parents has seen all others.
func (t *Text) endsIn(parents []Name) bool {
	w := t.end()
	switch {
	case w == nil || len(parents) > 1:
		return false
	case w.events == 0:
		return len(parents) == 0
	}
	return len(parents) == 1 && parents[0] == w.name
}

// skim finds out where a writer stands that goes on behind the last event of a
// decoded text, without reading the events. It returns nil if there is another
// head, or something that only reading can judge.
func (t *Text) skim() *writer {
	f := &t.file
	w := newWriter(f, f.upTo)
	heads, rank, z := []int{}, 0, new(unpacker)
	for k := range f.blocks {
		n := f.end(k) - f.blocks[k].first
		cols, text, ok := z.open(&f.blocks[k])
		f.blocks[k].logs = len(f.logs)
		if !ok || !w.skimNames(cols, n, k == len(f.blocks)-1) {
			return nil
		}
		w.inserted += text
		for left := n; left > 0 && len(heads) <= headsMax; {
			v, k := cols[colParents].run(left)
			switch {
			case v < 0 || v == 0 && rank == 0 || v > 1+rank || cols[colParents].bad:
				return nil
			case v == 0:
				heads[len(heads)-1] = rank + k - 1
				rank, left = rank+k, left-k
				continue
			}
			for range k {
				for p, more := rank, v-1; more > 0; more-- {
					p -= 1 + cols[colParent].count(rank)
					if i, is := slices.BinarySearch(heads, p); is {
						heads = slices.Delete(heads, i, i+1)
					}
				}
				heads = append(heads, rank)
				rank++
			}
			left -= k
		}
	}
	if len(heads) > 1 || len(heads) == 0 && f.upTo > 0 {
		return nil
	}
	if last := len(f.blocks) - 1; last >= 0 && !f.blocks[last].full {
		w.reopen(&f.blocks[last])
		f.upTo, f.blocks = w.first, f.blocks[:last]
	}
	return w
}

// skimNames reads what the n events of a block say of logs and changes.
func (w *writer) skimNames(cols [colMax]intake, n int, last bool) bool {
	changes := 0
	for left := n; left > 0; {
		same, k := cols[colSame].run(left)
		left -= k
		if same == 0 {
			changes += k
			w.name.Index = 0
		}
		for ; last && k > 0; k-- { // only the last event's index matters
			if same == 0 {
				w.name.Index = uint32(cols[colIndex].count(math.MaxUint32))
			} else {
				w.name.Index += 1 + uint32(cols[colIndex].count(math.MaxUint32))
			}
		}
	}
	names := cols[colNames].b
	for left := changes; left > 0; {
		l, k := cols[colLog].run(left)
		if l == len(w.file.logs) && len(names) >= 16 {
			w.logs[[16]byte(names)] = l
			w.file.logs = append(w.file.logs, [16]byte(names))
			names = names[16:]
		}
		if l < 0 || l >= len(w.file.logs) || len(names) < 32*k {
			return false
		}
		w.log, w.name.Log, w.name.Change = l, w.file.logs[l], [32]byte(names[32*(k-1):])
		names, left = names[32*k:], left-k
	}
	for left := changes; left > 0; {
		v, k := cols[colLamport].run(left)
		if v < 0 || v > valueMax/n {
			return false
		}
		w.lamport, left = w.lamport+v*k, left-k
	}
	bad := cols[colSame].bad || cols[colLog].bad || cols[colLamport].bad || cols[colIndex].bad
	return !bad && w.lamport <= valueMax && (changes > 0 || !last)
}

// reopen makes the last block of a file the one that the next event goes to.
func (w *writer) reopen(x *block) {
	cols, _ := columnsOf(x.b)
	w.first, w.logsBefore, w.fresh = x.first, x.logs, false
	for i := range cols {
		c := &cols[i]
		w.cols[i].b = slices.Clone(c.b)
		if i == colNames || i == colText {
			continue
		}
		for len(c.b) > 0 && !c.bad {
			done := len(w.cols[i].b) - len(c.b)
			v, k := c.run(math.MaxInt32)
			if i == colPos || i == colSize || i == colIns {
				w.at += v * k
			}
			if len(c.b) == 0 {
				w.cols[i] = column{w.cols[i].b[:done], v, k}
			}
		}
	}
}
