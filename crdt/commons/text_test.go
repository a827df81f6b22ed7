package commons

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"navette/crdt"
	"navette/crdt/text"
)

func newPage(t *testing.T, body string) *site {
	t.Helper()
	id := DerivedID("page", "p.md")
	s := newSite(t, "A", id)
	s.do(Add(id, "page", []Assign{{Field: "path", Text: "p.md"}, {Field: "body", Text: body}}, paris))
	return s
}

func (s *site) body() string { return s.doc.Text(fieldBody).String() }

func TestLongPage(t *testing.T) {
	// Characters of three bytes, so that pieces don't end where bytes would.
	body := strings.Repeat("« ça… »\r\n", 20<<10)
	s := newPage(t, body)
	if s.body() != body {
		t.Fatalf("the body came out with %d bytes; want %d", len(s.body()), len(body))
	}
	if n := len(s.all); n < len(body)/maxInsertPerChange || n > len(body)/maxInsertPerChange+2 {
		t.Errorf("%d bytes took %d changes", len(body), n)
	}
	s.set("body=court")
	s.set("body=")
	if s.body() != "" {
		t.Errorf("body = %q; want it empty", s.body())
	}
	if _, err := Set(s.doc, []Assign{{Field: "body", Text: strings.Repeat("x", 1<<20+1)}}, paris); !errors.Is(err, ErrBound) {
		t.Errorf("more than 1 MiB = %v; want %v", err, ErrBound)
	}
	if small := newPage(t, "# Titre\n"); len(small.all) != 1 {
		t.Errorf("a short page took %d changes; want 1", len(small.all))
	} else if r := small.view(); r.Title != "Titre" {
		t.Errorf("title = %q; want the heading", r.Title)
	}
}

func TestEditPageApart(t *testing.T) {
	a := newPage(t, "# Laser\n\nPremier paragraphe.\n\nSecond paragraphe.\n")
	b := a.with("B")
	before := a.body()
	a.do(EditText(a.doc, "body", before, strings.Replace(before, "Premier", "Tout premier", 1)))
	b.do(EditText(b.doc, "body", before, strings.Replace(before, "Second", "Deuxième", 1)))
	a.meet(b)
	if want := "# Laser\n\nTout premier paragraphe.\n\nDeuxième paragraphe.\n"; a.body() != want {
		t.Errorf("met as %q; want %q", a.body(), want)
	}
}

// An editor that was open while others' changes came in edits what it showed.
func TestEditFromAnOlderText(t *testing.T) {
	a := newPage(t, "un deux trois\n")
	opened := a.body()
	a.do(EditText(a.doc, "body", opened, "zéro un deux trois\nquatre\n"))
	a.do(EditText(a.doc, "body", opened, "un DEUX trois\n"))
	if want := "zéro un DEUX trois\nquatre\n"; a.body() != want {
		t.Errorf("body = %q; want %q", a.body(), want)
	}
	for _, err := range []error{
		second(EditText(a.doc, "title", "", "x")),
		second(EditText(a.doc, "nothing", "", "x")),
	} {
		if !errors.Is(err, ErrField) {
			t.Errorf("EditText of what is no text = %v; want %v", err, ErrField)
		}
	}
}

func second[A, B any](_ A, b B) B { return b }

func apply(s string, splices []text.Splice) string {
	r := []rune(s)
	for _, x := range splices {
		r = slices.Concat(r[:x.Pos], []rune(x.Ins), r[x.Pos+x.Del:])
	}
	return string(r)
}

// edited draws what becomes of base: some letters deleted, others, each of its
// own, inserted.
func edited(t *rapid.T, base, letters string) (out string, deleted map[rune]bool) {
	deleted = make(map[rune]bool)
	fresh := []rune(letters)
	var b strings.Builder
	insert := func() {
		for n := rapid.IntRange(0, 2).Draw(t, "insert"); n > 0 && len(fresh) > 0; n-- {
			b.WriteRune(fresh[0])
			fresh = fresh[1:]
		}
	}
	for _, r := range base {
		insert()
		if rapid.Bool().Draw(t, "delete") {
			deleted[r] = true
		} else {
			b.WriteRune(r)
		}
	}
	insert()
	return b.String(), deleted
}

