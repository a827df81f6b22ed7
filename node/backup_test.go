package node_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/crdt/oplog"
	"navette/node"
	"navette/node/backup"
	"navette/node/replica"
	"navette/storage"
	"navette/storage/badgerdb"
	"navette/storage/memkv"
)

func (p *place) backup() []byte {
	p.v.Helper()
	var b bytes.Buffer
	if err := p.Backup(p.v.Context(), &b); err != nil {
		p.v.Fatalf("%s: Backup: %v", p.name, err)
	}
	return b.Bytes()
}

// restore is a place on a new machine, which a backup was restored to.
func (v *village) restore(name string, file []byte) *place {
	v.Helper()
	p := &place{v: v, name: name, dir: v.TempDir(), kv: memkv.New(memkv.Options{})}
	restoreInto(v.T, p.dir, p.kv, file)
	p.start()
	v.Cleanup(p.halt)
	return p
}

func restoreInto(t *testing.T, dir string, kv storage.KV, file []byte) *node.Node {
	t.Helper()
	n, err := node.Open(node.Options{Dir: dir, Store: kv})
	if err == nil {
		err = n.Restore(t.Context(), bytes.NewReader(file), nil)
	}
	if err != nil {
		t.Fatalf("Restore: %v", err)
	}
	return n
}

func notices(list []node.Notice) (codes []string) {
	for _, n := range list {
		codes = append(codes, n.Code)
	}
	return codes
}

// A place whose machine is lost: a backup on another is there to be read, and
// to be written and exchanged once somebody lets it in again.
func TestRestoredPlaceIsLetInAgain(t *testing.T) {
	inVillage(t, func(v *village) {
		b, a := v.open("La Plume"), v.open("La Fabrique")
		home := b.found("Communs du Boulonnais")
		a.join(home)
		saw := a.add("Scie")
		a.set(saw, "location", "Atelier")
		v.within(5*time.Second, a, b)
		file, want := a.backup(), a.current().Fingerprint()
		a.set(saw, "location", "Réserve") // after it: B has it
		v.within(5*time.Second, a, b)
		a.halt()

		c := v.restore("La Fabrique", file)
		if c.Self() == a.Self() || c.current().Person() == a.current().Person() {
			t.Error("the restored place has the keys of the lost one")
		}
		if got := c.current().Fingerprint(); got != want {
			t.Errorf("restored with fingerprint %v, was %v", got, want)
		}
		d, err := c.current().Doc(saw)
		if err != nil {
			t.Fatal(err)
		}
		r := commons.View(d)
		if f, _ := r.Get("location"); f.Value != "Atelier" {
			t.Errorf("the saw is at %v, was at Atelier", f.Value)
		}
		if got := notices(c.Notices()); !slices.Contains(got, node.NoticeReadsOnly) {
			t.Errorf("notices %q, want %s", got, node.NoticeReadsOnly)
		}
		_, err = c.current().Write(v.Context(), func() ([][]crdt.Edit, error) {
			return commons.Set(d, []commons.Assign{{Field: "location", Text: "x"}}, c.current().Env())
		})
		if !errors.Is(err, replica.ErrNoWriter) {
			t.Errorf("writing before it is let in: %v, want %v", err, replica.ErrNoWriter)
		}
		if _, _, err := c.current().Invite(v.Context(), oplog.RoleMember, 1, time.Time{}, ""); !errors.Is(err, node.ErrNotAllowed) {
			t.Errorf("inviting before it is let in: %v, want %v", err, node.ErrNotAllowed)
		}
		<-time.After(time.Minute)
		if got := c.current().Fingerprint(); got != want {
			t.Errorf("before it is let in again it got something: %v, was %v", got, want)
		}

		j := c.join(home)
		if !j.Again || j.Already || j.Commons.ID() != home.ID() || j.Role != oplog.RoleMember {
			t.Errorf("let in again: %+v", j)
		}
		if got := len(c.All()); got != 1 {
			t.Errorf("it is of %d commons, want 1", got)
		}
		v.within(10*time.Second, b, c)
		c.set(saw, "location", "Cave")
		v.within(5*time.Second, b, c)
		if got := notices(c.Notices()); slices.Contains(got, node.NoticeReadsOnly) {
			t.Errorf("notices %q after it was let in", got)
		}
		if j := c.join(home); !j.Already || j.Again {
			t.Errorf("joining once more: %+v", j)
		}
		c.halt()
		c.start()
		c.add("Tour")
		v.within(10*time.Second, b, c)
	})
}

