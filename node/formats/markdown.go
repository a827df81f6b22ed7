package formats

import (
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"navette/crdt/commons"
)

// ReadPages reads a folder of Markdown pages. A page is known by its path in
// the folder. What stands in the front matter is kept as it was written; where
// it has a name for a field, it is that field, too. The body is all that
// follows, byte for byte.
func ReadPages(files []File) Result {
	var out Result
	exact := make(map[string]string) // what is in the files whose names are composed already
	for _, f := range files {
		if name := path.Clean(f.Name); name == normal(name) {
			exact[name] = string(f.Data)
		}
	}
	for _, f := range files {
		text, encoding, err := Decode(f.Data)
		if err != nil {
			out.Problems = append(out.Problems, Problem{File: f.Name, Code: CodeFile, Args: []string{err.Error()}, Err: err})
			continue
		}
		if encoding == "UTF-8 with BOM" {
			text = "\uFEFF" + text
		}
		name := normal(path.Clean(f.Name))
		if twin, there := exact[name]; there && twin != string(f.Data) {
			// Their names differ only in how accents are encoded: two pages.
			name = path.Clean(f.Name)
		}
		out.Records = append(out.Records, page(f.Name, name, text))
	}
	return out
}

func page(file, name, text string) commons.Record {
	front, body := SplitFrontMatter(text)
	rec := commons.Record{File: file, Kind: "page", Key: name, By: "path", Name: name, Whole: true, Fields: []commons.Assign{
		{Field: "path", Text: name}, {Field: "front-matter", Text: front}, {Field: "body", Text: body},
	}}
	said := readFrontMatter(front)
	for _, field := range sortedKeys(said) {
		a := commons.Assign{Field: field, Text: strings.Join(said[field], ", ")}
		if f, _ := pageKind.Field(field); f.Type == commons.SetType {
			a.Items = said[field]
		}
		rec.Fields = append(rec.Fields, a)
	}
	if t := said["title"]; len(t) > 0 {
		rec.Name = t[0]
	} else if h := commons.Heading(body); h != "" {
		rec.Name = h
	}
	return rec
}

var pageKind, _ = commons.Lookup("page")

// maxFrontMatter is as much of a page as is taken for front matter; more is
// the page.
const maxFrontMatter = 16 << 10

// SplitFrontMatter splits a page into its front matter, with the lines that
// mark it off, and what follows; one after the other they are the page. Front
// matter begins with a line "---", ends with one "---" or "...", and is a YAML
// mapping.
func SplitFrontMatter(text string) (front, body string) {
	rest := strings.TrimPrefix(text, "\uFEFF")
	at := len(text) - len(rest)
	for i := 0; ; i++ {
		line, after := cutLine(text[at:])
		mark := strings.TrimRight(line, " \t")
		if i == 0 && mark != "---" || at == len(text) {
			return "", text
		}
		at = len(text) - len(after)
		if at > maxFrontMatter {
			return "", text
		}
		if i > 0 && (mark == "---" || mark == "...") {
			break
		}
	}
	if _, err := frontMatterNode(text[:at]); err != nil {
		return "", text
	}
	return text[:at], text[at:]
}

// frontMatterNode parses front matter; it is a mapping, or empty.
func frontMatterNode(front string) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(inner(front)), &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return nil, ErrFormat
	}
	return doc.Content[0], nil
}

// inner returns the lines between those that mark front matter off.
func inner(front string) string {
	front = strings.TrimPrefix(front, "\uFEFF")
	if front == "" {
		return ""
	}
	_, front = cutLine(front)
	front = strings.TrimRight(front, "\r\n \t")
	return strings.TrimRight(front[:max(len(front)-3, 0)], "\r\n") + "\n"
}

// keys are the names in front matter that are fields of a page.
var keys = map[string]string{
	"title": "title", "titre": "title", "author": "authors", "authors": "authors", "auteur": "authors", "auteurs": "authors",
	"tags": "tags", "description": "description", "licence": "licence", "license": "licence",
	"lang": "language", "language": "language", "langue": "language", "template": "template", "source": "source",
}

// readFrontMatter returns the fields that front matter sets: texts and lists
// of texts. The first name for a field counts.
func readFrontMatter(front string) map[string][]string {
	out := make(map[string][]string)
	node, err := frontMatterNode(front)
	if err != nil {
		return out
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		field := keys[strings.ToLower(node.Content[i].Value)]
		if values := texts(node.Content[i+1]); field != "" && out[field] == nil && len(values) > 0 && fits(field, values) {
			out[field] = values
		}
	}
	return out
}

// fits tells whether values are ones that the field has room for; what isn't
// stays in the front matter alone.
func fits(field string, values []string) bool {
	f, _ := pageKind.Field(field)
	return (f.Type == commons.SetType || len(values) == 1) && !slices.ContainsFunc(values, func(s string) bool {
		return len(s) > f.Bound.Bytes || f.Form == commons.Link && strings.ContainsAny(s, " \t\n")
	})
}

func texts(n *yaml.Node) (out []string) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag != "!!null" && strings.TrimSpace(n.Value) != "":
		return []string{strings.TrimSpace(n.Value)}
	case n.Kind == yaml.SequenceNode:
		for _, c := range n.Content {
			if c.Kind == yaml.ScalarNode {
				out = append(out, texts(c)...)
			}
		}
	}
	return out
}
