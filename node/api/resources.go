package api

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
)

func joined(list []string) string { return strings.Join(list, ", ") }

func kindNames() string {
	var names []string
	for _, k := range commons.Kinds() {
		names = append(names, k.Name)
	}
	return joined(names)
}

// kind returns the kind of that name.
func kind(name string) (*commons.Kind, error) {
	k, ok := commons.Lookup(name)
	if !ok {
		return nil, refuse(CodeNoKind, name, kindNames())
	}
	return k, nil
}

// at finds the commons and the resource that a request is about.
func (s *Server) at(r *http.Request) (*node.Commons, crdt.ID, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, crdt.ID{}, err
	}
	text := r.PathValue("id")
	id, err := c.Find("", text)
	if errors.Is(err, node.ErrNotFound) {
		err = refuse(CodeNotFound, text)
	}
	return c, id, err
}

// writers names the writers of all logs that a view names.
func writers(c *node.Commons, v commons.Resource) map[string]Writer {
	out := make(map[string]Writer)
	name := func(log string) {
		if _, ok := out[log]; !ok {
			out[log] = writer(c, parseLog(log))
		}
	}
	for _, o := range []*commons.Origin{v.Created, v.Updated} {
		if o != nil {
			name(o.Log)
		}
	}
	for _, f := range v.Fields {
		for _, version := range f.Versions {
			name(version.Log)
		}
	}
	return out
}

func writer(c *node.Commons, log crdt.LogID) Writer {
	w := c.Writer(log)
	return Writer{Person: c.PersonName(w.Person), Place: c.PlaceName(w.Device), Device: w.Device.String()}
}

func (s *Server) list(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	k, err := kind(q.Get("kind"))
	if err != nil {
		return nil, err
	}
	match := []func(*commons.Resource) bool{commons.Search(q.Get("search"))}
	for _, text := range q["where"] {
		w, err := commons.ParseWhere(text)
		if err == nil {
			err = w.Check(k)
		}
		if err != nil {
			return nil, err
		}
		match = append(match, w.Match)
	}
	removed := q.Get("removed") != ""
	out := []commons.Resource{}
	err = c.Each(k.Name, func(d *crdt.Doc) error {
		if d.Deleted() != removed {
			return nil
		}
		v := commons.View(d)
		for _, m := range match {
			if !m(&v) {
				return nil
			}
		}
		out = append(out, v)
		return nil
	})
	sortByTitle(out)
	return out, err
}

func (s *Server) show(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, err
	}
	var d *crdt.Doc
	if version := r.URL.Query().Get("version"); version != "" {
		d, _, err = docAt(c, id, version)
	} else {
		d, err = c.Doc(id)
	}
	if err != nil {
		return nil, err
	}
	return resource(c, d), nil
}

func docAt(c *node.Commons, id crdt.ID, version string) (*crdt.Doc, crdt.ChangeID, error) {
	d, change, err := c.DocAt(id, version)
	if errors.Is(err, node.ErrNoVersion) {
		err = refuse(CodeNoVersion, version)
	}
	return d, change, err
}

func resource(c *node.Commons, d *crdt.Doc) *Resource {
	v := commons.View(d)
	return &Resource{Resource: v, Writers: writers(c, v), Updating: c.Awaiting(d.ID())}
}

// act carries out an intent on the resource of a request, and returns it as it
// is afterwards.
func (s *Server) act(r *http.Request, intent func(*node.Commons, *crdt.Doc) ([][]crdt.Edit, error)) (any, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, err
	}
	return write(r, c, id, func() ([][]crdt.Edit, error) {
		d, err := c.Doc(id)
		if err != nil {
			return nil, err
		}
		edits, err := intent(c, d)
		if errors.Is(err, commons.ErrRemoved) || errors.Is(err, commons.ErrThere) {
			title := commons.View(d).Title
			if errors.Is(err, commons.ErrThere) {
				return nil, refuse(CodeThere, title)
			}
			return nil, refuse(CodeRemoved, title)
		}
		return edits, err
	})
}

