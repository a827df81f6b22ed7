package formats

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"navette/crdt/commons"
)

// WritePage writes a page. Its front matter is written as it was read, unless
// a field that stands in it was changed since; then that is set in it, and
// what else it says stays.
func WritePage(w io.Writer, r *commons.Resource) error {
	front, body := text(r, "front-matter"), text(r, "body")
	said := readFrontMatter(front)
	changed := make(map[string][]string)
	for _, field := range []string{"title", "description", "authors", "tags", "language", "licence", "source", "template"} {
		is := values(r, field)
		if was := said[field]; !same(was, is) {
			changed[field] = is
		}
	}
	if len(changed) > 0 {
		var err error
		if front, err = setFrontMatter(front, changed); err != nil {
			return fmt.Errorf("write front matter of %q: %w", r.Title, err)
		}
	}
	if front != "" && strings.HasPrefix(body, bom) {
		body = strings.TrimPrefix(body, bom)
		front = bom + front
	}
	if _, err := io.WriteString(w, front+body); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

const bom = "\uFEFF" // a byte order mark

func text(r *commons.Resource, field string) string {
	s, _ := r.Get(field)
	v, _ := s.Value.(string)
	return v
}

func values(r *commons.Resource, field string) (out []string) {
	s, ok := r.Get(field)
	if !ok {
		return nil
	}
	switch v := s.Value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			out = append(out, fmt.Sprint(x))
		}
	}
	return out
}

// same tells whether two lists have the same elements, in any order.
func same(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// setFrontMatter sets fields in front matter, making it if there is none.
func setFrontMatter(front string, fields map[string][]string) (string, error) {
	node, err := frontMatterNode(front)
	if err != nil {
		return "", err
	}
	for _, field := range sortedKeys(fields) {
		set(node, field, fields[field])
	}
	if len(node.Content) == 0 {
		return "", nil
	}
	b, err := yaml.Marshal(node)
	if err != nil {
		return "", err
	}
	out := "---\n" + string(b) + "---\n"
	if strings.Contains(front, "\r\n") {
		out = strings.ReplaceAll(out, "\n", "\r\n")
	}
	if strings.HasPrefix(front, bom) {
		out = bom + out
	}
	return out, nil
}

// set sets a field under the name it has in the mapping; no values take it out.
func set(node *yaml.Node, field string, values []string) {
	var v yaml.Node
	if f, _ := pageKind.Field(field); f.Type == commons.SetType && len(values) != 1 {
		v.Kind = yaml.SequenceNode
		for _, s := range values {
			v.Content = append(v.Content, scalar(s))
		}
	} else if len(values) > 0 {
		v = *scalar(values[0])
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if keys[strings.ToLower(node.Content[i].Value)] != field {
			continue
		}
		if len(values) == 0 {
			node.Content = slices.Delete(node.Content, i, i+2)
			i -= 2
			continue
		}
		node.Content[i+1] = &v
		return
	}
	if len(values) > 0 {
		node.Content = append(node.Content, scalar(field), &v)
	}
}

func scalar(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// PagePath returns where a page goes in a folder of pages: where it came from,
// else by its title. Whoever wrote the path, it stays inside the folder; taken
// has those given out, to which it is added.
func PagePath(r *commons.Resource, taken map[string]bool) string {
	name := text(r, "path")
	if !safe(name) {
		name = slug(r.Title) + ".md"
	}
	ext := path.Ext(name)
	base := strings.TrimSuffix(name, ext)
	for n := 2; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s-%d%s", base, n, ext)
	}
	taken[strings.ToLower(name)] = true
	return name
}

// safe tells whether a path is one that a file may be written to inside a
// folder, on any system.
func safe(name string) bool {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:*?\"<>|") || len(name) > 1024 {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || len(part) > 200 || strings.TrimRight(part, ". ") != part {
			return false
		}
	}
	ext := strings.ToLower(path.Ext(name))
	return (ext == ".md" || ext == ".markdown" || ext == ".mdown") && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func slug(title string) string {
	s := strings.Join(strings.FieldsFunc(commons.Fold(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
	if s = s[:min(len(s), 80)]; s == "" {
		return "page"
	}
	return strings.Trim(s, "-")
}
