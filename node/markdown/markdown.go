// Package markdown makes HTML of the Markdown that people write in pages, HTML
// that can stand in ours: CommonMark with tables, crossed-out text, bare
// addresses and lists to tick off (GitHub's dialect), and [[links]] to what
// else the commons holds.
//
//	html := markdown.Render(body, markdown.Options{Link: resolve, Image: local})
//
// Whoever may write a page may be anybody, so nothing that they write can run,
// style, or fetch: no script, event handler, style, form or frame, no address
// but http, https, mailto and our own, no image from elsewhere (it becomes a
// link). HTML in a page is shown as the text that it is. The renderer emits
// none of these by itself (goldmark without raw HTML), and a second program
// (bluemonday's policy for what users write) takes out what the first might
// have let pass.
//
// The letters stay as they were typed: no quotes are turned, no spaces or
// dashes exchanged, since French sets them by hand. The package doesn't know
// where anything is: addresses of pages and of files are the caller's.
package markdown

import (
	"bytes"
	"html/template"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Options say where things are. The zero Options resolve nothing.
type Options struct {
	// Link returns the address of what [[target]] means; not ok if there is
	// nothing of that name, which is shown as missing.
	Link func(target string) (href string, ok bool)
	// File returns the address of an attachment by what stands in the text in
	// place of one; not ok if it isn't an attachment. An image that isn't one
	// becomes a link.
	File func(target string) (src string, ok bool)
	// Shift makes headings so many levels smaller, down to the sixth: 1 where
	// the title of the page is a heading of its own.
	Shift int
}

// Classes that the HTML has, for styles to be about.
const (
	ClassMissing = "missing" // of a link to what isn't there
	ClassWithin  = "within"  // of a link to something of the commons
)

// Render returns the HTML of a Markdown text. One that is made to keep the parser
// busy is shown as it stands.
func Render(source string, o Options) template.HTML {
	src := []byte(source)
	if wild(source) {
		return template.HTML("<pre>" + template.HTMLEscapeString(strings.ToValidUTF8(source, "\uFFFD")) + "</pre>\n")
	}
	doc := parse(src)
	var out bytes.Buffer
	r := renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(html.NewRenderer(), 1000),
		util.Prioritized(extension.NewTableHTMLRenderer(), 500),
		util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
		util.Prioritized(&writer{o: o}, 100),
	))
	if err := r.Render(&out, src, doc); err != nil {
		// It writes to memory: the renderers have no other reason to fail.
		panic("markdown: internal error: " + err.Error())
	}
	return template.HTML(policy.SanitizeBytes(out.Bytes()))
}

// A Heading is one of a text's headings.
type Heading struct {
	Level int
	ID    string // of the element that Render makes of it
	Text  string
}

// Outline returns the headings of a text, in order.
func Outline(source string) (out []Heading) {
	src := []byte(source)
	if wild(source) {
		return nil
	}
	walk(parse(src), func(n ast.Node) {
		if h, ok := n.(*ast.Heading); ok {
			id, _ := h.AttributeString("id")
			b, _ := id.([]byte)
			out = append(out, Heading{h.Level, string(b), plain(h, src)})
		}
	})
	return out
}

// Links returns the targets of the [[links]] of a text, each once, in order.
func Links(source string) (out []string) {
	if !strings.Contains(source, "[[") || wild(source) {
		return nil
	}
	seen := make(map[string]bool)
	walk(parse([]byte(source)), func(n ast.Node) {
		if l, ok := n.(*wikiLink); ok && !seen[l.target] {
			seen[l.target] = true
			out = append(out, l.target)
		}
	})
	return out
}

var dialect = goldmark.New(
	goldmark.WithExtensions(extension.Linkify, extension.Table, extension.Strikethrough, extension.TaskList),
	goldmark.WithParserOptions(
		parser.WithAutoHeadingID(),
		parser.WithInlineParsers(util.Prioritized(wikiParser{}, 150)), // before links, at 200
	),
).Parser()

func parse(src []byte) ast.Node {
	return dialect.Parse(text.NewReader(src), parser.WithContext(parser.NewContext(parser.WithIDs(newIDs()))))
}

func walk(n ast.Node, fn func(ast.Node)) {
	// The function never fails, so neither does Walk.
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			fn(n)
		}
		return ast.WalkContinue, nil
	})
}

// plain returns the text within a node, without marks.
func plain(n ast.Node, src []byte) string {
	var b bytes.Buffer
	walk(n, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(src))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *wikiLink:
			b.WriteString(n.label)
		case *ast.AutoLink:
			b.Write(n.Label(src))
		}
	})
	return b.String()
}
