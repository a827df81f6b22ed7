package formats

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"navette/crdt/commons"
)

// write writes the pages of a place, by path.
func write(t testing.TB, p *place) map[string]string {
	t.Helper()
	out, taken := make(map[string]string), make(map[string]bool)
	for _, r := range p.views("page") {
		var b bytes.Buffer
		if err := WritePage(&b, &r); err != nil {
			t.Fatal(err)
		}
		out[PagePath(&r, taken)] = b.String()
	}
	return out
}

func TestPagesOfTheWild(t *testing.T) {
	for _, parts := range samples("pages", "pages", "*.md") {
		t.Run(parts[0], func(t *testing.T) {
			files := folder(t, parts...)
			r := Read(files, Options{})
			if len(r.Problems) > 0 {
				t.Fatalf("problems %v", r.Problems)
			}
			p := newPlace(t)
			p.take(r.Records)
			p.unchanged(r.Records, 0)
			written := write(t, p)
			for _, f := range files {
				if got := written[normal(f.Name)]; got != string(f.Data) {
					t.Errorf("%s has changed on its way:\n%.200q\nwant\n%.200q", f.Name, got, f.Data)
				}
			}
			for _, v := range p.views("page") {
				if v.Title == "" || strings.TrimSpace(v.Title) != v.Title {
					t.Errorf("a page is called %q", v.Title)
				}
			}
		})
	}
}

func TestPageRoundTrip(t *testing.T) {
	tests := []struct {
		name, text string
		title      string
		fields     map[string]string
	}{
		{"plain", "# Laser\n\nTexte.\n", "Laser", nil},
		{"no end of line", "Texte", "p", nil},
		{"empty", "", "p", nil},
		{"CRLF", "---\r\ntitle: Le laser\r\nx: 1\r\n---\r\n\r\n# Autre\r\n", "Le laser", map[string]string{"title": "Le laser"}},
		{"front matter", "---\ntitle: \"A: b\"\nauthor: Anne\ntags: [bois, 'été']\nlang: fr\nlicense: CC-BY-SA-4.0\nunknown:\n  deep: [1, 2] # note\n---\nTexte\n", "A: b",
			map[string]string{"authors": "[Anne]", "tags": "[bois été]", "language": "fr", "licence": "CC-BY-SA-4.0"}},
		{"nothing said", "---\nauthor: \"\"\ndescription: null\ntags:\n---\n# T\n", "T", map[string]string{"authors": "", "description": ""}},
		{"ends in dots", "---\ntitle: x\n...\ny", "x", nil},
		{"spaces after the marks", "--- \ntitle: x\n---\t\ny", "x", nil},
		{"empty front matter", "---\n---\n# y\n", "y", nil},
		{"a rule, no front matter", "---\nTexte\n---\nTexte\n", "p", nil},
		{"never closed", "---\ntitle: x\n", "p", nil},
		{"not YAML", "---\ntitle: [\n---\n# y\n", "y", nil},
		{"longer than front matter is", "---\nx: " + strings.Repeat("y", 17<<10) + "\n---\n# y\n", "y", nil},
		{"byte order mark", "\uFEFF# Laser\n", "Laser", nil},
		{"byte order mark and front matter", "\uFEFF---\ntitle: x\n---\ny", "x", nil},
		{"a title too long for the field", "---\ntitle: " + strings.Repeat("é", 200) + "\n---\n# court\n", "court", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Read([]File{{"a/p.md", []byte(tt.text)}}, Options{})
			p := newPlace(t)
			if got := count(p.take(r.Records)); got[commons.New] != 1 || len(r.Problems) > 0 {
				t.Fatalf("states = %v, problems %v", got, r.Problems)
			}
			p.unchanged(r.Records, 0)
			if got := write(t, p)["a/p.md"]; got != tt.text {
				t.Errorf("written as %q; want %q", got, tt.text)
			}
			v := p.views("page")[0]
			if v.Title != tt.title {
				t.Errorf("title = %q; want %q", v.Title, tt.title)
			}
			for field, want := range tt.fields {
				got, ok := v.Get(field)
				if ok != (want != "") || ok && fmt.Sprint(got.Value) != want {
					t.Errorf("%s = %v; want %q", field, got.Value, want)
				}
			}
		})
	}
}

