// Package qr draws text as a QR code (ISO/IEC 18004), for screens, paper and
// terminals.
//
//	p, err := qr.Of("http://192.168.1.20:7380/")
//	io.WriteString(w, p.SVG("Scan me"))   // in a page
//	fmt.Print(p.Terminal())               // two rows of squares a line
//
// It promises that what it draws can be read off a scratched label: a seventh of
// the squares may be lost. It reads no codes.
package qr

import (
	"fmt"
	"html"
	"strings"

	"rsc.io/qr"
)

// quiet is how many squares of margin a reader wants around a code.
const quiet = 4

// A Picture is a code as squares, dark and light.
type Picture struct {
	code *qr.Code
}

// Of returns the code of a text. The error is of one that is longer than a code
// can be: about two thousand bytes.
func Of(text string) (*Picture, error) {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("qr: %w", err)
	}
	return &Picture{c}, nil
}

// Size is how many squares a side has, margins included.
func (p *Picture) Size() int { return p.code.Size + 2*quiet }

// Dark tells whether the square in that column and row is dark.
func (p *Picture) Dark(x, y int) bool { return p.code.Black(x-quiet, y-quiet) }

// SVG draws the code, as an element of a page. It is always dark on light, since
// not all readers take it the other way round. name says what it is to who
// can't see it.
func (p *Picture) SVG(name string) string {
	var b strings.Builder
	n := p.Size()
	fmt.Fprintf(&b, `<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges" role="img" aria-label="%s"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="`,
		n, n, html.EscapeString(name), n, n)
	for y := range n {
		for x := 0; x < n; x++ {
			run := 0
			for x+run < n && p.Dark(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x, y, run, run)
				x += run
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String()
}

// Terminal draws the code with half blocks, for terminals whose text is light
// on dark, or dark on light: it sets both colours.
func (p *Picture) Terminal() string {
	var b strings.Builder
	n := p.Size()
	for y := 0; y < n; y += 2 {
		b.WriteString("\x1b[30;107m")
		for x := range n {
			switch top, bottom := p.Dark(x, y), p.Dark(x, y+1); {
			case top && bottom:
				b.WriteRune('█')
			case top:
				b.WriteRune('▀')
			case bottom:
				b.WriteRune('▄')
			default:
				b.WriteRune(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}
