package commons

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"navette/crdt"
)

// An Attachment is a file that belongs to a resource: a photo, a manual, a risk
// sheet. A resource names it; where its bytes are is another matter
// (storage/blob).
type Attachment struct {
	CID     string `json:"cid"`  // of its content, as text: what tells it from others
	Name    string `json:"name"` // what people call it, as a file of their own
	Type    string `json:"type"` // its media type, "image/jpeg"
	Size    int64  `json:"size"` // in bytes
	Preview string `json:"preview,omitempty"`
}

// AttachmentBytes is how long a CID of an attachment is as text: CIDv1 with a
// sha2-256, in base32.
const AttachmentBytes = 59

// CleanCID returns the CID in s if it may be that of an attachment; "" if not.
func CleanCID(s string) string {
	if len(s) != AttachmentBytes || s[0] != 'b' || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return ""
	}
	return s
}

// Attachments returns the files of a resource, by name. One that is named
// differently at two places has the name that is shown first.
func Attachments(d *crdt.Doc) (out []Attachment) {
	for _, m := range d.Map(fieldAttachments) {
		key, _ := m.Key.Text()
		a, ok := readAttachment(m.Entries[0].Value)
		if a.CID = CleanCID(key); ok && a.CID != "" {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Attachment) int { return strings.Compare(a.Name+"\x00"+a.CID, b.Name+"\x00"+b.CID) })
	return out
}

// Attach adds files to a resource, or renames those that it has.
func Attach(d *crdt.Doc, files ...Attachment) ([][]crdt.Edit, error) {
	w, err := known(d, Env{})
	if err != nil {
		return nil, err
	}
	for _, a := range files {
		text := fmt.Sprintf("%d %s %s %s", a.Size, a.Type, dash(a.Preview), a.Name)
		if err := w.assign(Assign{Field: "attachments", Key: a.CID, Text: text}); err != nil {
			return nil, err
		}
	}
	return w.changes(), nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Detach takes a file off a resource. Its history still names it.
func Detach(d *crdt.Doc, cid string) ([][]crdt.Edit, error) {
	return Set(d, []Assign{{Field: "attachments", Key: cid}}, Env{})
}

// attachmentValue reads "SIZE TYPE PREVIEW NAME", where PREVIEW is a CID or "-".
func attachmentValue(text string) (crdt.Value, bool) {
	parts := strings.SplitN(strings.TrimSpace(text), " ", 4)
	if len(parts) < 4 {
		return nil, false
	}
	size, err := strconv.ParseInt(parts[0], 10, 64)
	if parts[2] == "-" {
		parts[2] = ""
	}
	v := crdt.List(crdt.Text(parts[3]), crdt.Text(parts[1]), crdt.Int(size), crdt.Text(parts[2]))
	_, ok := readAttachment(v)
	return v, err == nil && ok
}

// readAttachment reads [name, type, size, preview].
func readAttachment(v crdt.Value) (a Attachment, ok bool) {
	items, ok := v.List()
	if !ok || len(items) != 4 {
		return a, false
	}
	var oks [4]bool
	a.Name, oks[0] = items[0].Text()
	a.Type, oks[1] = items[1].Text()
	a.Size, oks[2] = items[2].Int()
	a.Preview, oks[3] = items[3].Text()
	ok = oks == [4]bool{true, true, true, true} && a.Size >= 0 && (a.Preview == "" || CleanCID(a.Preview) != "") &&
		a.Name != "" && len(a.Name) <= Short.Bytes && !strings.ContainsAny(a.Name, "/\x00") && len(a.Type) <= Short.Bytes
	return a, ok
}