// A field changed since is set in the front matter; what else that says stays.
func TestFrontMatterFollows(t *testing.T) {
	tests := []struct{ name, text, assign, want string }{
		{"a title", "---\n# note\ntitle: A\nunknown: {x: 1}\n---\ntexte\n", "title=B", "---\n# note\ntitle: B\nunknown: {x: 1}\n---\ntexte\n"},
		{"tags", "---\ntags:\n    - a\n---\n", "tags=b, c", "---\ntags:\n    - b\n    - c\n---\n"},
		{"emptied", "---\ntitle: A\nx: 1\n---\ny", "title=", "---\nx: 1\n---\ny"},
		{"all emptied", "---\ntitle: A\n---\ny", "title=", "y"},
		{"under its own name", "---\r\nAuteur: Anne\r\n---\r\ny", "authors=Karim", "---\r\nAuteur: Karim\r\n---\r\ny"},
		{"where there was none", "\uFEFFy\n", "title=A: b", "\uFEFF---\ntitle: 'A: b'\n---\ny\n"},
		{"a text that YAML would take for something else", "y\n", "title=12", "---\ntitle: \"12\"\n---\ny\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.take(Read([]File{{"p.md", []byte(tt.text)}}, Options{}).Records)
			a, err := commons.ParseAssign(tt.assign)
			if err != nil {
				t.Fatal(err)
			}
			changes, err := commons.Set(p.docs[p.ids[0]], []commons.Assign{a}, env)
			if err != nil {
				t.Fatal(err)
			}
			for _, edits := range changes {
				p.write(p.ids[0], edits)
			}
			got := write(t, p)["p.md"]
			if got != tt.want {
				t.Errorf("written as %q; want %q", got, tt.want)
			}
			again := Read([]File{{"p.md", []byte(got)}}, Options{})
			if states := count(p.take(again.Records)); states[commons.Unchanged]+states[commons.Changed] != 1 {
				t.Errorf("written and read again: %v", states)
			}
		})
	}
}

// Names that differ only in how accents are encoded are one page, unless they
// hold different texts.
func TestAccentsInNames(t *testing.T) {
	decomposed, composed := "gagne\u0301.md", "gagné.md"
	for _, tt := range []struct {
		name  string
		files []File
		want  []string
	}{
		{"alone", []File{{decomposed, []byte("a")}}, []string{composed}},
		{"two of one text", []File{{decomposed, []byte("a")}, {composed, []byte("a")}}, []string{composed}},
		{"two of two texts", []File{{decomposed, []byte("a")}, {composed, []byte("b")}}, []string{decomposed, composed}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			r := Read(tt.files, Options{})
			if got := count(p.take(r.Records)); got[commons.Refused] > 0 {
				t.Errorf("states = %v", got)
			}
			p.unchanged(r.Records, 0)
			var got []string
			for _, v := range p.views("page") {
				s, _ := v.Get("path")
				got = append(got, s.Value.(string))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("pages %q; want %q", got, tt.want)
			}
		})
	}
}

// Whoever wrote a path, it stays inside the folder.
func TestPagePath(t *testing.T) {
	taken := make(map[string]bool)
	for _, tt := range []struct{ path, title, want string }{
		{"a/b.md", "", "a/b.md"},
		{"A/B.md", "", "A/B-2.md"},
		{"../../.ssh/authorized_keys.md", "Clés", "cles.md"},
		{"/etc/passwd.md", "Été à la plage", "ete-a-la-plage.md"},
		{"a/../b.md", "Clés", "cles-2.md"},
		{".hidden/x.md", "«»", "page.md"},
		{"c:\\x.md", "C", "c.md"},
		{"run.sh", "Run", "run.md"},
		{"a/nul\x00.md", "N", "n.md"},
		{"trailing./x.md", "T", "t.md"},
		{"", strings.Repeat("long ", 100), strings.TrimSuffix(strings.Repeat("long-", 16), "-") + ".md"},
	} {
		r := commons.Resource{Kind: "page", Title: tt.title, Fields: []commons.Shown{{Name: "path", Value: tt.path}}}
		if got := PagePath(&r, taken); got != tt.want {
			t.Errorf("PagePath(%q, %q) = %q; want %q", tt.path, tt.title, got, tt.want)
		}
	}
}

func FuzzFrontMatter(f *testing.F) {
	for _, s := range []string{"", "---\n---\n", "---\ntitle: a\ntags: [b, c]\n---\n# d", "\uFEFF---\r\nauthor: x\r\n...\r\n", "---\n&a [*a]\n---\n", "---\n? x\n: y\n---\n", "---\ntitle: !!binary x\n<<: {title: b}\n---\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := Read([]File{{"p.md", data}}, Options{})
		p := newPlace(t)
		if got := count(p.take(r.Records)); got[commons.New] != len(r.Records) {
			return // too long, or no text
		}
		p.unchanged(r.Records, 0)
		text, encoding, err := Decode(data)
		if err != nil || len(p.ids) == 0 {
			return
		}
		if got := write(t, p)["p.md"]; got != string(data) && (encoding == "UTF-8" || encoding == "UTF-8 with BOM" && string(data[3:]) == text) {
			t.Fatalf("%q is written as %q", data, got)
		}
	})
}
