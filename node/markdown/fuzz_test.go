package markdown

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// payloads are one attack a line, and files of pages beside.
func payloads(f *testing.F) (out []string) {
	b, err := os.ReadFile("testdata/payloads.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		out = append(out, strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `\n`, "\n"))
	}
	files, err := filepath.Glob("../formats/testdata/pages/*.md")
	if err != nil || len(out) == 0 {
		f.Fatalf("no payloads: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

// Whatever a page says, and whatever addresses are given for its links and
// files, the HTML can run nothing, style nothing, ask for nothing and fetch
// nothing from elsewhere.
func FuzzMarkdown(f *testing.F) {
	for _, p := range payloads(f) {
		f.Add(p, "/pages/1")
		f.Add("[[a]] ![a](a) [a](a)", p)
	}
	f.Fuzz(func(t *testing.T, source, address string) {
		anywhere := func(string) (string, bool) { return address, true }
		for _, o := range []Options{{}, {Link: anywhere, File: anywhere}} {
			out := string(Render(source, o))
			z := html.NewTokenizer(strings.NewReader(out))
			for z.Next() != html.ErrorToken {
				checkToken(t, z.Token(), out)
			}
		}
		_ = Outline(source)
		for _, l := range Links(source) {
			if l == "" || len(l) > maxTarget {
				t.Errorf("a link to %q", l)
			}
		}
	})
}

var (
	harmless = strings.Fields("a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr img input li ol p pre span strong table tbody td th thead tr ul")
	said     = strings.Fields("href src alt title id class rel align start type checked disabled loading")
)

func checkToken(t *testing.T, tok html.Token, out string) {
	t.Helper()
	switch tok.Type {
	case html.TextToken, html.EndTagToken:
		return
	case html.StartTagToken, html.SelfClosingTagToken:
	default:
		t.Errorf("a %v in %q", tok.Type, out)
	}
	if !slices.Contains(harmless, tok.Data) {
		t.Errorf("an element %q in %q", tok.Data, out)
	}
	for _, a := range tok.Attr {
		if !slices.Contains(said, a.Key) {
			t.Errorf("an attribute %q in %q", a.Key, out)
		}
		// Browsers leave control characters and spaces out of schemes.
		v := strings.ToLower(strings.Map(func(r rune) rune {
			if r <= ' ' || r == 0x7f {
				return -1
			}
			return r
		}, a.Val))
		if a.Key == "src" && v != "" && (!strings.HasPrefix(v, "/") || strings.HasPrefix(v, "//") || strings.HasPrefix(v, `/\`)) {
			t.Errorf("an image from %q in %q", a.Val, out)
		}
		scheme, _, has := strings.Cut(v, ":")
		if a.Key == "href" && has && !strings.ContainsAny(scheme, "/?#") && !slices.Contains([]string{"http", "https", "mailto"}, scheme) {
			t.Errorf("an address %q in %q", a.Val, out)
		}
	}
}
