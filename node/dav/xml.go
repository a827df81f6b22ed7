package dav

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// The namespaces, with the prefixes that answers use.
const (
	nsDAV    = "DAV:"
	nsCalDAV = "urn:ietf:params:xml:ns:caldav"
	nsServer = "http://calendarserver.org/ns/"
	nsApple  = "http://apple.com/ns/ical/"
)

var prefixes = []struct{ prefix, space string }{
	{"d", nsDAV}, {"c", nsCalDAV}, {"cs", nsServer}, {"a", nsApple},
}

// An element of a request.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

// readXML reads the body of a request, which may be empty if it may.
func readXML(r *http.Request) (*element, error) {
	e := new(element)
	err := xml.NewDecoder(r.Body).Decode(e)
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, &refusal{status: http.StatusBadRequest, message: err.Error()}
	}
	return e, nil
}

// is tells whether an element has that name, "d:prop" for prop of DAV.
func (e *element) is(name string) bool { return short(e.XMLName) == name }

// child returns the first child of that name; nil if there is none, or no e.
func (e *element) child(name string) *element {
	if e != nil {
		for i := range e.Children {
			if e.Children[i].is(name) {
				return &e.Children[i]
			}
		}
	}
	return nil
}

// all returns the children of that name.
func (e *element) all(name string) (out []*element) {
	for i := range e.Children {
		if e.Children[i].is(name) {
			out = append(out, &e.Children[i])
		}
	}
	return out
}

func (e *element) attr(name string) string {
	if e == nil {
		return ""
	}
	for _, a := range e.Attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// short writes a name with the prefix that answers use for its namespace; one
// of another namespace has that in braces.
func short(n xml.Name) string {
	for _, p := range prefixes {
		if p.space == n.Space {
			return p.prefix + ":" + n.Local
		}
	}
	return "{" + n.Space + "}" + n.Local
}

// A body is an answer being written.
type body struct {
	bytes.Buffer
	root string
}

func newBody(root string) *body {
	b := &body{root: root}
	b.WriteString(xml.Header)
	b.WriteString("<" + root)
	for _, p := range prefixes {
		fmt.Fprintf(b, ` xmlns:%s="%s"`, p.prefix, p.space)
	}
	b.WriteString(">")
	return b
}

// open writes the beginning of an element; names are as short writes them.
func (b *body) open(name string) {
	if space, local, ok := strings.Cut(strings.TrimPrefix(name, "{"), "}"); ok {
		fmt.Fprintf(b, `<%s xmlns="%s">`, local, escape(space))
		return
	}
	b.WriteString("<" + name + ">")
}

func (b *body) close(name string) {
	if _, local, ok := strings.Cut(name, "}"); ok {
		name = local
	}
	b.WriteString("</" + name + ">")
}

func (b *body) empty(name string) { b.raw(name, "") }

// raw writes an element around what is XML already.
func (b *body) raw(name, inner string) {
	b.open(name)
	b.WriteString(inner)
	b.close(name)
}

func (b *body) text(name, text string) { b.raw(name, escape(text)) }

func (b *body) send(w http.ResponseWriter, status int) {
	b.WriteString("</" + b.root + ">\n")
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the program went away: there is nobody to tell
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}

// href writes an address as the content of an element.
func href(path string) string { return "<d:href>" + escape(path) + "</d:href>" }

// status writes the line that goes with a part of a multistatus.
func (b *body) status(code int) {
	b.text("d:status", fmt.Sprintf("HTTP/1.1 %d %s", code, http.StatusText(code)))
}