func TestLettersSurviveATransform(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := "abcdéfgh"[:rapid.SampledFrom([]int{0, 1, 4, 9}).Draw(t, "length")]
		base = strings.ToValidUTF8(base, "")
		mine, gone := edited(t, base, "ABCDEFGHIJKLMNOPQR")
		theirs, theirGone := edited(t, base, "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣ")
		_, ours, err := text.Transform(text.Diff(base, theirs), text.Diff(base, mine), text.Points)
		if err != nil {
			t.Fatal(err)
		}
		got := apply(theirs, ours)

		// What is there: each letter of base that neither deleted, each
		// inserted one, those of one hand in the order they had there. Letters
		// that Diff happens to take for kept are the same letters.
		for _, r := range base + mine + theirs {
			want := 1
			if gone[r] || theirGone[r] {
				want = 0
			}
			if n := strings.Count(got, string(r)); n != want {
				t.Fatalf("%q is %d times in %q; want %d (base %q, mine %q, theirs %q)", r, n, got, want, base, mine, theirs)
			}
		}
		for _, hand := range []string{mine, theirs} {
			at := -1
			for _, r := range hand {
				if i := strings.IndexRune(got, r); i >= 0 {
					if i < at {
						t.Fatalf("%q has the letters of %q in another order", got, hand)
					}
					at = i
				}
			}
		}
	})
}

// Whatever one asks for fits into changes that others accept, and does it.
func TestTextEdits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		gen := rapid.Custom(func(rt *rapid.T) string {
			piece := rapid.SampledFrom([]string{"", "a", "é", "\r\n", "🙂", strings.Repeat("€x", 2100), strings.Repeat("y\n", 5000)})
			return strings.Join(rapid.SliceOfN(piece, 0, 4).Draw(rt, "pieces"), "")
		})
		s := newPage(t, "")
		for range rapid.IntRange(1, 3).Draw(rt, "edits") {
			want := gen.Draw(rt, "text")
			if !utf8.ValidString(want) {
				rt.Fatal("bad generator")
			}
			if s.doc.Text(fieldBody) == nil && want == "" {
				continue
			}
			s.do(Set(s.doc, []Assign{{Field: "body", Text: want}}, paris))
			if got := s.body(); got != want {
				rt.Fatalf("body = %.40q…; want %.40q…", got, want)
			}
		}
	})
}

func TestSplit(t *testing.T) {
	var edits []crdt.Edit
	for range 3000 {
		edits = append(edits, crdt.Edit{Code: crdt.Add, Field: 10, Value: crdt.Text("étiquette")})
	}
	edits = append(edits, crdt.Edit{Code: crdt.Set, Field: 11, Value: crdt.Text(strings.Repeat("x", 48000))})
	n := 0
	for _, g := range Split(edits) {
		n += len(g)
		if size, _ := weigh(g); len(g) > maxOpsPerChange || size > maxBytesPerChange {
			t.Errorf("a change of %d ops, %d bytes", len(g), size)
		}
	}
	if n != len(edits) {
		t.Errorf("%d edits came out; want %d", n, len(edits))
	}
	if out := Split(nil); len(out) != 0 {
		t.Errorf("Split(nil) = %v", out)
	}
}

func TestHeading(t *testing.T) {
	for markdown, want := range map[string]string{
		"# Laser\n":                   "Laser",
		"\uFEFF#Planifier, c’est !\n": "Planifier, c’est !",
		"text\n\n## **Deux** ##\n":    "Deux",
		"Titre\n=====\n":              "Titre",
		"```\n# code\n```\n# Vrai\n":  "Vrai",
		"#\n# \n### Trois":            "Trois",
		"rien\n":                      "",
		"":                            "",
	} {
		if got := Heading(markdown); got != want {
			t.Errorf("Heading(%q) = %q; want %q", markdown, got, want)
		}
	}
}
