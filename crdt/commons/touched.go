package commons

import (
	"fmt"
	"slices"
	"strings"

	"navette/crdt"
)

// Touched returns the names of the fields of a resource that a change writes
// to, in the order in which it does. The resource has the given kind.
func Touched(kind string, c *crdt.Change, id crdt.ID) []string {
	k, _ := Lookup(kind)
	var out []string
	resources, ok := c.Resources()
	for i := range c.Ops {
		if !ok[i] || resources[i] != id {
			continue
		}
		e, err := crdt.DecodeEdit(c, i, id)
		if err != nil || e.Code <= crdt.Restore {
			continue
		}
		if n := k.nameOf(e); n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// What a change did to a resource as a whole.
const (
	Created     = "created"
	Removed     = "removed"
	BroughtBack = "restored"
	Edited      = "changed"
)

// Did tells what a change did to a resource: one of Created, Removed,
// BroughtBack and Edited.
func Did(c *crdt.Change, id crdt.ID) string {
	did := Edited
	resources, ok := c.Resources()
	for i, op := range c.Ops {
		if !ok[i] || resources[i] != id {
			continue
		}
		switch crdt.Code(op.Code) {
		case crdt.Create:
			did = Created
		case crdt.Remove:
			did = Removed
		case crdt.Restore:
			did = BroughtBack
		}
	}
	return did
}

// nameOf is what people call the field that an edit changes; "" for what
// programs write by themselves.
func (k *Kind) nameOf(e crdt.Edit) string {
	f, named := k.field(e.Field)
	if k == eventKind && e.Field == fieldProperties {
		key, ok := readKey(e.Key)
		if !ok || bookkeeping[key.name] {
			return ""
		}
		return fieldOf(key)
	}
	if !named {
		return fmt.Sprintf("field %d", e.Field)
	}
	if e.Key != nil {
		return fmt.Sprintf("%s.%v", f.Name, plain(e.Key))
	}
	return f.Name
}

// maxCompared bounds the lines that DiffLines compares one by one.
const maxCompared = 2000

// DiffLines compares two texts line by line: "-" before a line that went, "+"
// before one that came, " " before one that stayed. Of longer stretches that
// stayed, three lines are left at either end.
func DiffLines(was, is string) []string {
	a, b := splitLines(was), splitLines(is)
	var head, tail []string
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, " "+a[0])
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, " "+a[len(a)-1])
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	slices.Reverse(tail)
	return shorten(slices.Concat(head, diffMiddle(a, b), tail))
}

func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// diffMiddle finds a longest common subsequence of lines; of very long texts
// everything went and came.
func diffMiddle(a, b []string) (out []string) {
	if len(a) > maxCompared || len(b) > maxCompared {
		for _, l := range a {
			out = append(out, "-"+l)
		}
		for _, l := range b {
			out = append(out, "+"+l)
		}
		return out
	}
	longest := make([][]uint16, len(a)+1) // of a[i:] and b[j:]
	for i := range longest {
		longest[i] = make([]uint16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, " "+a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[i+1][j] >= longest[i][j+1]:
			out = append(out, "-"+a[i])
			i++
		default:
			out = append(out, "+"+b[j])
			j++
		}
	}
	return out
}

// shorten leaves out what stayed, but for three lines around what didn't.
func shorten(lines []string) (out []string) {
	const around = 3
	near := func(i int) bool {
		for j := max(0, i-around); j < min(len(lines), i+around+1); j++ {
			if lines[j][0] != ' ' {
				return true
			}
		}
		return false
	}
	left := false
	for i, l := range lines {
		switch {
		case near(i):
			out = append(out, l)
			left = false
		case !left:
			out = append(out, " …")
			left = true
		}
	}
	return out
}
