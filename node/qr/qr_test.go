package qr

import (
	"encoding/xml"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// read reads a picture as a camera would, square by square.
func read(t *testing.T, p *Picture) string {
	t.Helper()
	const scale = 4
	n := p.Size() * scale
	img := image.NewGray(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			if !p.Dark(x/scale, y/scale) {
				img.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	got, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got.GetText()
}

func TestReadsBack(t *testing.T) {
	for _, text := range []string{
		"x",
		"http://192.168.1.20:7380/code#ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"navette:" + strings.Repeat("abcdefgh", 40),
		"Perceuse à colonne, « l'atelier »",
	} {
		p, err := Of(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, p); got != text {
			t.Errorf("%q reads back as %q", text, got)
		}
	}
}

func TestTooLong(t *testing.T) {
	if _, err := Of(strings.Repeat("é", 2000)); err == nil {
		t.Error("4 000 bytes fit in a code")
	}
}

// The element is well formed, whatever its name, and has as many dark squares
// as the code; so has what a terminal shows.
func TestDrawings(t *testing.T) {
	p, err := Of("http://192.0.2.1:7380/")
	if err != nil {
		t.Fatal(err)
	}
	dark := 0
	for y := range p.Size() {
		for x := range p.Size() {
			if p.Dark(x, y) {
				dark++
			}
		}
	}
	svg := p.SVG(`the "page" <here> & now`)
	if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
		t.Errorf("the element is malformed: %v", err)
	}
	runs := 0
	for _, part := range strings.Split(svg, "h")[1:] {
		var n int
		for i := 0; i < len(part) && part[i] >= '0' && part[i] <= '9'; i++ {
			n = n*10 + int(part[i]-'0')
		}
		if strings.TrimLeft(part, "0123456789") == "v1" {
			runs += n
		}
	}
	if runs != dark {
		t.Errorf("the element has %d dark squares, the code %d", runs, dark)
	}
	shown := p.Terminal()
	if got := 2*strings.Count(shown, "█") + strings.Count(shown, "▀") + strings.Count(shown, "▄"); got != dark {
		t.Errorf("the terminal shows %d dark squares, the code has %d", got, dark)
	}
}
