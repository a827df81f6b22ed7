package markdown

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"navette/crdt/commons"
)

// maxTarget bounds what stands between the brackets of a link: a title, in
// bytes, and what is shown for it.
const maxTarget = 1024

// wikiLink is [[target]] or [[target|label]].
type wikiLink struct {
	ast.BaseInline
	target, label string
}

var kindWikiLink = ast.NewNodeKind("WikiLink")

// Kind implements ast.Node.
func (l *wikiLink) Kind() ast.NodeKind { return kindWikiLink }

// Dump implements ast.Node.
func (l *wikiLink) Dump(source []byte, level int) {
	ast.DumpHelper(l, source, level, map[string]string{"target": l.target, "label": l.label}, nil)
}

type wikiParser struct{}

// Trigger implements parser.InlineParser.
func (wikiParser) Trigger() []byte { return []byte{'['} }

// Parse implements parser.InlineParser.
func (wikiParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	// No more of it, or a line of brackets would take time without end.
	inner, ok := strings.CutPrefix(string(line[:min(len(line), maxTarget+len("[[]]"))]), "[[")
	if !ok {
		return nil
	}
	end := strings.Index(inner, "]]")
	if end < 0 || strings.ContainsAny(inner[:end], "[]\n") {
		return nil
	}
	target, label, named := strings.Cut(inner[:end], "|")
	// In a table the mark between the two has to be escaped.
	target, label = strings.TrimSpace(strings.TrimSuffix(target, `\`)), strings.TrimSpace(label)
	if target == "" {
		return nil
	}
	if !named || label == "" {
		label = target
	}
	block.Advance(len("[[") + end + len("]]"))
	return &wikiLink{target: target, label: label}
}

// ids gives headings their ids: the heading without accents, in small letters,
// after "s-", so that no heading takes the name of anything else on a page.
type ids struct{ taken map[string]int }

func newIDs() parser.IDs { return &ids{make(map[string]int)} }

// Generate implements parser.IDs.
func (s *ids) Generate(value []byte, _ ast.NodeKind) []byte {
	id := "s-" + strings.Join(strings.FieldsFunc(commons.Fold(string(value)), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
	if len(id) > 80 {
		id = strings.TrimRight(id[:80], "-")
	}
	s.taken[id]++
	if n := s.taken[id]; n > 1 {
		// No heading ends so by itself: dots aren't among what is left of it.
		id += "." + strconv.Itoa(n)
	}
	return []byte(id)
}

// Put implements parser.IDs.
func (s *ids) Put([]byte) {}
