package web

import "html/template"

// A tab is one of the five parts of the site.
type tab struct{ Name, Path, Key, Icon string }

// tabs are the five, in their order. Name is the first part of its paths.
var tabs = []tab{
	{"", "/", "tab.home", "home"},
	{"share", "/share", "tab.share", "tool"},
	{"agenda", "/agenda", "tab.agenda", "calendar"},
	{"know", "/know", "tab.know", "book"},
	{"decide", "/decide", "tab.decide", "vote"},
}

// icons are drawn in a square of 24 with lines of two, in the colour of the
// text beside them.
var icons = map[string]string{
	"add":       `<path d="M12 5v14M5 12h14"/>`,
	"attention": `<path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17.4v.1"/>`,
	"away":      `<path d="M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z"/>`,
	"book":      `<path d="M12 6.5C10 5 7 4.5 3.5 4.5v14c3.5 0 6.5.5 8.5 2 2-1.5 5-2 8.5-2v-14c-3.5 0-6.5.5-8.5 2zM12 6.500v14"/>`,
	"calendar":  `<path d="M4 6h16v14H4zM4 10.500h16M8 3.500V7M16 3.500V7"/>`,
	"check":     `<path d="m4.5 12.5 5 5L20 7"/>`,
	"device":    `<path d="M4 5h16v11H4zM9 20h6M12 16v4"/>`,
	"exchange":  `<path d="M4 9h15l-4-4M20 15H5l4 4"/>`,
	"home":      `<path d="m3.5 11.5 8.5-7.5 8.5 7.500M6 9.500V20h12V9.500M10 20v-5.500h4V20"/>`,
	"key":       `<circle cx="8" cy="15" r="4.5"/><path d="m11.5 12 8-8M16 7.500l3 3"/>`,
	"language":  `<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.500c-5.5 5.5-5.5 11.5 0 17 5.5-5.5 5.5-11.5 0-17z"/>`,
	"next":      `<path d="m9 5 7 7-7 7"/>`,
	"person":    `<circle cx="12" cy="8" r="4"/><path d="M4 20.500c1-4.5 4-6.5 8-6.500s7 2 8 6.5"/>`,
	"people":    `<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.500c.8-4 3.2-5.7 6.5-5.700s5.7 1.7 6.5 5.700M15.5 5.300a3.5 3.5 0 0 1 0 6.400M18 14.300c1.9.8 3 2.5 3.5 5.2"/>`,
	"place":     `<path d="M12 21c-4.5-5-7-8.3-7-11.500a7 7 0 0 1 14 0C19 12.7 16.5 16 12 21z"/><circle cx="12" cy="9.5" r="2.5"/>`,
	"prev":      `<path d="m15 5-7 7 7 7"/>`,
	"search":    `<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>`,
	"tool":      `<path d="M14.5 6.500a4.5 4.5 0 0 1 5.5-1l-3 3 .5 2 2 .5 3-3a4.5 4.5 0 0 1-6 5.500L8 22 4.5 18.5 13 10a4.5 4.5 0 0 1 1.5-3.500z" transform="translate(-1.5 -1)"/>`,
	"two":       `<path d="M8 8h12v12H8zM16 8V4H4v12h4"/>`,
	"vote":      `<path d="M4 12v8h16v-8M7.5 15h9M8.5 8.500l3 3 5.5-7"/>`,
}

// icon draws one, for eyes only: the words beside it say what it says.
func icon(name string) (template.HTML, error) {
	shape, ok := icons[name]
	if !ok {
		return "", &problem{key: "no icon", args: []any{name}}
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + shape + `</svg>`), nil
}
