package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"navette/crdt/oplog"
	"navette/node/backup"
	"navette/storage"
)

// Backup writes a backup of all commons to w: one state of the store, that of
// the moment when it begins, while commits go on. It holds a few bytes an entry
// in memory, and no key goes into it. The error is ErrNoCommons if there is
// nothing, ctx's, w's, or the store's; what was written then reads as damaged.
func (n *Node) Backup(ctx context.Context, w io.Writer) error {
	n.mu.Lock()
	entries, current := slices.Clone(n.registry.Commons), n.registry.Current
	n.mu.Unlock()
	return n.o.Store.View(func(r storage.Reader) error {
		h := &backup.Header{Program: Version}
		if now := time.Now(); plausible(now) {
			h.Made = now
		}
		var dumps []*storage.Dump
		for _, e := range entries {
			d, err := storage.NewDump(r, prefixOf(e.Number), e.id())
			if errors.Is(err, storage.ErrNotFound) {
				continue // it gave way just now
			}
			if err != nil {
				return err
			}
			dumps = append(dumps, d)
			h.Commons = append(h.Commons, backup.Commons{ID: d.Commons, Current: e.ID == current, Members: d.Members, Entries: d.Entries})
		}
		if len(dumps) == 0 {
			return ErrNoCommons
		}
		out, err := backup.NewWriter(w, h)
		if err != nil {
			return err
		}
		for _, d := range dumps {
			f, err := d.Each(
				func(e storage.MemberEntry) error { return errors.Join(out.Member(e), ctx.Err()) },
				func(e storage.Entry) error { return errors.Join(out.Entry(e), ctx.Err()) })
			if err == nil {
				err = out.End(f)
			}
			if err != nil {
				return err
			}
		}
		return out.Close()
	})
}

// id is the commons' id.
func (e *entry) id() oplog.CommonsID { return oplog.CommonsID(oplog.Sum(e.Genesis)) }

// When the last backup was made outlives the process, so that the doctor can
// say that there is none, or an old one.
const backupKey = "n/backup"

// staleBackup is how old a backup may be before the doctor speaks of it.
const staleBackup = 30 * 24 * time.Hour

// Backed remembers that a backup that was made at a time, zero if that isn't
// known, is in a safe place.
func (n *Node) Backed(made time.Time) error {
	var seconds int64
	if !made.IsZero() {
		seconds = made.Unix()
	}
	value := binary.AppendVarint(nil, seconds)
	err := n.o.Store.Update(storage.Membership, func(t storage.Txn) error { return t.Set([]byte(backupKey), value) })
	if err != nil {
		return fmt.Errorf("remember the backup: %w", err)
	}
	return nil
}

// lastBackup is when the last backup was made that is in a safe place: nil if
// there is none, zero if its time isn't known.
func (n *Node) lastBackup() (made *time.Time, err error) {
	err = n.o.Store.View(func(r storage.Reader) error {
		b, err := r.Get([]byte(backupKey))
		if err != nil {
			return err
		}
		seconds, size := binary.Varint(b)
		if size <= 0 {
			return fmt.Errorf("%w: when the last backup was made", storage.ErrCorrupt)
		}
		made = new(time.Time)
		if seconds != 0 {
			*made = time.Unix(seconds, 0)
		}
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	return made, err
}
