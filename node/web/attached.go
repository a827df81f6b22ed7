package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/storage/blob"
)

// fileRoutes are the files of a thing: photos, manuals, risk sheets.
var fileRoutes = []route{
	{"GET", "/things/{id}/files/{cid}", anybody, everywhere, (*visit).file},
	{"POST", "/things/{id}/files", member, everywhere, (*visit).attach},
	{"POST", "/things/{id}/files/remove", member, everywhere, (*visit).detach},
}

// maxFile is the largest file that a form may bring.
const maxFile = 12 << 20

// shownTypes are the media types that a browser may show as a part of our
// pages; anything else is for keeping. No SVG: it can hold scripts.
var shownTypes = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// A fileShown is a file of a thing.
type fileShown struct {
	CID, Name, Path string
	Picture         string // the path of what is shown of it; "" if nothing can be
	Size            int64
	Here            bool
}

// KB is its size in thousands of bytes, one at least.
func (f fileShown) KB() int { return max(1, int(f.Size/1000)) }

// filesOf are the files of a thing.
func (v *visit) filesOf(t *thing) (out []fileShown, err error) {
	list, err := v.commons.Attached(t.doc.ID())
	for _, a := range list {
		f := fileShown{CID: a.CID, Name: a.Name, Path: "/things/" + t.ID + "/files/" + a.CID, Size: a.Size, Here: a.Here}
		if a.Preview != "" {
			f.Picture = "/things/" + t.ID + "/files/" + a.Preview
		} else if a.Here && slices.Contains(shownTypes, a.Type) {
			f.Picture = f.Path
		}
		out = append(out, f)
	}
	return out, err
}

// file sends a file of a thing that whoever asks may see.
func (v *visit) file() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	cid := commons.CleanCID(v.PathValue("cid"))
	list := commons.Attachments(t.doc)
	i := slices.IndexFunc(list, func(a commons.Attachment) bool { return cid != "" && (a.CID == cid || a.Preview == cid) })
	if i < 0 {
		return &problem{status: http.StatusNotFound, key: "problem.nothing"}
	}
	f, err := v.s.node.OpenFile(cid)
	if errors.Is(err, blob.ErrAbsent) {
		if err := v.s.node.FetchFile(cid); err != nil {
			return err
		}
		return &problem{status: http.StatusNotFound, key: "problem.file_away"}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	kind, name := list[i].Type, list[i].Name
	if cid == list[i].Preview && cid != list[i].CID {
		kind, name = "image/jpeg", "preview.jpg"
	}
	how := "inline"
	if !slices.Contains(shownTypes, kind) {
		kind, how = "application/octet-stream", "attachment"
	}
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", how+"; filename*=UTF-8''"+escaped(name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	http.ServeContent(v.w, v.Request, "", time.Time{}, f)
	return nil
}

// escaped writes a file's name as a header has it (RFC 8187).
func escaped(name string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
	var b strings.Builder
	for _, c := range []byte(name) {
		if strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
		}
	}
	return b.String()
}

// attach adds a file that a form brought.
func (v *visit) attach() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	f, head, err := v.FormFile("file")
	if err != nil {
		return &problem{http.StatusUnprocessableEntity, "problem.file", nil, err}
	}
	defer f.Close()
	a, err := v.commons.Attach(v.Context(), v.session.author(), t.doc.ID(), commons.Composed(head.Filename), "", f)
	if err != nil {
		return err
	}
	u := v.undo("/things/"+t.ID+"/files/remove", t.Path)
	u.Fields.Set("cid", a.CID)
	return v.goSaying(t.Path+"#files", &message{Key: "said.attached", Args: []any{a.Name}, Undo: u})
}

// detach takes a file off a thing.
func (v *visit) detach() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	cid := commons.CleanCID(v.FormValue("cid"))
	was, _ := v.commons.Mark()
	if err := v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) { return commons.Detach(d, cid) }); err != nil {
		return err
	}
	u := v.undo("/things/"+t.ID+"/back", t.Path)
	u.Fields.Set("was", was)
	u.Fields.Set("field", "attachments."+cid)
	return v.goSaying(t.Path+"#files", &message{Key: "said.detached", Undo: u})
}
