package commons

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func marked(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		switch s.Did {
		case Kept:
			b.WriteString(s.Text)
		case Went:
			b.WriteString("[-" + s.Text + "-]")
		case Came:
			b.WriteString("{+" + s.Text + "+}")
		case Aside:
			fmt.Fprintf(&b, "<%d>", s.Left)
		}
	}
	return b.String()
}

func TestDiffSpans(t *testing.T) {
	for _, c := range []struct{ name, was, is, want string }{
		{"nothing", "", "", ""},
		{"same", "un deux", "un deux", "un deux"},
		{"first text", "", "un", "{+un+}"},
		{"all gone", "un", "", "[-un-]"},
		{"a letter", "une semaine.", "une semaines.", "une [-semaine-]{+semaines+}."},
		{"two words", "prêtés une semaine.", "prêtés deux semaines.", "prêtés [-une semaine-]{+deux semaines+}."},
		{"accents apart", "ete\u0301 froid", "ete\u0301 chaud", "ete\u0301 [-froid-]{+chaud+}"},
		{"in the middle", "a b c", "a x b c", "a {+x +}b c"},
	} {
		if got := marked(DiffSpans(c.was, c.is)); got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}

// Either text can be read from the comparison.
func TestDiffSpansHoldBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"un", "deux", "é", " ", "\n", "«", "\u00a0", "🙂"}), 0, 30).Draw(t, name), "")
		}
		a, b := draw("was"), draw("is")
		var was, is string
		for _, s := range DiffSpans(a, b) {
			if s.Text == "" {
				t.Fatalf("an empty span in %+v", DiffSpans(a, b))
			}
			if s.Did != Came {
				was += s.Text
			}
			if s.Did != Went {
				is += s.Text
			}
		}
		if was != a || is != b {
			t.Fatalf("DiffSpans(%q, %q) holds %q and %q", a, b, was, is)
		}
	})
}

func TestAround(t *testing.T) {
	was := "1\n2\n3\n4\n5\n6\n7\n8\n9\n"
	got := marked(Around(DiffSpans(was, strings.Replace(was, "5", "V", 1)), 1))
	if want := "<3>4\n[-5-]{+V+}\n6\n<3>"; got != want {
		t.Errorf("Around = %q; want %q", got, want)
	}
}
