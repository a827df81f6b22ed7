package web

import (
	"html/template"
	"net/url"
	"strings"
	"time"
)

// thingFunctions are what the templates of things call.
func thingFunctions(l tongue) template.FuncMap {
	return template.FuncMap{
		"choiceKey":        choiceKey,
		"fieldName":        l.fieldName,
		"conditionColour":  func(s string) string { return conditionColours[s] },
		"experienceColour": func(s string) string { return experienceColours[s] },
		"stateColour":      func(s string) string { return stateColours[s] },
		"price":            l.price,
		"date":             l.date,
		"web":              isWeb,
		"templateName":     func(s string) string { return l.known("template.", s) },
		"languageName":     func(s string) string { return l.known("language.", s) },
		"minus":            func(a, b int) int { return a - b },
		"monthNumber":      func(t time.Time) int { return int(t.Month()) },
		"short":            func(s string) string { r := []rune(s); return string(r[:min(3, len(r))]) },
		"isCustom":         func(field string) bool { return strings.HasPrefix(field, "custom.") },
		"attributes":       attributes,
		"filtered":         filtered,
	}
}

var conditionColours = map[string]string{"good": "calm", "to check": "waiting", "broken": "attention"}

var experienceColours = map[string]string{"worked": "calm", "failed": "attention", "tip": "busy"}

var stateColours = map[string]string{"in evaluation": "busy", "accepted": "calm", "rejected": "attention", "draft": "waiting"}

// fieldName is what people call a field, or an entry of one.
func (l tongue) fieldName(name string) string {
	if _, ok := words["field."+name]; ok {
		return l.text("field." + name)
	}
	of, key, _ := strings.Cut(name, ".")
	switch _, ok := words["field."+of]; {
	case ok && of == "custom":
		return key
	case ok:
		return l.text("field." + of)
	}
	return l.text("field.other")
}

// known is what a value is called, the value itself if that has no name.
func (l tongue) known(begin, value string) string {
	if key := choiceKey(begin, value); words[key] != [2]string{} {
		return l.text(key)
	}
	return value
}

// price writes a sum of money as people of the language do.
func (l tongue) price(s string) string {
	if whole, cents, ok := strings.Cut(s, "."); ok && len(cents) == 1 {
		s = whole + "." + cents + "0"
	}
	if l == french {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// date writes a date of a field.
func (l tongue) date(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return l.day(t)
}

// isWeb tells whether a text is an address that a browser may be sent to.
func isWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// filtered tells whether a filter of a list is set.
func filtered(list []filter) bool {
	for _, f := range list {
		if f.Value != "" {
			return true
		}
	}
	return false
}

// attributes are what the element of an input says of it.
func attributes(in *input, id string) template.HTMLAttr {
	var out, by []string
	if in.Needed {
		out = append(out, "required")
	}
	if in.Wrong != "" {
		out, by = append(out, `aria-invalid="true"`), append(by, id+"-wrong")
	}
	if in.Hint != "" {
		by = append(by, id+"-hint")
	}
	if len(by) > 0 {
		out = append(out, `aria-describedby="`+template.HTMLEscapeString(strings.Join(by, " "))+`"`)
	}
	return template.HTMLAttr(strings.Join(out, " "))
}
