package badgerdb

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
)

// mend opens Badger in the folder at path. Damage is dealt with in three steps:
// empty logs, which a crash may leave and Badger refuses, are removed; files
// that can be done without are moved aside; at last everything is.
func mend(path string, log *slog.Logger) (*badger.DB, *Report, error) {
	report := new(Report)
	if err := removeEmptyLogs(path); err != nil {
		return nil, nil, err
	}
	var db *badger.DB
	found, err := inspect(path)
	tables := err // what is wrong with the tables
	if err == nil {
		report.Cut, err = cutLogs(path, found)
	}
	suspect := found.suspect || report.Cut
	if err == nil {
		db, err = open(path, log)
	}
	if err == nil {
		report.Suspect = suspect
		return db, report, nil
	}
	if isEnvironment(err) {
		return nil, nil, err
	}
	report.Cause = err
	if report.Quarantined, err = makeAside(path); err != nil {
		return nil, nil, errors.Join(report.Cause, err)
	}
	for i := 0; tables == nil && i < len(dispensable); i++ {
		if err := moveAside(path, report.Quarantined, dispensable[i]); err != nil {
			return nil, nil, errors.Join(report.Cause, err)
		}
		if db, err := open(path, log); err == nil {
			report.Suspect = suspect
			return db, report, nil
		} else if isEnvironment(err) {
			return nil, nil, errors.Join(report.Cause, err)
		}
	}
	report.Fresh = true
	if err := os.Rename(path, filepath.Join(report.Quarantined, filepath.Base(path))); err != nil {
		return nil, nil, errors.Join(report.Cause, fmt.Errorf("moving a damaged database aside: %w", err))
	}
	db, err = open(path, log)
	return db, report, err
}

// isEnvironment tells whether Badger failed because of the machine rather than
// the data: trying again may work, moving the data aside wouldn't help.
func isEnvironment(err error) bool {
	for _, e := range []error{
		fs.ErrPermission, syscall.ENOSPC, syscall.EROFS, syscall.EMFILE, syscall.ENFILE,
		syscall.ENOMEM, syscall.EIO, syscall.EAGAIN, syscall.EDQUOT,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// removeEmptyLogs removes logs without a byte: a crash between making one and
// giving it its size leaves it, and nothing was in it.
func removeEmptyLogs(path string) error {
	for _, pattern := range []string{"*.mem", "*.vlog"} {
		for _, name := range list(path, pattern) {
			info, err := os.Stat(name)
			if err == nil && info.Size() == 0 {
				err = os.Remove(name)
			}
			if err != nil {
				return fmt.Errorf("removing an empty log: %w", err)
			}
		}
	}
	return nil
}

// list returns the files in path whose name matches a pattern.
func list(path, pattern string) []string {
	names, _ := filepath.Glob(filepath.Join(path, pattern)) // fails on bad patterns only
	return names
}

// makeAside makes a folder for damaged files, under the first free name.
func makeAside(path string) (string, error) {
	for i := 1; ; i++ {
		aside := fmt.Sprintf("%s-damaged-%d", path, i)
		err := os.Mkdir(aside, 0o700)
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return aside, err
		}
	}
}

// dispensable are what may be damaged without harm to the tables: first what
// holds none of our data (values stay in the tables, nothing is encrypted),
// then the logs, without which the store is as it was when the last table was
// written.
var dispensable = [][]string{{"*.vlog", "DISCARD", "KEYREGISTRY"}, {"*.mem"}}

// moveAside moves files whose names match the patterns.
func moveAside(path, aside string, patterns []string) error {
	for _, pattern := range patterns {
		for _, name := range list(path, pattern) {
			if err := os.Rename(name, filepath.Join(aside, filepath.Base(name))); err != nil {
				return fmt.Errorf("moving a damaged file aside: %w", err)
			}
		}
	}
	return nil
}

// What the tables tell.
type inspection struct {
	// suspect: tables may once have been listed that aren't now. Badger takes a
	// list that is cut off as it is, and deletes the tables that aren't in it.
	suspect bool
	// newest is the number of the newest transaction in the tables, unlisted of
	// that in the tables which aren't in the list. A crash leaves such a table
	// too, but then what is in it is in a log or in other tables as well.
	newest, unlisted uint64
}

// inspect verifies the list of tables and each table, which Badger itself does
// on goroutines whose panics nobody can catch.
func inspect(path string) (found inspection, err error) {
	tables := list(path, "*.sst")
	f, err := os.Open(filepath.Join(path, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		if len(tables) > 0 {
			return found, errors.New("the list of tables is gone")
		}
		return found, nil
	}
	if err != nil {
		return found, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return found, err
	}
	manifest, whole, err := badger.ReplayManifestFile(f, 0, badger.DefaultOptions(path).WithLogger(nil))
	if err != nil {
		return found, fmt.Errorf("reading the list of tables: %w", err)
	}
	found.suspect = whole < info.Size()
	for _, name := range tables {
		id, ok := table.ParseFileID(name)
		if !ok {
			continue
		}
		m, ok := manifest.Tables[id]
		if !ok {
			found.suspect = true
			if last, err := verify(name, id, options.ZSTD); err == nil { // else it was being written
				found.unlisted = max(found.unlisted, last)
			}
			continue
		}
		last, err := verify(name, id, m.Compression)
		if err != nil {
			return found, err
		}
		found.newest = max(found.newest, last)
	}
	return found, nil
}

// verify reads a table, checks every block, and returns the number of the
// newest transaction in it.
func verify(name string, id uint64, compression options.CompressionType) (newest uint64, err error) {
	defer func() {
		if r := recover(); r != nil { // Badger's reader trusts a table's footer
			err = fmt.Errorf("damaged: %.80v", r)
		}
		if err != nil {
			err = fmt.Errorf("verifying %s: %w", filepath.Base(name), err)
		}
	}()
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	t, err := table.OpenInMemoryTable(b, id, &table.Options{
		ReadOnly: true, BlockSize: 4 << 10, ChkMode: options.OnTableRead, Compression: compression,
	})
	if err != nil {
		return 0, err
	}
	return t.MaxVersion(), t.VerifyChecksum()
}
