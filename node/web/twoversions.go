package web

import (
	"strconv"

	"navette/crdt"
	"navette/crdt/commons"
)

// versionRoutes settle what two people wrote without having seen each other.
var versionRoutes = []route{
	{"POST", "/things/{id}/versions", member, everywhere, (*visit).settleVersions},
}

// twoVersions is a field in which two or more versions stand.
type twoVersions struct {
	Field    string // FIELD or FIELD.KEY
	Versions []aVersion
	Both     bool // they can be joined
}

// aVersion is one of them, the shown one first.
type aVersion struct {
	byline
	Number int // from 1
	Text   string
}

func (v *visit) twoVersions(d *crdt.Doc) (out []twoVersions) {
	for _, c := range commons.Conflicts(d) {
		two := twoVersions{Field: c.Name}
		all := make([]int, len(c.Versions))
		for i, x := range c.Versions {
			all[i] = i
			two.Versions = append(two.Versions, aVersion{v.byline(&x.Origin), i + 1, valueText(x.Value)})
		}
		_, err := commons.Resolve(d, c.Name, all...)
		two.Both = err == nil
		out = append(out, two)
	}
	return out
}

// settleVersions keeps one of the versions, or both.
func (v *visit) settleVersions() error {
	t, err := v.thing("")
	if err != nil {
		return err
	}
	field, keep := v.FormValue("field"), v.FormValue("keep")
	err = v.edit(t, func(d *crdt.Doc) ([][]crdt.Edit, error) {
		var numbers []int
		for _, c := range commons.Conflicts(d) {
			for i := range c.Versions {
				if c.Name == field && (keep == "both" || keep == strconv.Itoa(i+1)) {
					numbers = append(numbers, i)
				}
			}
		}
		return commons.Resolve(d, field, numbers...)
	})
	if err != nil {
		return err
	}
	return v.done(t.Path, "said.settled")
}
