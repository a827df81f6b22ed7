package sim

import (
	"fmt"
	"strings"

	"navette/crdt"
)

// show is what a person sees of a resource. Nodes that hold the same exchanged
// set show the same; what their documents remember beside it may differ by
// what is void, which some have and others weren't offered.
func show(doc *crdt.Doc) string {
	if doc.Kind() == "" && doc.Deleted() {
		return "" // where all is void there is no resource
	}
	var b strings.Builder
	entries := func(list []crdt.Entry) {
		for _, e := range list {
			fmt.Fprint(&b, " ", e.Dot, e.Value, e.Stamp)
		}
	}
	fmt.Fprint(&b, doc.Kind(), doc.Deleted())
	fmt.Fprint(&b, doc.Counter(fieldCounter), doc.Set(fieldSet))
	entries(doc.Register(fieldRegister))
	for _, m := range doc.Map(fieldMap) {
		fmt.Fprint(&b, " ", m.Key, ":")
		entries(m.Entries)
	}
	for _, it := range doc.List(fieldList) {
		fmt.Fprint(&b, " ", it.Dot, it.Position, it.Places, "-")
		entries(it.Entries)
	}
	if t := doc.Text(fieldText); t != nil && t.Len() > 0 {
		fmt.Fprintf(&b, " %q", t)
	}
	return b.String()
}