func write(r *http.Request, c *node.Commons, id crdt.ID, intent func() ([][]crdt.Edit, error)) (any, error) {
	if _, err := c.Write(r.Context(), intent); err != nil {
		return nil, err
	}
	d, err := c.Doc(id)
	if err != nil {
		return nil, err
	}
	return resource(c, d), nil
}

func assigns(fields []string) ([]commons.Assign, error) {
	out := make([]commons.Assign, len(fields))
	for i, f := range fields {
		a, err := commons.ParseAssign(f)
		if err != nil {
			return nil, refuse(CodeAssign, f)
		}
		out[i] = a
	}
	return out, nil
}

func (s *Server) add(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	in, err := read[Assignments](r)
	if err != nil {
		return nil, err
	}
	k, err := kind(in.Kind)
	if err != nil {
		return nil, err
	}
	fields, err := assigns(in.Fields)
	if err != nil {
		return nil, err
	}
	var id crdt.ID
	rand.Read(id[:])
	return write(r, c, id, func() ([][]crdt.Edit, error) { return commons.Add(id, k.Name, fields, c.Env()) })
}

func (s *Server) set(_ http.ResponseWriter, r *http.Request) (any, error) {
	in, err := read[Assignments](r)
	if err != nil {
		return nil, err
	}
	fields, err := assigns(in.Fields)
	if err != nil {
		return nil, err
	}
	return s.act(r, func(c *node.Commons, d *crdt.Doc) ([][]crdt.Edit, error) { return commons.Set(d, fields, c.Env()) })
}

func (s *Server) remove(_ http.ResponseWriter, r *http.Request) (any, error) {
	return s.act(r, func(_ *node.Commons, d *crdt.Doc) ([][]crdt.Edit, error) { return commons.Remove(d) })
}

func (s *Server) restore(_ http.ResponseWriter, r *http.Request) (any, error) {
	in, err := read[struct {
		Version string `json:"version"`
	}](r)
	if err != nil {
		return nil, err
	}
	return s.act(r, func(c *node.Commons, d *crdt.Doc) ([][]crdt.Edit, error) {
		if in.Version == "" {
			return commons.Restore(d)
		}
		old, _, err := docAt(c, d.ID(), in.Version)
		if err != nil {
			return nil, err
		}
		return commons.RestoreAt(d, old)
	})
}

func (s *Server) kinds(http.ResponseWriter, *http.Request) (any, error) { return commons.Kinds(), nil }

func (s *Server) versions(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	out := []Versions{}
	err = c.Each("", func(d *crdt.Doc) error {
		conflicts := commons.Conflicts(d)
		if d.Deleted() || len(conflicts) == 0 {
			return nil
		}
		v := commons.View(d)
		x := Versions{ID: v.ID, Kind: v.Kind, Title: v.Title}
		for _, conflict := range conflicts {
			field := Conflict{Field: conflict.Name}
			for _, n := range conflict.Versions {
				w := writer(c, parseLog(n.Log))
				field.Versions = append(field.Versions, Version{n.Value, n.Change, w.Person, w.Place, n.Time})
			}
			x.Fields = append(x.Fields, field)
		}
		out = append(out, x)
		return nil
	})
	return out, err
}

func (s *Server) resolve(_ http.ResponseWriter, r *http.Request) (any, error) {
	in, err := read[Resolution](r)
	if err != nil {
		return nil, err
	}
	return s.act(r, func(_ *node.Commons, d *crdt.Doc) ([][]crdt.Edit, error) {
		conflicts := commons.Conflicts(d)
		if in.Field == "" && len(conflicts) == 1 {
			in.Field = conflicts[0].Name
		}
		for _, x := range conflicts {
			if x.Name != in.Field {
				continue
			}
			keep := []int{in.Keep - 1}
			if in.Both {
				keep = nil
				for i := range x.Versions {
					keep = append(keep, i)
				}
			} else if in.Keep < 1 || in.Keep > len(x.Versions) {
				return nil, refuse(CodeNoVersions, in.Field)
			}
			return commons.Resolve(d, in.Field, keep...)
		}
		return nil, refuse(CodeNoVersions, in.Field)
	})
}
