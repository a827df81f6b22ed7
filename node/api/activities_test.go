package api_test

import (
	"net/http"
	"slices"
	"testing"

	"navette/node/api"
)

// What people do with things goes through the commands that all kinds share.
func TestActivities(t *testing.T) {
	c := founded(t)
	drill := add(t, c, "tool", "name=Perceuse")
	add(t, c, "person", "name=Zoé")
	laser := add(t, c, "event", "title=Laser", "start=2026-12-05T19:00", "capacity=8")
	four := add(t, c, "proposal", "title=Un four solaire", "body=Parce que.")
	note := add(t, c, "note", "about=perceuse", "experience=tip", "text=Mèche de 8")
	loan := add(t, c, "loan", "tool=perceuse", "borrower=Bob", "due=2026-12-12")
	for _, tt := range []struct{ path, set, field string }{
		{laser.ID, "sign-ups.Bob=yes", "sign-ups.Bob"},
		{four.ID, "supports+=Zoé", "supports"},
		{four.ID, "state=accepted", "state"},
		{loan.ID, "renewals+=2026-12-19", "renewals"},
	} {
		var r api.Resource
		send(t, c, http.MethodPatch, "/v1/resources/"+tt.path, api.Assignments{Fields: []string{tt.set}}, &r)
		if s, ok := r.Get(tt.field); !ok || s.Value == nil {
			t.Errorf("%s: %s shows %v", tt.set, tt.field, s.Value)
		}
	}
	var found []api.Resource
	get(t, c, "/v1/resources", map[string][]string{"kind": {"notes"}, "where": {"about=" + drill.ID}}, &found)
	if !slices.ContainsFunc(found, func(r api.Resource) bool { return r.ID == note.ID }) {
		t.Errorf("notes about the drill: %v; want %s", found, note.ID)
	}
}
