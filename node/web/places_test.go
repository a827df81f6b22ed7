package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestPlaces(t *testing.T) {
	s := newSite(t)
	v, ana := s.visitor(), s.ana()
	page := v.get("/share/places", http.StatusOK)
	v.shows(page, "La Fabrique", "ici")
	v.hides(page, "<svg class=\"map\"", "/share/places/new")
	page = ana.post("/share/places/new", http.StatusOK, `name=La Plume <script>x</script>`, "type=centre social", "latitude=50,7", "longitude=1,6", "contacts.phone=03 21 00 00 00", "hours=mardi")
	ana.shows(page, "est ajouté", "centre social", "03 21 00 00 00", "50.7, 1.6")
	ana.hides(page, "<script>x")
	s.add("place", "name=L'Étape", "latitude=50.9", "longitude=1.9")
	page = v.get("/share/places", http.StatusOK)
	v.shows(page, `<svg class="map"`, "5 km", "La Plume &lt;script&gt;")
	if got := strings.Count(page, `class="spot"`); got != 2 {
		t.Errorf("%d spots on the map; want 2", got)
	}
	if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
		t.Error("the map has coordinates that are no numbers")
	}
	back := ana.post("/share/places/new", http.StatusUnprocessableEntity, "name=X", "latitude=120", "address=Une longue adresse")
	ana.shows(back, "Une longue adresse", `aria-invalid="true"`)
}

// Places in one spot, or at the ends of the world, are drawn all the same.
func TestMapOfAnything(t *testing.T) {
	for name, spots := range map[string][]spot{
		"one house":     {{50, 1, "/a", "a"}, {50, 1, "/b", "b"}},
		"the antipodes": {{85, -180, "/a", "a"}, {-85, 180, "/b", "b"}},
		"a line":        {{0, 0, "/a", "a"}, {0, 10, "/b", "b"}},
	} {
		svg := string(drawMap(spots, "t", "km"))
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || strings.Count(svg, "<circle") != 2 {
			t.Errorf("%s: %s", name, svg)
		}
	}
}

func TestNiceLength(t *testing.T) {
	for most, want := range map[float64]float64{7: 5, 5: 5, 4.9: 2, 1.5: 1, 0.03: 0.02, 230: 200} {
		if got := niceLength(most); got < want*0.999 || got > want*1.001 {
			t.Errorf("niceLength(%v) = %v; want %v", most, got, want)
		}
	}
}
