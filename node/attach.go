package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node/preview"
	"navette/storage"
	"navette/storage/blob"
)

// FileRule says which attachments a node fetches by itself; any other it
// fetches when somebody asks for it. Previews always come.
type FileRule struct {
	// Most is how many bytes a file may have. Zero: 8 MiB. Less: none comes by
	// itself.
	Most int64
	// Kinds and Places are of which kinds of resource and of which home places,
	// by name. Empty: of all.
	Kinds, Places []string
}

const defaultMost = 8 << 20

// takes tells whether a file of a resource comes by itself.
func (r FileRule) takes(size int64, kind, place string) bool {
	in := func(list []string, s string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(x string) bool { return commons.Fold(x) == commons.Fold(s) })
	}
	return size <= cmp.Or(r.Most, defaultMost) && in(r.Kinds, kind) && in(r.Places, place)
}

// An Attached is a file of a resource, and how much of it is here.
type Attached struct {
	commons.Attachment
	Here         bool
	Leaves, Come int  // of one on its way
	Asked        bool // somebody here wants it
}

// roomFor is an error if a file isn't to take so many bytes of the disk.
func (n *Node) roomFor(bytes int64, own bool) error {
	if n.o.Free == nil {
		return nil
	}
	free, err := n.o.Free()
	if err != nil {
		return nil // nobody knows: the disk will say
	}
	class := storage.Others
	if own {
		class = storage.Own
	}
	return storage.DefaultFloors.Check(class, free-bytes)
}

// Attach adds a file to a resource, in somebody's name, and a preview if it is an
// image. A kind of "" is found out. The error is storage.ErrFull,
// blob.ErrTooLarge, commons.FieldError, or that of WriteAs; then nothing was
// attached.
func (c *Commons) Attach(ctx context.Context, by Author, id crdt.ID, name, kind string, r io.Reader) (a commons.Attachment, err error) {
	if _, err := c.Doc(id); err != nil {
		return a, err
	}
	cid, size, err := c.n.blobs.Put(r)
	if err != nil {
		return a, err
	}
	a = commons.Attachment{CID: cid.String(), Name: path.Base("/" + name), Type: kind, Size: size}
	if err := c.n.describe(cid, &a); err != nil {
		return a, err
	}
	c.n.shelf.unrelease(cid)
	_, err = c.WriteAs(ctx, by, func() ([][]crdt.Edit, error) {
		d, err := c.Doc(id)
		if err != nil {
			return nil, err
		}
		return commons.Attach(d, a)
	})
	return a, err
}

// describe finds out the media type of a file that is here, and makes its
// preview.
func (n *Node) describe(cid blob.CID, a *commons.Attachment) error {
	f, err := n.blobs.File(cid)
	if err != nil {
		return err
	}
	defer f.Close()
	if a.Type == "" {
		a.Type = mime.TypeByExtension(path.Ext(a.Name))
	}
	if a.Type == "" {
		b := make([]byte, 512)
		k, err := f.ReadAt(b, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("look at file %v: %w", cid, err)
		}
		a.Type = http.DetectContentType(b[:k])
	}
	a.Type, _, _ = strings.Cut(a.Type, ";")
	if !strings.HasPrefix(a.Type, "image/") {
		return nil
	}
	n.drawing.Lock() // one at a time: each takes memory
	defer n.drawing.Unlock()
	small, err := preview.Make(f)
	if err != nil {
		n.o.Log.Debug("no preview", "file", a.Name, "err", err)
		return nil // it is shown by its name
	}
	id, _, err := n.blobs.Put(strings.NewReader(string(small)))
	a.Preview = id.String()
	return err
}

// Detach takes a file off a resource. Its bytes stay until they are released.
func (c *Commons) Detach(ctx context.Context, by Author, id crdt.ID, cid string) error {
	_, err := c.WriteAs(ctx, by, func() ([][]crdt.Edit, error) {
		d, err := c.Doc(id)
		if err != nil {
			return nil, err
		}
		return commons.Detach(d, cid)
	})
	return err
}

// Attached returns the files of a resource.
func (c *Commons) Attached(id crdt.ID) (out []Attached, err error) {
	d, err := c.Doc(id)
	if err != nil {
		return nil, err
	}
	for _, a := range commons.Attachments(d) {
		x := Attached{Attachment: a}
		if cid, err := blob.Parse(a.CID); err == nil {
			x.Here = c.n.blobs.Has(cid)
			x.Come, x.Leaves = c.n.blobs.Progress(cid)
			x.Asked = c.n.shelf.isAsked(cid)
		}
		out = append(out, x)
	}
	return out, nil
}

// FilesHere sums up the attachments of all commons.
type FilesHere struct {
	Files   int   // here, previews included
	Bytes   int64 // of these
	Wanted  int   // to be fetched, from whoever has them
	Fetched int64 // leaves that came from others, since the start
	NoRoom  bool  // nothing is fetched, since the disk is full
}

// FilesHere says how it stands with attachments.
func (n *Node) FilesHere() (h FilesHere, err error) {
	list, err := n.blobs.All()
	for _, id := range list {
		if size, err := n.blobs.Size(id); err == nil {
			h.Files++
			h.Bytes += size
		}
	}
	for _, c := range n.All() {
		h.Wanted += len(n.shelf.wants(c.id, n.o.Files, n.blobs.Has))
	}
	h.Fetched = n.counted.Load()
	n.fetching.mu.Lock()
	defer n.fetching.mu.Unlock()
	h.NoRoom = time.Since(n.fetching.full) < 2*fetchRest && h.Wanted > 0
	return h, err
}

// OpenFile opens the content of an attachment or a preview, which the caller
// closes. The errors are blob.ErrInvalid for what is no CID, and blob.ErrAbsent
// for one that isn't here: FetchFile asks for it.
func (n *Node) OpenFile(cid string) (*os.File, error) {
	id, err := blob.Parse(cid)
	if err != nil {
		return nil, err
	}
	return n.blobs.File(id)
}

// FetchFile asks other places for a file, from now on until it has come, also if
// the rule leaves it out or it was released.
func (n *Node) FetchFile(cid string) error {
	id, err := blob.Parse(cid)
	if err != nil {
		return err
	}
	if n.blobs.Has(id) {
		return nil
	}
	err = n.shelf.ask(id)
	signal(n.shelf.news)
	return err
}

// ReleaseFile removes a file's bytes from this disk. Its resources name it as
// before, and it doesn't come back by itself.
func (n *Node) ReleaseFile(cid string) error {
	id, err := blob.Parse(cid)
	if err != nil {
		return err
	}
	if err := n.shelf.release(id); err != nil {
		return err
	}
	return n.blobs.Release(id)
}
