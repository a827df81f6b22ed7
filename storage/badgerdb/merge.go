package badgerdb

import (
	"fmt"

	"navette/storage"
)

const (
	// mergeAt tables in Badger's first level, or an eighth of all tables if
	// those are more, begin a merge. A merge rewrites everything: the eighth
	// keeps the bytes written per byte stored below ten, whatever the size.
	mergeAt = 4
	// mergeMax bounds the tables that every read of an absent key asks.
	mergeMax = 24
	// waitOver that many more tables, updates wait for the merge.
	waitOver = 8
	// countEvery so many bytes written the tables are counted.
	countEvery = memTableSize / 4
)

// tidy begins a merge if enough tables have gathered, and waits for it if far
// too many have. The caller holds writing.
func (d *DB) tidy() error {
	if d.written < countEvery {
		return nil
	}
	d.written = 0
	first, all, size := d.tables()
	limit := min(max(mergeAt, all/8), mergeMax)
	if first < limit {
		return nil
	}
	n, err := d.o.Free(d.dir)
	if err != nil {
		return fmt.Errorf("storage: asking for free space: %w", err)
	}
	if n < 2*size+storage.DefaultFloors.Membership {
		return nil
	}
	if d.merges.CompareAndSwap(false, true) {
		d.merging.Go(d.merge)
	}
	if first < limit+waitOver {
		return nil
	}
	d.merging.Wait()
	if err := d.mergeErr.Load(); err != nil {
		return *err
	}
	return nil
}

func (d *DB) merge() {
	defer d.merges.Store(false)
	d.mergeErr.Store(nil)
	if err := d.db.Flatten(1); err != nil {
		err = fmt.Errorf("storage: merging tables: %w", err)
		d.mergeErr.Store(&err)
	}
}

// tables counts those of the first level and all, and the bytes of all.
func (d *DB) tables() (first, all int, size int64) {
	for _, l := range d.db.Levels() {
		if l.Level == 0 {
			first = l.NumTables
		}
		all += l.NumTables
		size += l.Size
	}
	return first, all, size
}
