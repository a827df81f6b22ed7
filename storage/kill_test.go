package storage_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"navette/crdt/oplog"
	"navette/storage"
	"navette/storage/badgerdb"
)

// committerEnv makes the test binary the process that is killed: it commits to
// the store in the folder named, for ever.
const committerEnv = "NAVETTE_TEST_COMMIT_TO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(committerEnv); dir != "" {
		commitForEver(dir)
	}
	os.Exit(m.Run())
}

// commitForEver begins a log, as every process does, and writes changes of one
// to forty resources. It prints the feed position after each commit.
func commitForEver(dir string) {
	var t fatal
	kv, report, err := badgerdb.Open(dir, badgerdb.Options{})
	if err != nil || report.Quarantined != "" {
		t.Fatalf("Open: %+v, %v", report, err)
	}
	l, _, err := storage.Open(kv, storage.Options{Commons: commons, Suspect: report.Suspect})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	var tips []oplog.Link
	for _, tip := range l.Tips() {
		link, err := l.Link(tip.ID)
		if err != nil {
			t.Fatalf("Link: %v", err)
		}
		tips = append(tips, link)
	}
	w := newWriter(1)
	commit(t, l, w.begin(t, tips...))
	for n := 0; ; n++ {
		entries := make([]storage.Entry, 0, 8)
		for i := range 1 + n%8 {
			id := resource(n * (i + 1) % 300)
			entries = append(entries, w.change(t, nil, create(id, "tool"), set(id, 1, fmt.Sprint("value ", n, " ", i))))
		}
		fmt.Println(commit(t, l, entries...).To)
	}
}

// fatal is a testing.TB for a process that is no test.
type fatal struct{ testing.TB }

func (fatal) Helper() {}

func (fatal) Fatalf(format string, a ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", a...)
	os.Exit(1)
}

func (f fatal) Fatal(a ...any) { f.Fatalf("%v", a) }

// A node that is killed while it commits, again and again, loses no entry that
// it was told is stored, and every document is what the entries make of it.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(30, 1))
	for kill := range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), committerEnv+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var stored uint64
		lines := bufio.NewScanner(out)
		for n := 1 + rng.IntN(150); lines.Scan(); n-- {
			if _, err := fmt.Sscan(lines.Text(), &stored); err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // it was killed
		kv, report, err := badgerdb.Open(dir, badgerdb.Options{})
		if err != nil || report.Quarantined != "" {
			t.Fatalf("kill %d: Open: %+v, %v", kill, report, err)
		}
		l, opened, err := storage.Open(kv, storage.Options{Commons: commons, Suspect: report.Suspect})
		if err != nil || opened.Damaged() || l.Pos() < stored || stored == 0 {
			t.Fatalf("kill %d: %d entries are there, %d were acknowledged; %+v, %v", kill, l.Pos(), stored, opened, err)
		}
		healthy(t, l)
		if n := len(l.Tips()); n != 1 {
			t.Errorf("kill %d: %d open tips of one device; want 1", kill, n)
		}
		if err := kv.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
