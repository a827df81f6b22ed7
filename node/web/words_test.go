package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

var argument = regexp.MustCompile(`%\[\d\]s|%d`)

func TestWordsInBothLanguages(t *testing.T) {
	for key, w := range words {
		if w[french] == "" || w[english] == "" {
			t.Errorf("%s: not in both languages: %q", key, w)
		}
		args := [2][]string{}
		for l := range w {
			args[l] = argument.FindAllString(w[l], -1)
			slices.Sort(args[l])
			args[l] = slices.Compact(args[l])
		}
		if !slices.Equal(args[french], args[english]) {
			t.Errorf("%s: arguments differ: %q", key, w)
		}
		if strings.Count(w[french], "|") != strings.Count(w[english], "|") {
			t.Errorf("%s: counted in one language only: %q", key, w)
		}
	}
}

// Words that people needn't know.
var jargon = regexp.MustCompile(`(?i)\b(sync\w*|node|nœud|noeud|peer|pair à pair|conflit|conflict|offline|hors ligne|replica|hash|token|jeton|serveur|server|login|log in|cookie)\b`)

func TestWordsAreNotJargon(t *testing.T) {
	for key, w := range words {
		for _, text := range w {
			if bad := jargon.FindString(text); bad != "" {
				t.Errorf("%s says %q: %s", key, bad, text)
			}
		}
	}
}

// keysInUse are the keys that the code and the templates name, and the
// beginnings of those that they put together.
func keysInUse(t *testing.T) (keys map[string]bool, begin []string) {
	t.Helper()
	keys = map[string]bool{}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "words") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					keys[s] = true
				}
			}
			return true
		})
	}
	templates, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range templates {
		b, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range regexp.MustCompile(`"([a-z_0-9.]+)"`).FindAllStringSubmatch(string(b), -1) {
			keys[s[1]] = true
		}
	}
	for key := range keys {
		if strings.HasSuffix(key, ".") && len(key) > 1 {
			begin = append(begin, key)
		}
	}
	return keys, begin
}

var keyLike = regexp.MustCompile(`^[a-z_]+(\.[a-z_0-9]+)+$`)

// Every key that is named is there, and none that nobody names.
func TestWordsAreThereAndUsed(t *testing.T) {
	used, begin := keysInUse(t)
	families := map[string]bool{}
	for key := range words {
		family, _, _ := strings.Cut(key, ".")
		families[family] = true
	}
	for key := range used {
		family, _, _ := strings.Cut(key, ".")
		if _, there := words[key]; !there && keyLike.MatchString(key) && families[family] && !slices.Contains([]string{".html", ".css", ".js", ".svg"}, filepath.Ext(key)) {
			t.Errorf("no text for %q", key)
		}
	}
	for key := range words {
		base := strings.TrimSuffix(strings.TrimSuffix(key, ".hint"), ".any")
		if !used[key] && !used[base] && !slices.ContainsFunc(begin, func(b string) bool { return strings.HasPrefix(key, b) }) {
			t.Errorf("nothing uses %q", key)
		}
	}
}

var (
	actions  = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	comments = regexp.MustCompile(`(?s)<!--.*?-->`)
	spoken   = regexp.MustCompile(`\s(?:aria-label|title|alt|placeholder|value)="([^"]*)"`)
	elements = regexp.MustCompile(`(?s)<[^>]*>`)
)

// A template says nothing by itself: what people read has a key.
func TestTemplatesSayNothing(t *testing.T) {
	templates, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range templates {
		b, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		src := comments.ReplaceAllString(actions.ReplaceAllString(string(b), ""), "")
		said := elements.ReplaceAllString(strings.ReplaceAll(src, `lang="en">English`, `>`), "\n")
		said = strings.ReplaceAll(said, "Français", "") // a language is called by its own name
		for _, m := range spoken.FindAllStringSubmatch(src, -1) {
			if !slices.Contains([]string{"fr", "en"}, m[1]) && !strings.Contains(m[0], "value=") {
				said += "\n" + m[1]
			}
		}
		for line := range strings.Lines(said) {
			if strings.ContainsFunc(line, unicode.IsLetter) {
				t.Errorf("%s says %q without a key", name, strings.TrimSpace(line))
			}
		}
	}
}
