package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"navette/node/api"
)

// What really comes out is what the description says: no field that it hasn't,
// none of another type.
func TestAnswersAreAsDescribed(t *testing.T) {
	c := founded(t)
	drill := add(t, c, "tool", "name=Perceuse", "tag=P-1", "other-names=Visseuse")
	add(t, c, "event", "title=Atelier", "start=2026-12-05T14:00")
	send(t, c, http.MethodPost, "/v1/passes", api.Pass{Use: "link", Name: "Poster"}, nil)
	var d struct {
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]schema }
	}
	get(t, c, "/v1/openapi.json", nil, &d)
	if len(d.Paths) < 20 {
		t.Fatalf("%d paths are described", len(d.Paths))
	}
	for path, of := range map[string]string{
		"/v1/status": "/v1/status", "/v1/peers": "/v1/peers", "/v1/members": "/v1/members", "/v1/kit": "/v1/kit", "/v1/kinds": "/v1/kinds",
		"/v1/passes": "/v1/passes", "/v1/resources?kind=tool": "/v1/resources", "/v1/resources/" + drill.ID: "/v1/resources/{id}",
		"/v1/resources/" + drill.ID + "/log": "/v1/resources/{id}/log", "/v1/log": "/v1/log", "/v1/versions": "/v1/versions",
		"/v1/fingerprint": "/v1/fingerprint", "/v1/doctor": "/v1/doctor",
	} {
		var answer any
		get(t, c, path, nil, &answer)
		said := d.Paths[of]["get"].Responses["200"].Content["application/json"].Schema
		said.check(t, d.Components.Schemas, path, answer)
	}
}

type operation struct {
	Responses map[string]struct {
		Content map[string]struct{ Schema schema }
	}
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 string
	Items                *schema
	Properties           map[string]schema
	AdditionalProperties *schema
}

func (s schema) check(t *testing.T, all map[string]schema, where string, v any) {
	t.Helper()
	if s.Ref != "" {
		s = all[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	switch v := v.(type) {
	case nil:
		return
	case map[string]any:
		if s.Type != "object" && s.Type != "" {
			t.Errorf("%s is an object, not %s", where, s.Type)
		}
		for key, x := range v {
			p, ok := s.Properties[key]
			if s.AdditionalProperties != nil {
				p, ok = *s.AdditionalProperties, true
			}
			if !ok && s.Type != "" {
				t.Errorf("%s has %q, which isn't described", where, key)
			}
			p.check(t, all, where+"/"+key, x)
		}
	case []any:
		if s.Type != "array" && s.Type != "" {
			t.Errorf("%s is an array, not %s", where, s.Type)
		}
		for i, x := range v {
			if s.Items != nil {
				s.Items.check(t, all, fmt.Sprintf("%s[%d]", where, i), x)
			}
		}
	default:
		want := map[reflect.Kind][]string{reflect.String: {"string"}, reflect.Bool: {"boolean"}, reflect.Float64: {"integer", "number"}}[reflect.TypeOf(v).Kind()]
		if s.Type != "" && !slices.Contains(want, s.Type) {
			t.Errorf("%s is %v, not %s", where, v, s.Type)
		}
	}
}

// A client hears of each change, and after it was away of what it missed; one
// whose mark isn't honoured is told so.
func TestEvents(t *testing.T) {
	c := founded(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	follow := func(last string) func() (kind, id string, e api.Event) {
		t.Helper()
		body, err := c.Follow(ctx, "/v1/events", last)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { body.Close() })
		lines := bufio.NewScanner(body)
		return func() (kind, id string, e api.Event) {
			t.Helper()
			for lines.Scan() && lines.Text() != "" {
				name, value, _ := strings.Cut(lines.Text(), ": ")
				switch name {
				case "event":
					kind = value
				case "id":
					id = value
				case "data":
					if err := json.Unmarshal([]byte(value), &e); err != nil {
						t.Fatal(err)
					}
				}
			}
			return kind, id, e
		}
	}
	next := follow("")
	_, first, e := next()
	if first == "" || len(e.Resources) != 0 {
		t.Fatalf("at first: %q, %v", first, e)
	}
	drill := add(t, c, "tool", "name=Perceuse")
	if _, _, e = next(); len(e.Resources) != 1 || e.Resources[0] != (api.EventResource{ID: drill.ID, Kind: "tool"}) {
		t.Errorf("after an addition: %v", e)
	}
	saw := add(t, c, "tool", "name=Scie")
	again := follow(first)
	again()
	if _, _, e = again(); len(e.Resources) != 2 || e.Resources[1].ID != saw.ID {
		t.Errorf("what was missed: %v; want both tools", e)
	}
	if kind, id, _ := follow("feed.7")(); kind != "resync" || id == "feed.7" {
		t.Errorf("with a mark of nowhere: %q, %q; want resync and a mark of this store", kind, id)
	}
	cancel()
}
