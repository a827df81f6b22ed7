package web

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func picture(t *testing.T) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 400, 300))
	for x := range 400 {
		for y := range 300 {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), 120, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var imagePath = regexp.MustCompile(`<a href="([^"]*/files/[^"]*)"><img src="([^"]*)"`)

func TestPhotos(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	id := s.add("tool", "name=Perceuse")
	photo := picture(t)
	page := ana.send("/things/"+id.String()+"/files", "Été <b>.png", photo, http.StatusOK)
	ana.shows(page, "est ajouté", "Été &lt;b&gt;.png")
	m := imagePath.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page shows no picture: %s", text(page))
	}
	if got := v.get(m[1], http.StatusOK); got != photo {
		t.Errorf("the photo came back as %d bytes; want %d", len(got), len(photo))
	}
	if got := v.get(m[2], http.StatusOK); len(got) == 0 || got == photo {
		t.Errorf("the preview has %d bytes", len(got))
	}
	gone := ana.post("/things/"+id.String()+"/files/remove", http.StatusOK, "cid="+m[1][strings.LastIndexByte(m[1], '/')+1:])
	ana.shows(gone, "Le fichier est retiré")
	ana.hides(gone, "<img src=\"/things")
	v.get(m[1], http.StatusNotFound)
	ana.shows(ana.undo(gone), "<img src=\"/things")

	// What could run in a page is for keeping, not for showing.
	page = ana.send("/things/"+id.String()+"/files", "x.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, http.StatusOK)
	svg := regexp.MustCompile(`<a href="([^"]*/files/[^"]*)">x.svg`).FindStringSubmatch(page)
	if svg == nil {
		t.Fatalf("the page doesn't list the drawing: %s", text(page))
	}
	resp, err := v.client.Get(s.url + svg[1])
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if kind, how := resp.Header.Get("Content-Type"), resp.Header.Get("Content-Disposition"); kind != "application/octet-stream" || !strings.HasPrefix(how, "attachment") {
		t.Errorf("a drawing is sent as %q, %q", kind, how)
	}
	// Files of what only members see aren't for visitors, and none leads to
	// another thing's.
	s.write(id, "visibility=members")
	v.get(m[1], http.StatusNotFound)
	other := s.add("tool", "name=Scie")
	v.get(strings.Replace(m[1], id.String(), other.String(), 1), http.StatusNotFound)
	ana.send("/things/"+id.String()+"/files", "gros.png", strings.Repeat("x", maxFile+1), http.StatusRequestEntityTooLarge)
}
