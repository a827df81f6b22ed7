package commons

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"navette/crdt"
)

func TestPagesBeginFromTemplates(t *testing.T) {
	add := func(in ...string) string {
		s := newSite(t, "A", crdt.ID{9})
		s.do(Add(s.id, "page", assign(t, in...), paris))
		return Body(s.doc)
	}
	for _, name := range Templates() {
		for lang, word := range map[string]string{"fr": "é", "en": " of "} {
			body := Skeleton(name, lang)
			if !strings.HasPrefix(body, "# ") || !strings.Contains(body, word) || !strings.HasSuffix(body, "\n") {
				t.Errorf("%s in %s isn't a page of that language: %.40q", name, lang, body)
			}
			if got := add("template="+name, "language="+lang); got != body {
				t.Errorf("a page of %s in %s begins as %.40q; want its text", name, lang, got)
			}
		}
	}
	if got := add("title=Réunion du 5", "template=Minutes", "language=fr-FR"); !strings.HasPrefix(got, "# Réunion du 5\n\n- Date et lieu :") {
		t.Errorf("a page with a title begins as %.60q; want its title above the template", got)
	}
	if got := add("template=minutes", "body=déjà"); got != "déjà" {
		t.Errorf("a page with a text of its own has %q", got)
	}
	if got := add("template=recette", "title=Soupe"); got != "" {
		t.Errorf("a page of a template that isn't ours has %q; want nothing", got)
	}
}

func TestTranslations(t *testing.T) {
	a := newPage(t, "# Charte\n\nOn range.\n")
	a.set("authors=Ana,Bob", "licence=CC-BY-SA-4.0")
	id := crdt.ID{9}
	en := newSite(t, "A", id)
	en.do(Translate(id, a.doc, "en", "Charter", paris))
	if r := en.view(); r.Title != "Charter" || Body(en.doc) != Body(a.doc) {
		t.Errorf("the translation is %q with %q; want the original's words to write over", r.Title, Body(en.doc))
	}
	for field, want := range map[string]string{"language": "en", "licence": "CC-BY-SA-4.0"} {
		if got := Text(en.doc, field); got != want {
			t.Errorf("%s = %q; want %q", field, got, want)
		}
	}
	if of, ok := Original(en.doc); !ok || of != a.id {
		t.Errorf("it is a translation of %v, %v; want %v", of, ok, a.id)
	}
	if got, want := Follows(en.doc), BodyVersion(a.doc); !slices.Equal(got, want) || len(got) != 1 {
		t.Errorf("it follows %v; want %v", got, want)
	}
	if edits, err := Follow(en.doc, a.doc); err != nil || len(edits) > 0 {
		t.Errorf("said again: %v, %v; want no edit", edits, err)
	}

	// Two write on in the original, apart; both count.
	b := a.with("B")
	before := Body(a.doc)
	a.do(EditText(a.doc, "body", before, before+"\nOn partage.\n"))
	b.do(EditText(b.doc, "body", before, "Bonjour.\n"+before))
	a.meet(b)
	if got := BodyVersion(a.doc); len(got) != 2 || slices.Equal(got, Follows(en.doc)) {
		t.Errorf("the original stands at %v; want two changes", got)
	}
	en.do(Follow(en.doc, a.doc))
	if got, want := Follows(en.doc), BodyVersion(a.doc); !slices.Equal(got, want) {
		t.Errorf("it follows %v; want %v", got, want)
	}
	if _, err := Translate(crdt.ID{8}, en.doc, "de", "", paris); !errors.Is(err, ErrValue) {
		t.Errorf("a translation of a translation = %v; want %v", err, ErrValue)
	}
	own := a.id.String()
	a.set("translation-of=" + own)
	if _, ok := Original(a.doc); ok {
		t.Error("a page is a translation of itself")
	}
	en.set("follows=" + strings.Repeat("00", 32) + " " + strings.Repeat("ff", 32))
	if got := Follows(en.doc); len(got) != 2 {
		t.Errorf("it follows %v; want two changes", got)
	}
	for _, bad := range []string{"follows=x", "follows=00", "translation-of=rien"} {
		if _, err := Set(en.doc, assign(t, bad), Env{}); !errors.Is(err, ErrValue) {
			t.Errorf("set %s = %v; want %v", bad, err, ErrValue)
		}
	}
}

func TestWhoWroteWhat(t *testing.T) {
	a := newPage(t, "un trois\n")
	before := Body(a.doc)
	a.do(EditText(a.doc, "body", before, "un deux trois\n"))
	var passages []string
	changes := make(map[crdt.ChangeID]bool)
	for c, s := range Written(a.doc) {
		passages = append(passages, s)
		changes[c] = true
	}
	if want := []string{"un ", "deux ", "trois\n"}; !slices.Equal(passages, want) || len(changes) != 2 {
		t.Errorf("passages %q of %d changes; want %q of 2", passages, len(changes), want)
	}
}
