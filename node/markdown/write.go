package markdown

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// policy is what may stand in the HTML of a page.
var policy = func() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(`+ClassMissing+`|`+ClassWithin+`)$`)).OnElements("a", "span")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[a-z0-9+#-]{1,32}$`)).OnElements("code")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(regexp.MustCompile(`^$`)).OnElements("input")
	p.AllowAttrs("loading").Matching(regexp.MustCompile(`^lazy$`)).OnElements("img")
	p.RequireNoReferrerOnFullyQualifiedLinks(true)
	p.RewriteSrc(func(u *url.URL) {
		if u.Scheme != "" || u.Host != "" || !local(u.String()) {
			*u = url.URL{} // it fetches nothing
		}
	})
	return p
}()

// local tells whether an address is one of this very node: a path.
func local(href string) bool {
	return strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//") && !strings.ContainsAny(href, "\\\t\r\n")
}

// A writer writes the nodes that aren't goldmark's to write.
type writer struct{ o Options }

// RegisterFuncs implements renderer.NodeRenderer.
func (w *writer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindWikiLink, w.link)
	r.Register(ast.KindImage, w.image)
	r.Register(ast.KindLink, w.ordinary)
	r.Register(ast.KindHeading, w.heading)
	r.Register(ast.KindRawHTML, w.inlineHTML)
	r.Register(ast.KindHTMLBlock, w.blockHTML)
	r.Register(east.KindTaskCheckBox, w.box)
}

func (w *writer) link(out util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	l := n.(*wikiLink)
	label := util.EscapeHTML([]byte(l.label))
	if w.o.Link != nil {
		if href, ok := w.o.Link(l.target); ok {
			open(out, "a", "href", href, "class", ClassWithin)
			out.Write(label)
			out.WriteString("</a>")
			return ast.WalkContinue, nil
		}
	}
	open(out, "span", "class", ClassMissing)
	out.Write(label)
	out.WriteString("</span>")
	return ast.WalkContinue, nil
}

// open writes a tag with its attributes, a name and a value each.
func open(out util.BufWriter, tag string, attributes ...string) {
	out.WriteString("<" + tag)
	for i := 0; i+1 < len(attributes); i += 2 {
		out.WriteString(" " + attributes[i] + `="`)
		out.Write(util.EscapeHTML([]byte(attributes[i+1])))
		out.WriteByte('"')
	}
	out.WriteByte('>')
}

// file returns the address of an attachment.
func (w *writer) file(destination []byte) (src string, ok bool) {
	if w.o.File == nil {
		return "", false
	}
	src, ok = w.o.File(string(destination))
	return src, ok && local(src)
}

func (w *writer) ordinary(out util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	l := n.(*ast.Link)
	if !entering {
		out.WriteString("</a>")
		return ast.WalkContinue, nil
	}
	href, ok := w.file(l.Destination)
	if !ok {
		href = string(util.URLEscape(l.Destination, true))
	}
	if len(l.Title) > 0 {
		open(out, "a", "href", href, "title", string(l.Title))
	} else {
		open(out, "a", "href", href)
	}
	return ast.WalkContinue, nil
}

// image writes an attachment as an image, and one from elsewhere as a link to
// it, since a page fetches nothing from others.
func (w *writer) image(out util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	i := n.(*ast.Image)
	alt := strings.TrimSpace(plain(i, source))
	if src, ok := w.file(i.Destination); ok {
		open(out, "img", "src", src, "alt", alt, "loading", "lazy")
		return ast.WalkSkipChildren, nil
	}
	if alt == "" {
		alt = string(i.Destination)
	}
	open(out, "a", "href", string(util.URLEscape(i.Destination, true)))
	out.Write(util.EscapeHTML([]byte(alt)))
	out.WriteString("</a>")
	return ast.WalkSkipChildren, nil
}

func (w *writer) heading(out util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	h := n.(*ast.Heading)
	tag := "h" + string(rune('0'+max(1, min(6, h.Level+w.o.Shift))))
	if !entering {
		out.WriteString("</" + tag + ">\n")
		return ast.WalkContinue, nil
	}
	id, _ := h.AttributeString("id")
	if b, ok := id.([]byte); ok {
		open(out, tag, "id", string(b))
	} else {
		open(out, tag)
	}
	return ast.WalkContinue, nil
}

var lineBreak = regexp.MustCompile(`(?i)^<br\s*/?>$`)

// inlineHTML shows HTML as the text that it is, but for what breaks a line, and
// comments.
func (w *writer) inlineHTML(out util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkSkipChildren, nil
	}
	raw := n.(*ast.RawHTML).Segments.Value(source)
	switch {
	case lineBreak.Match(raw):
		out.WriteString("<br>")
	case !comment(raw):
		out.Write(util.EscapeHTML(raw))
	}
	return ast.WalkSkipChildren, nil
}

func (w *writer) blockHTML(out util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	b := n.(*ast.HTMLBlock)
	if !entering {
		return ast.WalkContinue, nil
	}
	raw := b.Lines().Value(source)
	if b.HasClosure() {
		raw = append(bytes.Clone(raw), b.ClosureLine.Value(source)...)
	}
	if !comment(raw) {
		out.WriteString("<p>")
		out.Write(util.EscapeHTML(bytes.TrimSpace(raw)))
		out.WriteString("</p>\n")
	}
	return ast.WalkContinue, nil
}

// comment tells whether HTML is one comment and nothing else.
func comment(raw []byte) bool {
	raw = bytes.TrimSpace(raw)
	return bytes.HasPrefix(raw, []byte("<!--")) && bytes.Index(raw, []byte("-->")) == len(raw)-len("-->")
}

func (w *writer) box(out util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	if n.(*east.TaskCheckBox).IsChecked {
		out.WriteString(`<input type="checkbox" checked="" disabled=""> `)
	} else {
		out.WriteString(`<input type="checkbox" disabled=""> `)
	}
	return ast.WalkContinue, nil
}
