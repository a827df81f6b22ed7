package commons

import "reflect"

// A Difference is one field, or one entry of a map, that two views of a
// resource show differently. Was or Is is nil where nothing stands.
type Difference struct {
	Name string `json:"name"` // FIELD, or FIELD.KEY
	Was  any    `json:"was,omitempty"`
	Is   any    `json:"is,omitempty"`
}

// Diff returns what differs between two versions of a resource, in the order
// of the newer view, then what that lacks. Whether the resource was removed
// comes first, under the name "deleted".
func Diff(was, is Resource) []Difference {
	var out []Difference
	if was.Deleted != is.Deleted {
		out = append(out, Difference{"deleted", was.Deleted, is.Deleted})
	}
	before, names := values(was)
	after, order := values(is)
	for _, n := range order {
		if v, there := before[n]; !there || !reflect.DeepEqual(v, after[n]) {
			out = append(out, Difference{n, before[n], after[n]})
		}
	}
	for _, n := range names {
		if _, there := after[n]; !there {
			out = append(out, Difference{n, before[n], nil})
		}
	}
	return out
}

// values lists what a resource shows, by name, and the names in order.
func values(r Resource) (byName map[string]any, order []string) {
	byName = make(map[string]any)
	for _, s := range r.Fields {
		byName[s.Name] = s.Value
		order = append(order, s.Name)
	}
	return byName, order
}