// Whatever the node writes and receives while a backup is written, it is the
// state of the moment when it began.
func TestBackupWhileWriting(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("La Fabrique")
		c := a.found("Communs")
		body := strings.Repeat("Une ligne de savoir-faire\n", 400)
		for i := range 20 {
			id := commons.DerivedID("page", fmt.Sprint(i))
			_, err := c.Write(v.Context(), func() ([][]crdt.Edit, error) {
				return commons.Add(id, "page", []commons.Assign{{Field: "title", Text: fmt.Sprint("Fiche ", i)}, {Field: "body", Text: body}}, c.Env())
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		want, writes := c.Fingerprint(), 0
		var file bytes.Buffer
		err := a.Backup(v.Context(), writerFunc(func(b []byte) (int, error) {
			writes++
			a.add(fmt.Sprint("outil ", writes))
			return file.Write(b)
		}))
		if err != nil || writes < 3 {
			t.Fatalf("Backup in %d writes: %v", writes, err)
		}
		if c.Fingerprint() == want {
			t.Error("nothing was written meanwhile")
		}
		if got := v.restore("copie", file.Bytes()).current().Fingerprint(); got != want {
			t.Errorf("restored to %v, want %v", got, want)
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// The same on a real disk, with a writer beside: each backup is a state that
// the writer had recorded.
func TestBackupBesideAWriter(t *testing.T) {
	kv, _, err := badgerdb.Open(t.TempDir(), badgerdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(node.Options{Dir: t.TempDir(), Store: kv})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- n.Run(ctx, node.Links{}) }()
	c, err := n.Found(ctx, "Communs", "La Fabrique", "Ana", false)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	recorded := map[oplog.Fingerprint]uint64{c.Fingerprint(): c.Changes()}
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := range 150 {
			mu.Lock() // no state is backed up before it is recorded
			_, err := c.Write(ctx, func() ([][]crdt.Edit, error) {
				id := commons.DerivedID("tool", fmt.Sprint(i))
				return commons.Add(id, "tool", []commons.Assign{{Field: "name", Text: fmt.Sprint("Outil ", i)}}, c.Env())
			})
			recorded[c.Fingerprint()] = c.Changes()
			mu.Unlock()
			if err != nil {
				t.Errorf("writing: %v", err)
				return
			}
		}
	}()
	var files [][]byte
	for more := true; more; {
		select {
		case <-written:
			more = false
		default:
		}
		var b bytes.Buffer
		if err := n.Backup(ctx, &b); err != nil {
			t.Fatal(err)
		}
		files = append(files, b.Bytes())
	}
	cancel()
	if err := errors.Join(<-ran, kv.Close()); err != nil {
		t.Fatal(err)
	}
	positions := map[uint64]bool{}
	for i := range files {
		if i%max(1, len(files)/12) != 0 && i != len(files)-1 {
			continue // a dozen is enough, the last among them
		}
		r := restoreInto(t, t.TempDir(), memkv.New(memkv.Options{}), files[i]).All()[0]
		pos, ok := recorded[r.Fingerprint()]
		if !ok || pos != r.Changes() {
			t.Errorf("backup %d of %d entries with fingerprint %v: recorded at %d (%t)", i, r.Changes(), r.Fingerprint(), pos, ok)
		}
		positions[r.Changes()] = true
	}
	if len(positions) < 3 {
		t.Errorf("%d backups of %d states: none was made while the writer wrote", len(files), len(positions))
	}
}

// nothingRestored fails if anything of a backup came to be at a place.
func nothingRestored(t *testing.T, what string, n *node.Node, kv *memkv.DB) {
	t.Helper()
	if got := len(n.All()); got != 0 {
		t.Errorf("%s: %d commons were restored", what, got)
	}
	if keys := kv.Keys([]byte{'c'}); len(keys) > 0 {
		t.Errorf("%s: %d rows were left", what, len(keys))
	}
	if _, err := os.Stat(filepath.Join(n.Dir(), "commons.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: a registry was left (%v)", what, err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("La Fabrique")
		a.found("Communs")
		for i := range 10 {
			a.add(fmt.Sprint("outil ", i))
		}
		file := a.backup()
		dir, kv := v.TempDir(), memkv.New(memkv.Options{})
		n, err := node.Open(node.Options{Dir: dir, Store: kv})
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(3, 3))
		for range 40 {
			at, bit := rng.IntN(len(file)), rng.IntN(8)
			flipped := bytes.Clone(file)
			flipped[at] ^= 1 << bit
			err := n.Restore(v.Context(), bytes.NewReader(flipped), nil)
			if !errors.Is(err, backup.ErrDamaged) && (at > 17 || err == nil) {
				t.Errorf("bit %d of byte %d flipped: %v, want %v", bit, at, err, backup.ErrDamaged)
			}
			nothingRestored(t, fmt.Sprintf("bit %d of byte %d flipped", bit, at), n, kv)
			cut := rng.IntN(len(file)-20) + 20
			if err := n.Restore(v.Context(), bytes.NewReader(file[:cut]), nil); !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("cut off after %d bytes: %v, want %v", cut, err, backup.ErrDamaged)
			}
			nothingRestored(t, fmt.Sprintf("cut off after %d bytes", cut), n, kv)
		}
		for _, tt := range forgeries {
			err := n.Restore(v.Context(), bytes.NewReader(rewrite(t, file, tt.forge)), nil)
			if !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("%s: %v, want %v", tt.name, err, backup.ErrDamaged)
			}
			nothingRestored(t, tt.name, n, kv)
		}
		ctx, cancel := context.WithCancel(v.Context())
		err = n.Restore(ctx, bytes.NewReader(file), func(done, _ int) {
			if done == 9 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		nothingRestored(t, "cancelled", n, kv)
		kv.SetFree(20 << 20)
		if err := n.Restore(v.Context(), bytes.NewReader(file), nil); !errors.Is(err, storage.ErrFull) {
			t.Errorf("on a full disk: %v, want %v", err, storage.ErrFull)
		}
		kv.SetFree(1 << 40)
		nothingRestored(t, "on a full disk", n, kv)

		if err := n.Restore(v.Context(), bytes.NewReader(rewrite(t, file, nil)), nil); err != nil {
			t.Errorf("as it was: %v", err)
		}
		if got, want := n.All()[0].Fingerprint(), a.current().Fingerprint(); got != want {
			t.Errorf("restored to %v, want %v", got, want)
		}
		if err := n.Restore(v.Context(), bytes.NewReader(file), nil); !errors.Is(err, node.ErrOccupied) {
			t.Errorf("where there is a commons: %v, want %v", err, node.ErrOccupied)
		}
	})
}

// What somebody could do to a backup who makes its hash right again.
var forgeries = []struct {
	name  string
	forge func(i int, r *backup.Record) (keep bool)
}{
	{"a change with another signature", func(_ int, r *backup.Record) bool {
		if r.Entry != nil && r.Entry.Sig != nil {
			r.Entry.Sig[5] ^= 1
		}
		return true
	}},
	{"a change without a signature", func(_ int, r *backup.Record) bool {
		if r.Entry != nil {
			r.Entry.Sig = nil
		}
		return true
	}},
	{"other words in a change", func(_ int, r *backup.Record) bool {
		if r.Entry != nil {
			r.Entry.Block = bytes.Replace(r.Entry.Block, []byte("outil 3"), []byte("outil 4"), 1)
		}
		return true
	}},
	{"a change left out", func(i int, r *backup.Record) bool { return r.Entry == nil || i != 8 }},
	{"the last change left out", func(i int, r *backup.Record) bool { return r.Entry == nil || i != 15 }},
	{"a grant by somebody else", func(i int, r *backup.Record) bool {
		if r.Member != nil && i > 0 {
			r.Member.Sig[0] ^= 1
		}
		return true
	}},
	{"a grant left out", func(i int, r *backup.Record) bool { return r.Member == nil || i != 1 }},
	{"another fingerprint", func(_ int, r *backup.Record) bool {
		if r.End != nil {
			r.End[0] ^= 1
		}
		return true
	}},
}

// rewrite makes a backup of what forge leaves of another's records.
func rewrite(t *testing.T, file []byte, forge func(int, *backup.Record) bool) []byte {
	t.Helper()
	in, err := backup.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	h := in.Header
	h.Commons = slices.Clone(h.Commons)
	var records []backup.Record
	for i := 0; ; i++ {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if forge == nil || forge(i, &r) {
			records = append(records, r)
		} else if r.Member != nil {
			h.Commons[0].Members--
		} else {
			h.Commons[0].Entries--
		}
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
		t.Fatal(err)
	}
	return b.Bytes()
}

// No key, in whichever form, is in a backup: whoever finds one can't pass for
// its place, nor be let in.
func TestNoKeyInABackup(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("La Fabrique")
		a.found("Communs")
		a.found("Autres communs")
		a.add("Scie")
		file := a.backup()
		self := a.Self()
		if !bytes.Contains(file, self[:]) {
			t.Error("the device's public key isn't in the backup: is it looked for rightly?")
		}
		entries, err := os.ReadDir(filepath.Join(a.dir, "keys"))
		if err != nil || len(entries) != 6 {
			t.Fatalf("%d keys, %v; want 6: a device, a person, and of two commons the root and the secret", len(entries), err)
		}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(a.dir, "keys", e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
			if err != nil || len(raw) != 32 {
				t.Fatalf("key %s: %d bytes, %v", e.Name(), len(raw), err)
			}
			for form, key := range map[string][]byte{
				"raw": raw, "half of it": raw[:16], "hexadecimal": []byte(hex.EncodeToString(raw)),
				"capital hexadecimal": []byte(strings.ToUpper(hex.EncodeToString(raw))),
				"base64":              []byte(base64.RawStdEncoding.EncodeToString(raw)[:40]),
			} {
				if bytes.Contains(file, key) {
					t.Errorf("key %s is in the backup, %s", e.Name(), form)
				}
			}
		}
	})
}

// All commons of a node are in a backup, and which one is meant. The one that
// `up` made gives way to what is restored; one that is used doesn't.
func TestRestoreSeveral(t *testing.T) {
	inVillage(t, func(v *village) {
		a := v.open("La Fabrique")
		a.found("Communs")
		a.add("Scie")
		a.found("Autres communs")
		a.add("Tour")
		if _, err := a.Commons("Communs"); err != nil {
			t.Fatal(err)
		}
		c := v.open("copie")
		if _, err := c.Found(v.Context(), "Communs de copie", "copie", "Benoît", true); err != nil {
			t.Fatal(err)
		}
		c.halt()
		n := restoreInto(t, c.dir, c.kv, a.backup())
		var got []string
		for _, x := range n.All() {
			got = append(got, x.Name())
		}
		if want := []string{"Communs", "Autres communs"}; !slices.Equal(got, want) {
			t.Errorf("restored %q, want %q", got, want)
		}
		c.start()
		for _, x := range a.All() {
			y, err := c.Commons(x.ID().String())
			if err != nil || y.Fingerprint() != x.Fingerprint() {
				t.Errorf("%s: %v, want %v", x.Name(), err, x.Fingerprint())
			}
		}
		if got := c.backup(); len(got) == 0 {
			t.Error("a restored place can't be backed up")
		}
	})
}

func TestDoctorSpeaksOfBackupsAndDisk(t *testing.T) {
	free := int64(10 << 30)
	n, err := node.Open(node.Options{Dir: t.TempDir(), Store: memkv.New(memkv.Options{}), Free: func() (int64, error) { return free, nil }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- n.Run(ctx, node.Links{}) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	find := func(code string) *node.Notice {
		for _, x := range n.Examine() {
			if x.Code == code {
				return &x
			}
		}
		return nil
	}
	if got := notices(n.Examine()); len(got) != 0 {
		t.Errorf("of nothing the doctor says %q", got)
	}
	if _, err := n.Found(ctx, "Communs", "La Fabrique", "Ana", false); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{node.NoticeNoBackup, node.NoticeAlone, node.NoticeKit} {
		if find(code) == nil {
			t.Errorf("a commons on one machine without a backup: no %s", code)
		}
	}
	for _, tt := range []struct {
		age  time.Duration
		want string
	}{{0, ""}, {29 * 24 * time.Hour, ""}, {40*24*time.Hour + time.Hour, "40"}, {-time.Hour, ""}} {
		if err := n.Backed(time.Now().Add(-tt.age)); err != nil {
			t.Fatal(err)
		}
		got := ""
		if x := find(node.NoticeOldBackup); x != nil {
			got = x.Args[0]
		}
		if got != tt.want || find(node.NoticeNoBackup) != nil {
			t.Errorf("a backup %v old: %q, want %q", tt.age, got, tt.want)
		}
	}
	if err := n.Backed(time.Time{}); err != nil || find(node.NoticeOldBackup) != nil || find(node.NoticeNoBackup) != nil {
		t.Errorf("a backup of an unknown time: %v, %q", err, notices(n.Examine()))
	}
	if find(node.NoticeDisk) != nil {
		t.Error("10 GiB free are said to be too few")
	}
	free = 300 << 20
	if x := find(node.NoticeDisk); x == nil || x.Args[0] != "300" {
		t.Errorf("300 MiB free: %+v, want a notice with the figure", x)
	}
}
