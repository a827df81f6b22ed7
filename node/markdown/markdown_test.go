package markdown

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// here resolves what the tests link to.
var here = Options{
	Link: func(target string) (string, bool) { return "/pages/1?a=1&b=2", target == "Charte" },
	File: func(target string) (string, bool) { return "/files/bafkplan", target == "bafkplan" },
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"French typography is the writer's", "« L’atelier » : 14 h 30 – c'est \"ouvert\"... -- oui !", "<p>« L’atelier » : 14 h 30 – c&#39;est &#34;ouvert&#34;... -- oui !</p>\n"},
		{"headings", "# Été\n\n## Été !\n", "<h1 id=\"s-ete\">Été</h1>\n<h2 id=\"s-ete.2\">Été !</h2>\n"},
		{"a link to a page", "[[Charte]] et [[Charte|la *nôtre*]]", `<p><a href="/pages/1?a=1&amp;b=2" class="within" rel="nofollow">Charte</a> et <a href="/pages/1?a=1&amp;b=2" class="within" rel="nofollow">la *nôtre*</a></p>` + "\n"},
		{"a link to what isn't there", "[[Rien <b>]]", `<p><span class="missing">Rien &lt;b&gt;</span></p>` + "\n"},
		{"no link", "`[[Charte]]` [[]] [[a\nb]]", "<p><code>[[Charte]]</code> [[]] [[a\nb]]</p>\n"},
		{"a link in a table", "|a|\n|-|\n|[[Charte\\|ici]]|\n", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><a href=\"/pages/1?a=1&amp;b=2\" class=\"within\" rel=\"nofollow\">ici</a></td>\n</tr>\n</tbody>\n</table>\n"},
		{"an attachment", "![le plan](bafkplan)", `<p><img src="/files/bafkplan" alt="le plan" loading="lazy"></p>` + "\n"},
		{"a link to an attachment", "[le plan](bafkplan)", `<p><a href="/files/bafkplan" rel="nofollow">le plan</a></p>` + "\n"},
		{"an image from elsewhere", "![là](https://exemple.org/a.png)", `<p><a href="https://exemple.org/a.png" rel="nofollow noreferrer">là</a></p>` + "\n"},
		{"HTML is text", "a <b>b</b><br>c", "<p>a &lt;b&gt;b&lt;/b&gt;<br>c</p>\n"},
		{"a block of HTML is text", "<div>\na\n</div>", "<p>&lt;div&gt;\na\n&lt;/div&gt;</p>\n"},
		{"comments aren't shown", "<!-- a -->\n\nb <!-- c -->", "<p>b </p>\n"},
		{"things to do", "- [x] fait\n- [ ] à faire", "<ul>\n<li><input type=\"checkbox\" checked=\"\" disabled=\"\"> fait</li>\n<li><input type=\"checkbox\" disabled=\"\"> à faire</li>\n</ul>\n"},
		{"no address of its own", "[a](javascript:alert(1)) [b](data:text/html,x)", "<p>a b</p>\n"},
	} {
		if got := string(Render(c.source, here)); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
	if got, want := string(Render("# A\n\n###### B", Options{Shift: 1})), "<h2 id=\"s-a\">A</h2>\n<h6 id=\"s-b\">B</h6>\n"; got != want {
		t.Errorf("shifted: %q; want %q", got, want)
	}
}

// What would keep the parser busy for minutes is shown as it stands.
func TestWild(t *testing.T) {
	for _, unit := range []string{"[", "[[", "*a_ ", "[a](", "> ", ">", "1. ", "~~a", "**a __b "} {
		source := strings.Repeat(unit, 1<<20/len(unit))
		if html := string(Render(source, here)); !strings.HasPrefix(html, "<pre>") {
			t.Errorf("a megabyte of %q begins as %.40q; want it as it stands", unit, html)
		}
		if n := len(Links(source)) + len(Outline(source)); n > 0 {
			t.Errorf("a megabyte of %q has %d links and headings", unit, n)
		}
	}
}

func TestLinks(t *testing.T) {
	source := "[[Charte]], [[ Laser |le laser]], [[charte]], [[Charte|ici]]\n\n    [[code]]\n\n```\n[[code]]\n```\n`[[code]]`\n\n- *[[Scie]]*\n"
	if got, want := Links(source), []string{"Charte", "Laser", "charte", "Scie"}; !slices.Equal(got, want) {
		t.Errorf("Links = %q; want %q", got, want)
	}
}

func TestOutline(t *testing.T) {
	want := []Heading{{1, "s-le-laser", "Le laser"}, {2, "s-regles", "Règles !"}, {2, "s-regles.2", "Règles"}}
	if got := Outline("# Le *laser*\n\n## Règles !\n\n## [[Règles]]\n"); !slices.Equal(got, want) {
		t.Errorf("Outline = %v; want %v", got, want)
	}
}

// All letters of the pages that people wrote are there to be read.
func TestSamplesKeepTheirWords(t *testing.T) {
	files, err := filepath.Glob("../formats/testdata/pages/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source := string(b)
		html := string(Render(source, Options{}))
		for _, h := range Outline(source) {
			if !strings.Contains(html, ` id="`+h.ID+`"`) {
				t.Errorf("%s: nothing has the id %q of the heading %q", name, h.ID, h.Text)
			}
		}
		if strings.Contains(html, "<img") {
			t.Errorf("%s: an image from elsewhere", name)
		}
	}
}
