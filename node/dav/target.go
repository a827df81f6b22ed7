package dav

import (
	"encoding/hex"
	"net/url"
	"strings"

	"navette/crdt"
)

// The levels of the tree.
type level int

const (
	rootLevel level = iota
	principalLevel
	homeLevel
	calendarLevel
	objectLevel
)

// A target is what an address leads to.
type target struct {
	level level
	place crdt.ID // of a calendar or object; zero: of no place
	name  string  // of an object, without its ".ics"
}

const (
	rootPath      = "/dav/"
	principalPath = "/dav/principal/"
	homePath      = "/dav/calendars/"
	placeless     = "commons"
)

// readPath reads the path of an address, with the slash at the end or without.
func readPath(path string) (t target, ok bool) {
	switch strings.TrimSuffix(path, "/") + "/" {
	case rootPath:
		return target{level: rootLevel}, true
	case principalPath:
		return target{level: principalLevel}, true
	case homePath:
		return target{level: homeLevel}, true
	}
	rest, ok := strings.CutPrefix(path, homePath)
	if !ok {
		return t, false
	}
	calendar, name, _ := strings.Cut(rest, "/")
	if calendar != placeless {
		b, err := hex.DecodeString(calendar)
		if err != nil || len(b) != len(t.place) {
			return t, false
		}
		copy(t.place[:], b)
	}
	if t.level = calendarLevel; name == "" {
		return t, true
	}
	t.level = objectLevel
	t.name, ok = strings.CutSuffix(name, ".ics")
	return t, ok && t.name != "" && !strings.Contains(t.name, "/")
}

// path is the address of the target, escaped.
func (t target) path() string {
	switch t.level {
	case rootLevel:
		return rootPath
	case principalLevel:
		return principalPath
	case homeLevel:
		return homePath
	}
	calendar := placeless
	if t.place != (crdt.ID{}) {
		calendar = t.place.String()
	}
	if t.level == calendarLevel {
		return homePath + calendar + "/"
	}
	return homePath + calendar + "/" + url.PathEscape(t.name) + ".ics"
}
