package commons

import (
	"errors"
	"slices"
	"testing"

	"navette/crdt"
)

const (
	photoCID   = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
	previewCID = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
	manualCID  = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
)

func TestAttachmentsMeetByCID(t *testing.T) {
	id := crdt.ID{7}
	photo := Attachment{CID: photoCID, Name: "Découpe laser.jpg", Type: "image/jpeg", Size: 2_345_678, Preview: previewCID}
	manual := Attachment{CID: manualCID, Name: "manuel.pdf", Type: "application/pdf", Size: 12}
	a, b := newSite(t, "A", id), newSite(t, "B", id)
	a.do(Add(id, "tool", []Assign{{Field: "name", Text: "Laser"}}, Env{}))
	a.meet(b)
	// The same file at both places, and one more at one of them.
	a.do(Attach(a.doc, photo, manual))
	b.do(Attach(b.doc, photo))
	a.meet(b)
	want := []Attachment{photo, manual}
	if got := Attachments(a.doc); !slices.Equal(got, want) {
		t.Errorf("attachments at A: %v; want %v", got, want)
	}
	if got := Attachments(b.doc); !slices.Equal(got, want) {
		t.Errorf("attachments at B: %v; want %v", got, want)
	}
	if r := View(a.doc); r.Versions != 0 {
		t.Errorf("%d fields have two versions; want none: it is the same file", r.Versions)
	}
	if edits, err := Attach(a.doc, manual); err != nil || len(edits) != 0 {
		t.Errorf("attached again: %v, %v; want no edit", edits, err)
	}
	a.do(Detach(a.doc, photoCID))
	if got := Attachments(a.doc); !slices.Equal(got, []Attachment{manual}) {
		t.Errorf("attachments after one was taken off: %v; want %v", got, manual)
	}
}

func TestAttachmentsAreChecked(t *testing.T) {
	good := Attachment{CID: photoCID, Name: "a b.jpg", Type: "image/jpeg", Size: 1}
	for name, spoil := range map[string]func(*Attachment){
		"no CID":           func(a *Attachment) { a.CID = "laser.jpg" },
		"a CID too long":   func(a *Attachment) { a.CID += "a" },
		"capitals":         func(a *Attachment) { a.CID = "B" + a.CID[1:] },
		"a folder in name": func(a *Attachment) { a.Name = "../passwd" },
		"no name":          func(a *Attachment) { a.Name = "" },
		"less than empty":  func(a *Attachment) { a.Size = -1 },
		"no preview's CID": func(a *Attachment) { a.Preview = "small.jpg" },
	} {
		d := newSite(t, "A", crdt.ID{7})
		d.do(Add(d.id, "tool", []Assign{{Field: "name", Text: "Laser"}}, Env{}))
		bad := good
		spoil(&bad)
		if _, err := Attach(d.doc, bad); !errors.Is(err, ErrValue) {
			t.Errorf("%s: %v; want %v", name, err, ErrValue)
		}
	}
}
