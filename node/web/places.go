package web

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
)

// placeRoutes are the places, as a list and on a map.
var placeRoutes = []route{
	{"GET", "/share/places", anybody, everywhere, (*visit).places},
	{"GET", "/share/places/new", member, everywhere, (*visit).newPlace},
	{"POST", "/share/places/new", member, everywhere, (*visit).addPlace},
	{"GET", "/share/places/{id}", anybody, everywhere, (*visit).place},
	{"GET", "/share/places/{id}/edit", member, everywhere, (*visit).editPlace},
	{"POST", "/share/places/{id}/edit", member, everywhere, (*visit).savePlace},
}

// placesPage is the list of places and their map.
type placesPage struct {
	Places []placeRow
	Map    template.HTML // "" if not two of them say where they are
}

type placeRow struct {
	Path, Title, Type, Address string
	Number                     int // on the map; 0 if it isn't on it
	Here                       bool
}

func (v *visit) places() error {
	list, err := v.shelf("place")
	if err != nil {
		return err
	}
	var p placesPage
	var spots []spot
	for _, it := range list {
		d, err := v.commons.Doc(it.id)
		if err != nil {
			return err
		}
		row := placeRow{Path: pathOf("place", it.id), Title: it.title, Type: commons.Text(d, "type"), Address: commons.Text(d, "address"), Here: it.id == v.here()}
		if lat, lon, ok := position(d); ok {
			row.Number = len(spots) + 1
			spots = append(spots, spot{lat, lon, row.Path, row.Title})
		}
		p.Places = append(p.Places, row)
	}
	if len(spots) > 1 {
		p.Map = drawMap(spots, v.say.text("map.title"), v.say.text("map.km"))
	} else {
		for i := range p.Places {
			p.Places[i].Number = 0
		}
	}
	return v.render("places", p)
}

// position is where a place says that it is.
func position(d *crdt.Doc) (lat, lon float64, ok bool) {
	lat, errLat := strconv.ParseFloat(commons.Text(d, "latitude"), 64)
	lon, errLon := strconv.ParseFloat(commons.Text(d, "longitude"), 64)
	return lat, lon, errLat == nil && errLon == nil && math.Abs(lat) <= 85 && math.Abs(lon) <= 180
}

// A spot is a place on a map.
type spot struct {
	lat, lon    float64
	path, title string
}

// The sizes of a map, in its own units.
const (
	mapWidth  = 600.0
	mapHeight = 420.0
	mapMargin = 40.0
)

// drawMap draws where places are to each other: no tiles, so no internet, and
// no streets, just directions and distances. The projection is Mercator's; the
// list beside it says the same to who can't see it.
func drawMap(spots []spot, title, km string) template.HTML {
	x := func(s spot) float64 { return s.lon * math.Pi / 180 }
	y := func(s spot) float64 { return -math.Log(math.Tan(math.Pi/4 + s.lat*math.Pi/360)) }
	minX, maxX, minY, maxY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, s := range spots {
		minX, maxX = min(minX, x(s)), max(maxX, x(s))
		minY, maxY = min(minY, y(s)), max(maxY, y(s))
	}
	const least = 1e-5 // some sixty metres: places in one house
	scale := min((mapWidth-2*mapMargin)/max(maxX-minX, least), (mapHeight-2*mapMargin)/max(maxY-minY, least))
	at := func(s spot) (float64, float64) {
		return mapWidth/2 + (x(s)-(minX+maxX)/2)*scale, mapHeight/2 + (y(s)-(minY+maxY)/2)*scale
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="map" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, mapWidth, mapHeight, template.HTMLEscapeString(title))
	for i := 1; i < 6; i++ {
		fmt.Fprintf(&b, `<path class="grid" d="M%d 0v%.0fM0 %dh%.0f"/>`, i*100, mapHeight, i*70, mapWidth)
	}
	for i, s := range spots {
		cx, cy := at(s)
		fmt.Fprintf(&b, `<g class="spot"><title>%s</title><circle cx="%.1f" cy="%.1f" r="15"/><text x="%.1f" y="%.1f">%d</text></g>`,
			template.HTMLEscapeString(s.title), cx, cy, cx, cy+5.5, i+1)
	}
	// A bar of a round number of kilometres, at the latitude of the middle.
	const earth = 6371.0 // km
	middle := spots[0].lat
	perKm := scale / (earth * math.Cos(middle*math.Pi/180))
	length := niceLength(150 / perKm)
	bar := length * perKm
	fmt.Fprintf(&b, `<path class="bar" d="M20 %.0fv8h%.1fv-8"/><text class="scale" x="%.1f" y="%.0f">%s %s</text></svg>`,
		mapHeight-30, bar, 20+bar/2, mapHeight-32, strconv.FormatFloat(length, 'f', -1, 64), template.HTMLEscapeString(km))
	return template.HTML(b.String())
}

