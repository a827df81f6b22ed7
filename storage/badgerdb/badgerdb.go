// Package badgerdb is a storage.KV on Badger v4, with settings that fit a small
// machine in a cupboard. It is the only package that names Badger.
//
//	kv, report, err := badgerdb.Open(dir, badgerdb.Options{})
//
// What it promises beyond the contract of storage.KV:
//
//   - An update that returned nil survives a power cut (SyncWrites).
//   - Every table is verified at open, block by block. Files that are damaged
//     are moved aside, never deleted, and if it doesn't open without them an
//     empty database is begun: Report says where, and why. With damage in
//     Badger's write-ahead log the store is as it was a little earlier, and
//     with damage in its list of tables some may be missing: Report says when
//     that is so, or may be.
//   - One process at a time: another gets storage.ErrLocked.
//   - Free space is looked at before each update, since Badger writes through
//     sparse memory maps and a full disk would kill the process (SIGBUS).
//   - An idle store writes nothing, and wakes up twice a minute.
//
// Badger's own compactors poll every 50 ms; there are none here. Instead an
// update that finds enough small tables begins one merge (DB.Flatten) in the
// background, and one that finds far too many waits for it, so that the number
// of tables is bounded and Badger's own stall, which nobody could end, is
// never reached. Merging needs as much free space as the data takes; without
// that it waits, while ever slower reads are the only harm.
//
// On 32-bit machines Badger's memory allocator loses data without an error:
// this package doesn't compile there.
package badgerdb

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"navette/storage"
)

const (
	memTableSize = 4 << 20
	// Values up to here stay in the tree; nothing longer is accepted, so that
	// the value log stays empty.
	maxValue = 64<<10 - 1

	// Badger's own limits for one transaction follow from memTableSize, 15 %
	// of it and one entry for each 96 bytes of that: 629 145 and 6 553. It
	// adds an entry of its own.
	limitBytes = 629_000
	limitKeys  = 6_500
)

// Options of a store; the zero value is good.
type Options struct {
	// Floors of free space for each class. Zero fields: storage.DefaultFloors.
	Floors storage.Floors
	// Free returns the bytes free for the file system that holds dir. Default:
	// what the operating system says.
	Free func(dir string) (int64, error)
	// Log gets Badger's warnings and errors. Nil is quiet.
	Log *slog.Logger
}

// A Report says what Open found.
type Report struct {
	// Quarantined is the folder that damaged files were moved to, and Cause
	// why; empty and nil if all was well.
	Quarantined string
	Cause       error
	// Fresh tells that the whole database was among them: the store is empty.
	Fresh bool
	// Suspect tells that tables may be missing without a trace: what the
	// store holds needs looking through (storage.Options.Suspect).
	Suspect bool
	// Cut tells that a log was damaged: the store is as it was some updates
	// earlier. Suspect is set, too.
	Cut bool
}

// A DB is a store in a folder.
type DB struct {
	o    Options
	dir  string
	lock *os.File
	db   *badger.DB

	writing sync.Mutex // held by Update from beginning to end
	written int        // bytes since the tables were last counted; guarded by writing
	broken  error      // guarded by writing

	closing sync.RWMutex // read-held by each View and Update
	closed  bool         // guarded by closing

	merging  sync.WaitGroup // the merge in the background
	merges   atomic.Bool    // one is running
	mergeErr atomic.Pointer[error]
}

var _ storage.KV = (*DB)(nil)

// Open opens the store in dir, which it makes if it isn't there. It fails with
// storage.ErrLocked if another process has it open, and with storage.ErrFull if
// less is free than storage.Membership needs.
func Open(dir string, o Options) (*DB, *Report, error) {
	if o.Free == nil {
		o.Free = free
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("storage: making the data folder: %w", err)
	}
	lock, err := acquire(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, nil, err
	}
	d := &DB{o: o, dir: dir, lock: lock}
	report, err := d.open()
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return d, report, nil
}

