package backup_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"navette/crdt/oplog"
	"navette/node/backup"
	"navette/storage"
)

func member(s string) storage.MemberEntry {
	return storage.MemberEntry{ID: oplog.Sum([]byte(s)), Block: []byte(s), Sig: oplog.Signature{1, byte(len(s))}}
}

func entry(s string, signed bool) storage.Entry {
	e := storage.Entry{ID: oplog.Sum([]byte(s)), Block: []byte(s)}
	if signed {
		e.Sig = &oplog.Signature{2, byte(len(s))}
	}
	return e
}

// written is a backup of two commons, and what was put into it.
func written(tb testing.TB) ([]byte, backup.Header, []backup.Record) {
	tb.Helper()
	members := []storage.MemberEntry{member("genesis"), member("grant"), member("another genesis")}
	entries := []storage.Entry{entry("log", true), entry("change", false), entry("change 2", true)}
	ends := []oplog.Fingerprint{{1}, {2}}
	h := backup.Header{
		Made: time.Date(2026, 12, 5, 19, 0, 0, 0, time.UTC), Program: "0.1.0",
		Commons: []backup.Commons{
			{ID: oplog.CommonsID{1}, Members: 2, Entries: 3},
			{ID: oplog.CommonsID{2}, Members: 1, Current: true},
		},
	}
	records := []backup.Record{
		{Member: &members[0]}, {Member: &members[1]},
		{Entry: &entries[0]}, {Entry: &entries[1]}, {Entry: &entries[2]}, {End: &ends[0]},
		{Member: &members[2]}, {End: &ends[1]},
	}
	var b bytes.Buffer
	w, err := backup.NewWriter(&b, &h)
	for _, r := range records {
		switch {
		case err != nil:
		case r.Member != nil:
			err = w.Member(*r.Member)
		case r.Entry != nil:
			err = w.Entry(*r.Entry)
		default:
			err = w.End(*r.End)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return b.Bytes(), h, records
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	file, h, records := written(t)
	r, err := backup.NewReader(iotest.OneByteReader(bytes.NewReader(file)))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header; !got.Made.Equal(h.Made) || got.Program != h.Program || len(got.Commons) != 2 ||
		got.Commons[0] != h.Commons[0] || got.Commons[1] != h.Commons[1] {
		t.Errorf("the header is %+v, was %+v", got, h)
	}
	if got := h.Records(); got != len(records) {
		t.Errorf("Records = %d, want %d", got, len(records))
	}
	for i, want := range records {
		at := r.Commons()
		got, err := r.Next()
		if err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		if wantAt := i / 6; at != wantAt {
			t.Errorf("record %d is of commons %d, want %d", i, at, wantAt)
		}
		switch {
		case want.Member != nil:
			if got.Member == nil || got.Member.ID != want.Member.ID || !bytes.Equal(got.Member.Block, want.Member.Block) || got.Member.Sig != want.Member.Sig {
				t.Errorf("record %d is %+v, was %+v", i, got.Member, want.Member)
			}
		case want.Entry != nil:
			if got.Entry == nil || got.Entry.ID != want.Entry.ID || !bytes.Equal(got.Entry.Block, want.Entry.Block) ||
				(got.Entry.Sig == nil) != (want.Entry.Sig == nil) || got.Entry.Sig != nil && *got.Entry.Sig != *want.Entry.Sig {
				t.Errorf("record %d is %+v, was %+v", i, got.Entry, want.Entry)
			}
		default:
			if got.End == nil || *got.End != *want.End {
				t.Errorf("record %d is %v, was %v", i, got.End, want.End)
			}
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last record: %v, want %v", err, io.EOF)
	}
}

// Every bit counts, and so does every byte's presence.
func TestDamageIsNoticed(t *testing.T) {
	file, _, _ := written(t)
	refused := func(b []byte) error {
		_, err := backup.Verify(bytes.NewReader(b), nil)
		if !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, backup.ErrNotBackup) && !errors.Is(err, backup.ErrNewer) {
			return err
		}
		return nil
	}
	if _, err := backup.Verify(bytes.NewReader(file), nil); err != nil {
		t.Fatalf("undamaged: %v", err)
	}
	for i := range file {
		for bit := range 8 {
			b := bytes.Clone(file)
			b[i] ^= 1 << bit
			if err := refused(b); err != nil {
				t.Errorf("bit %d of byte %d flipped: %v", bit, i, err)
			}
		}
		if _, err := backup.Verify(bytes.NewReader(file[:i]), nil); !errors.Is(err, backup.ErrDamaged) && (i > 16 || !errors.Is(err, backup.ErrNotBackup)) {
			t.Errorf("cut off after %d of %d bytes: %v", i, len(file), err)
		}
	}
	for _, more := range [][]byte{{0}, file} {
		if _, err := backup.Verify(bytes.NewReader(append(bytes.Clone(file), more...)), nil); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("with %d bytes more: %v, want %v", len(more), err, backup.ErrDamaged)
		}
	}
}

func TestOtherFiles(t *testing.T) {
	file, _, _ := written(t)
	later := bytes.Replace(file, []byte("backup 1\n"), []byte("backup 12\n"), 1)
	broken := errors.New("broken disk")
	tests := []struct {
		name string
		file io.Reader
		want error
	}{
		{"nothing", bytes.NewReader(nil), backup.ErrNotBackup},
		{"a table", bytes.NewReader([]byte("name;tag\nScie;S-1\n")), backup.ErrNotBackup},
		{"of a later version", bytes.NewReader(later), backup.ErrNewer},
		{"without a version", bytes.NewReader([]byte("navette backup \n")), backup.ErrDamaged},
		{"only its name", bytes.NewReader([]byte("navette backup 1\n")), backup.ErrDamaged},
		{"a huge record", bytes.NewReader([]byte("navette backup 1\n\xff\xff\xff\xff")), backup.ErrDamaged},
		{"a disk that breaks", io.MultiReader(bytes.NewReader(file[:100]), iotest.ErrReader(broken)), broken},
	}
	for _, tt := range tests {
		if _, err := backup.Verify(tt.file, nil); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestProgress(t *testing.T) {
	file, h, _ := written(t)
	calls := 0
	if _, err := backup.Verify(bytes.NewReader(file), func(done, total int) {
		if calls++; done != calls || total != h.Records() {
			t.Errorf("call %d: %d of %d", calls, done, total)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if calls != h.Records() {
		t.Errorf("%d calls, want %d", calls, h.Records())
	}
}

// No bytes make the reader panic or take more memory than they are worth, and
// what it accepts is written the same again.
func FuzzReader(f *testing.F) {
	file, _, _ := written(f)
	f.Add(file)
	f.Add(file[:60])
	f.Add([]byte("navette backup 1\n\x00\x00\x00\x05\x84\x01\x00\x60\x80"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := backup.NewReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		var again bytes.Buffer
		w, err := backup.NewWriter(&again, &r.Header)
		for err == nil {
			var next backup.Record
			if next, err = r.Next(); err != nil {
				break
			}
			switch {
			case next.Member != nil:
				err = w.Member(*next.Member)
			case next.Entry != nil:
				err = w.Entry(*next.Entry)
			default:
				err = w.End(*next.End)
			}
		}
		if !errors.Is(err, io.EOF) {
			return
		}
		if err := w.Close(); err != nil || !bytes.Equal(again.Bytes(), b) {
			t.Errorf("%d bytes are accepted and written again as %d: %v", len(b), again.Len(), err)
		}
	})
}
