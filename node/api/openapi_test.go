package api

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// The description has every route, and no other.
func TestEveryRouteIsDescribed(t *testing.T) {
	s := &Server{}
	routes := slices.Concat(slices.Sorted(maps.Keys(s.routes())), slices.Sorted(maps.Keys(s.peopleRoutes())), slices.Sorted(maps.Keys(s.attachmentRoutes())), []string{"POST /v1/resources/{id}/attachments", "POST /v1/valise"})
	described := slices.Sorted(maps.Keys(operations))
	for _, pattern := range routes {
		if op, ok := operations[pattern]; !ok {
			t.Errorf("%s isn't described: say in openapi.go what it is for", pattern)
		} else if op.says == "" || op.out == nil && op.media != mediaBytes {
			t.Errorf("%s: the description doesn't say what comes out", pattern)
		}
	}
	for _, pattern := range described {
		if !slices.Contains(routes, pattern) {
			t.Errorf("%s is described, and isn't there", pattern)
		}
	}
}

// Each schema that is named is there.
func TestSchemasAreThere(t *testing.T) {
	d := describe()
	schemas := d["components"].(map[string]any)["schemas"].(map[string]any)
	var look func(where string, v any)
	look = func(where string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				if name := strings.TrimPrefix(ref, "#/components/schemas/"); schemas[name] == nil {
					t.Errorf("%s names %s, which isn't there", where, ref)
				}
			}
			for key, x := range v {
				look(where+"/"+key, x)
			}
		case map[string]map[string]any:
			for key, x := range v {
				look(where+"/"+key, x)
			}
		case []any:
			for _, x := range v {
				look(where, x)
			}
		}
	}
	look("", d)
}