// open opens Badger, mending what can be mended.
func (d *DB) open() (*Report, error) {
	if err := d.Room(storage.Membership); err != nil {
		return nil, fmt.Errorf("storage: opening %s: %w", d.dir, err)
	}
	path := filepath.Join(d.dir, "badger")
	db, report, err := mend(path, d.o.Log)
	if err != nil {
		return nil, fmt.Errorf("storage: opening %s: %w", path, err)
	}
	d.db, d.written = db, countEvery
	return report, nil
}

func open(path string, log *slog.Logger) (*badger.DB, error) {
	o := badger.DefaultOptions(path)
	o.SyncWrites = true
	o.DetectConflicts = false // updates run one at a time
	o.MemTableSize = memTableSize
	o.NumMemtables = 2
	o.BaseTableSize = 1 << 20 // a merge has up to eight being built, each with several times that
	o.BlockCacheSize = 4 << 20
	o.IndexCacheSize = 4 << 20
	o.ValueThreshold = maxValue + 1
	o.ValueLogFileSize = 1 << 20
	o.NumCompactors = 0
	o.NumLevelZeroTables = mergeAt
	o.NumLevelZeroTablesStall = 1 << 20
	o.ChecksumVerificationMode = options.NoVerification // inspect has done it
	// Snappy takes 29 % more of the disk, smaller blocks 12 %.
	o.Compression = options.ZSTD
	o.ZSTDCompressionLevel = 1
	o.BlockSize = 8 << 10
	o.BypassLockGuard = true // DB.lock is ours
	o.MetricsEnabled = false
	o.Logger = nil
	if log != nil {
		o.Logger = logger{log}
	}
	return badger.Open(o)
}

// View implements storage.KV.
func (d *DB) View(fn func(storage.Reader) error) error {
	d.closing.RLock()
	defer d.closing.RUnlock()
	if d.closed {
		return storage.ErrClosed
	}
	t := d.db.NewTransaction(false)
	defer t.Discard()
	return fn(&txn{t: t})
}

// Update implements storage.KV. An update inside View's or Update's function
// doesn't return.
func (d *DB) Update(c storage.Class, fn func(storage.Txn) error) error {
	d.closing.RLock()
	defer d.closing.RUnlock()
	d.writing.Lock()
	defer d.writing.Unlock()
	switch {
	case d.closed:
		return storage.ErrClosed
	case d.broken != nil:
		return d.broken
	}
	if err := d.Room(c); err != nil {
		return err
	}
	if err := d.tidy(); err != nil {
		return err
	}
	t := d.db.NewTransaction(true)
	defer t.Discard()
	w := &txn{t: t}
	if err := fn(w); err != nil {
		return err
	}
	if w.err != nil {
		return w.err
	}
	d.written += w.cost
	switch err := t.Commit(); {
	case err == nil:
		return nil
	case errors.Is(err, badger.ErrTxnTooBig):
		return fmt.Errorf("%w: %w", storage.ErrTooBig, err)
	default:
		d.broken = fmt.Errorf("%w: %w", storage.ErrBroken, err)
		return d.broken
	}
}

// Room implements storage.KV.
func (d *DB) Room(c storage.Class) error {
	n, err := d.o.Free(d.dir)
	if err != nil {
		return fmt.Errorf("storage: asking for free space: %w", err)
	}
	return d.o.Floors.Check(c, n)
}

// Free returns the bytes free on the disk.
func (d *DB) Free() (int64, error) { return d.o.Free(d.dir) }

// Limits implements storage.KV.
func (d *DB) Limits() storage.Limits {
	return storage.Limits{Bytes: limitBytes, Keys: limitKeys}
}

// Size implements storage.KV: what the files take on the disk, holes in sparse
// ones not counted.
func (d *DB) Size() (int64, error) {
	return allocated(filepath.Join(d.dir, "badger"))
}

// Close implements storage.KV. It waits for the merge in the background. Where
// there is no room for the table that Badger writes at its end, which would
// kill the process, the store is left as a crash would: nothing is lost, and
// what the process holds of it lasts until the process ends.
func (d *DB) Close() error {
	d.closing.Lock()
	defer d.closing.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	d.merging.Wait()
	if d.Room(storage.Membership) != nil {
		return d.lock.Close()
	}
	return errors.Join(d.db.Close(), d.lock.Close())
}
