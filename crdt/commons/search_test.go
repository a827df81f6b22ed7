package commons

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	r := newTool(t, "name=Perceuse à colonne", "brand=Kärcher", "price=219,90", "tags=métal", "custom.Quantité=4", "notes=Œil protégé : l’écran").view()
	for query, want := range map[string]bool{
		"perceuse": true, "PERCEUSES": true, "colonne perceuse": true, "karcher": true, "219.9": true, "oeil": true,
		"quantite": true, "métaux": true, "une perceuse à colonne": true, "drill": true, "perforateurs": true, "disqueuse": false, "scie": false, "perceuse scie": false, "": true, "l'ecran": true, r.ID[:10]: true,
	} {
		if got := Search(query)(r); got != want {
			t.Errorf("Search(%q) = %v; want %v", query, got, want)
		}
	}
	for name, queries := range map[string][]string{
		"Découpe laser Trotec":     {"laser cutter", "découpeuses laser", "graveuse laser"},
		"Ordinateur portable":      {"laptop", "PC"},
		"Scie à métaux":            {"metal", "scies métal", "saw"},
		"Perceuses-visseuses":      {"visseuse", "perceuse", "screwdriver"},
		"Nettoyeur haute pression": {"karcher", "pressure washer"},
	} {
		r := newTool(t, "name="+name).view()
		for _, q := range queries {
			if !Search(q)(r) {
				t.Errorf("%q doesn't find %q", q, name)
			}
		}
	}
	if r := newTool(t, "name=Impact de la pluie").view(); Search("ordinateur")(r) {
		t.Error(`the synonym "pc" is found within a word`)
	}
	plural := newTool(t, "name=Perceuses").view()
	if !Search("perceuse")(plural) {
		t.Error("perceuse doesn't find perceuses")
	}
}

func TestWhere(t *testing.T) {
	r := newTool(t, "name=Scie", "brand=Bosch", "price=1 099,00", "loanable=oui", "tags=bois,métal", "custom.Quantité=4").view()
	for where, want := range map[string]bool{
		"name=scie": true, "title=SCIE": true, "brand=BOSCH": true, "brand=Bos": false, "price=1099": true, "price=1 099,0": true,
		"price=10": false, "loanable=yes": true, "loanable=non": false, "tags=Metal": true, "tags=verre": false,
		"custom.quantité=4": true, "custom=4": true, "custom=5": false, "model=": true, "brand=": false,
	} {
		w, err := ParseWhere(where)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Match(r); got != want {
			t.Errorf("%s matches = %v; want %v", where, got, want)
		}
		if err := w.Check(toolKind); err != nil {
			t.Errorf("Check(%s) = %v", where, err)
		}
	}
	for _, bad := range []string{"brand", "=x", "brand+=x"} {
		if _, err := ParseWhere(bad); !errors.Is(err, ErrAssign) {
			t.Errorf("ParseWhere(%q) = %v; want %v", bad, err, ErrAssign)
		}
	}
	if err := (Where{Field: "colour"}).Check(toolKind); !errors.Is(err, ErrField) {
		t.Errorf("Check of no field = %v; want %v", err, ErrField)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"N° d’Inventaire":   "n° d'inventaire",
		" Œuvre\u00a0\n à ": "oeuvre a",
		"Ça E\u0301té":      "ca ete",
		"Straße":            "strasse",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for in, want := range map[string]string{
		"14 500,00": "14500", "1\u202f099,50 €": "1099.5", "1,299.50": "1299.5", "1.299,50": "1299.5", "6,50": "6.5", "6.50": "6.5",
		"0": "0", "-0,0": "0", "-3": "-3", "+3": "3", ".5": "0.5", "007": "7", "1.234.567": "1234567", "1'299": "1299",
		"": "-", "abc": "-", "1,2,3": "-", "1.2.3,4": "-", "--1": "-", "1e5": "-", ",": "-", "12,34.5": "-", "1..2": "-",
	} {
		got, ok := Decimal(in)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("Decimal(%q) = %q; want %q", in, got, want)
		}
		if again, _ := Decimal(got); ok && again != got {
			t.Errorf("Decimal(%q) = %q isn't its own shortest form: %q", in, got, again)
		}
	}
}

// The list is read as it is written: each term leads to the others of its line.
func TestSynonyms(t *testing.T) {
	for line := range strings.Lines(synonymsText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		terms := strings.Split(strings.TrimSpace(line), ",")
		if len(terms) < 2 {
			t.Errorf("a group of one: %q", line)
		}
		for _, a := range terms {
			if a = strings.TrimSpace(a); a != Fold(a) {
				t.Errorf("%q isn't folded", a)
			}
			for _, b := range terms {
				if !ParseQuery(a).Match(strings.TrimSpace(b)) {
					t.Errorf("%q doesn't find %q", a, b)
				}
			}
		}
	}
}

// Titles come in the order in which people would put them.
func TestSortKey(t *testing.T) {
	want := []string{"Atelier", "Découpeuse nº 1", "découpeuse nº 2", "Découpeuse nº 02 bis", "Découpeuse nº 10", "Découpeuse nº 12345678901", "Écran", "Scie 4", "Scie 4 bis", "Scie 40"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(SortKey(a), SortKey(b)) })
	if !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
}