// niceLength is 1, 2 or 5 times a power of ten, not more than a length.
func niceLength(most float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(most)))
	for _, n := range []float64{5, 2} {
		if n*p <= most {
			return n * p
		}
	}
	return p
}

// here is the place of this node.
func (v *visit) here() crdt.ID { return node.PlaceOf(v.commons.Device()) }

// placePage is what the page of a place shows.
type placePage struct {
	*thing
	Here     bool
	Tools    int
	ToolPath string
	Notes    *notes
}

func (v *visit) place() error {
	t, err := v.thing("place")
	if err != nil {
		return err
	}
	p := placePage{thing: t, Here: t.doc.ID() == v.here(), ToolPath: "/share?place=" + t.ID}
	if p.Notes, err = v.notesOn(t); err != nil {
		return err
	}
	tools, err := v.shelf("tool")
	if err != nil {
		return err
	}
	p.Tools = len(narrowed(tools, "home", t.ID))
	return v.render("place", p)
}

// Position says where the place is, "" if it doesn't.
func (p placePage) Position() string {
	if p.Text("latitude") == "" || p.Text("longitude") == "" {
		return ""
	}
	return p.Text("latitude") + ", " + p.Text("longitude")
}

// placeInputs is what a place is asked.
func placeInputs() []input {
	return []input{
		{Name: "name", Needed: true},
		{Name: "type", List: nil},
		{Name: "address", Kind: "area"},
		{Name: "hours", Kind: "area", Hint: "field.hours.hint"},
		{Name: "contacts.phone"},
		{Name: "contacts.email"},
		{Name: "contacts.web"},
		{Name: "shares", Kind: "area"},
		{Name: "latitude", Hint: "field.latitude.hint"},
		{Name: "longitude"},
		{Name: "description", Kind: "area"},
	}
}

func (v *visit) newPlace() error { return v.placeForm(nil, nil) }

func (v *visit) addPlace() error {
	id := newID()
	return v.placeForm(nil, func(f *sheet) error {
		err := v.write(func() ([][]crdt.Edit, error) { return commons.Add(id, "place", f.assigns(), v.commons.Env()) })
		if err != nil {
			return err
		}
		return v.goSaying(pathOf("place", id), &message{Key: "said.added", Args: []any{f.Get("name").Value}, Undo: v.undo("/things/"+id.String()+"/remove", "/share/places")})
	})
}

func (v *visit) editPlace() error {
	t, err := v.thing("place")
	if err != nil {
		return err
	}
	return v.placeForm(t, nil)
}

func (v *visit) savePlace() error {
	t, err := v.thing("place")
	if err != nil {
		return err
	}
	return v.placeForm(t, func(f *sheet) error { return v.save(t, f) })
}

func (v *visit) placeForm(t *thing, do func(*sheet) error) error {
	list, err := v.shelf("place")
	if err != nil {
		return err
	}
	inputs := placeInputs()
	inputs[slices.IndexFunc(inputs, func(in input) bool { return in.Name == "type" })].List = valuesOf(list, "type")
	data := thingForm{Thing: t, Back: "/share/places", Form: v.sheetOf("place", inputs, t)}
	if t != nil {
		data.Back = t.Path
	}
	return v.fill(data.Form, "place-form", data, do)
}
