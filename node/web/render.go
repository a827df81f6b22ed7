package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"strings"
	"time"

	"navette/crdt/oplog"
	"navette/node/qr"
)

//go:embed templates static
var files embed.FS

// frame is what a template sees: its own data, and all that stands around.
type frame struct {
	Data any

	Lang    string // "fr" or "en"
	Page    string // path and query, for forms to come back to
	Tab     string // the first part of the path
	Place   string
	Commons string
	Person  string // "" for a visitor
	Token   string
	Member  bool // may write
	Steward bool // may do what stewards do, from here
	Strip   strip
	Said    *message
	Helps   string // whom the person helps; "" for nobody
	Bare    bool   // nothing but the set-up can be asked for
	Mark    string // where the feed stood
	Live    bool   // the page is brought up to date as it stands
}

// render answers with a page: templates/NAME.html with data.
func (v *visit) render(name string, data any) error { return v.renderAs(http.StatusOK, name, data) }

func (v *visit) renderAs(status int, name string, data any) error {
	f := &frame{
		Data: data, Lang: v.say.tag(), Page: v.page(), Tab: tabOf(v.URL.Path), Person: v.name,
		Member: v.role >= oplog.RoleMember, Steward: v.role >= oplog.RoleSteward,
		Said: v.s.said.take(v.URL.Query().Get(saidParam)), Live: v.Method == http.MethodGet && v.s.live[name], Mark: v.mark,
	}
	f.Bare = v.s.SetupCode() != ""
	if v.session != nil {
		f.Token = v.session.Token
	}
	if v.session != nil && v.session.For != nil {
		f.Helps = v.commons.PersonName(*v.session.For)
	}
	if c := v.commons; c != nil && !f.Bare {
		f.Place, f.Commons, f.Strip = c.PlaceName(c.Device()), c.Name(), v.strip()
	}
	t, ok := v.s.pages[v.say][name]
	if !ok {
		return fmt.Errorf("web: no template %q", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", f); err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", f.Lang)
	v.w.WriteHeader(status)
	_, _ = b.WriteTo(v.w) // the browser went away: there is nobody to tell
	return nil
}

// tabOf is the first part of a path: which of the five tabs a page is under.
func tabOf(p string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	return first
}

// readPages parses the templates, once for each language.
// live says which of them have something that is brought up to date as they
// stand.
func readPages() (out [len(tongueTags)]map[string]*template.Template, live map[string]bool, err error) {
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return out, nil, err
	}
	live = map[string]bool{}
	for l := range tongueTags {
		frame, err := template.New("").Funcs(functions(tongue(l))).ParseFS(files, "templates/layout.html", "templates/parts*.html")
		if err != nil {
			return out, nil, fmt.Errorf("web: %w", err)
		}
		out[l] = map[string]*template.Template{}
		for _, name := range names {
			short := strings.TrimSuffix(path.Base(name), ".html")
			if short == "layout" || strings.HasPrefix(short, "parts") {
				continue
			}
			t, err := frame.Clone()
			if err == nil {
				t, err = t.ParseFS(files, name)
			}
			if err != nil {
				return out, nil, fmt.Errorf("web: %w", err)
			}
			out[l][short] = t
			src, err := files.ReadFile(name)
			if err != nil {
				return out, nil, fmt.Errorf("web: %w", err)
			}
			live[short] = bytes.Contains(src, []byte("data-live"))
		}
	}
	return out, live, nil
}

// functions are what templates can call.
func functions(l tongue) template.FuncMap {
	all := template.FuncMap{
		"t":      l.text,
		"n":      l.count,
		"day":    l.day,
		"moment": l.moment,
		"clock":  l.clock,
		"ago":    func(t time.Time) string { return l.ago(time.Now(), t) },
		"icon":   icon,
		"static": func(name string) string { return "/static/" + versions[name] + "/" + name },
		"token":  tokenField,
		"dict":   dict,
		"qr":     func(p *qr.Picture, name string) template.HTML { return template.HTML(p.SVG(name)) },
		"tabs":   func() []tab { return tabs },
		"said":   func(m *message) string { return l.text(m.Key, m.Args...) },
	}
	maps.Copy(all, thingFunctions(l))
	return all
}

// tokenField is the hidden field that every form has.
func tokenField(f *frame) template.HTML {
	return template.HTML(`<input type="hidden" name="token" value="` + template.HTMLEscapeString(f.Token) + `">`)
}

// dict makes a map of names and values, for a template that wants several.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("web: dict wants names and values")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("web: dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// versions are the hashes of the static files: a file's address changes with
// it, so that browsers may keep it for good.
var versions = func() map[string]string {
	out := map[string]string{}
	list, err := files.ReadDir("static")
	if err != nil {
		panic("web: internal error: the static files aren't embedded: " + err.Error())
	}
	for _, e := range list {
		b, err := files.ReadFile("static/" + e.Name())
		if err != nil {
			panic("web: internal error: " + err.Error())
		}
		sum := sha256.Sum256(b)
		out[e.Name()] = hex.EncodeToString(sum[:6])
	}
	return out
}()

// staticTypes are the kinds of static files there are.
var staticTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2",
}

func serveStatic(w http.ResponseWriter, r *http.Request) {
	version, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/static/"), "/")
	b, err := files.ReadFile("static/" + name)
	if err != nil || versions[name] != version {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", staticTypes[path.Ext(name)])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(b) // the browser went away: there is nobody to tell
}
