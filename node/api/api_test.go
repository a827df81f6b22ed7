package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"navette/crdt/commons"
	"navette/node"
	"navette/node/api"
	"navette/storage/memkv"
)

// serve runs a node without a network, and returns a client of its socket.
func serve(t *testing.T) *api.Client {
	t.Helper()
	dir := t.TempDir()
	n, err := node.Open(node.Options{Dir: dir, Store: memkv.New(memkv.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran, served, ready := make(chan error, 1), make(chan error, 1), make(chan struct{})
	go func() { ran <- n.Run(ctx, node.Links{}) }()
	go func() { served <- api.Serve(ctx, dir, api.NewServer(n), func() { close(ready) }) }()
	<-ready
	c := api.NewClient(filepath.Join(dir, api.SocketName), "")
	t.Cleanup(func() {
		c.Close()
		cancel()
		if err := errors.Join(<-served, <-ran); err != nil {
			t.Error(err)
		}
	})
	return c
}

func founded(t *testing.T) *api.Client {
	t.Helper()
	c := serve(t)
	send(t, c, http.MethodPost, "/v1/commons", api.Founding{Name: "Communs", Place: "La Fabrique", Person: "Ana"}, nil)
	return c
}

func send(t *testing.T, c *api.Client, method, path string, in, out any) {
	t.Helper()
	if err := c.Send(t.Context(), method, path, in, out); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}

func get(t *testing.T, c *api.Client, path string, query url.Values, out any) {
	t.Helper()
	if err := c.Get(t.Context(), path, query, out); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

func add(t *testing.T, c *api.Client, kind string, fields ...string) (r api.Resource) {
	t.Helper()
	send(t, c, http.MethodPost, "/v1/resources", api.Assignments{Kind: kind, Fields: fields}, &r)
	return r
}

func TestRefusals(t *testing.T) {
	c := founded(t)
	drill := add(t, c, "tool", "name=Perceuse", "tag=P-1")
	add(t, c, "tool", "name=Perceuse", "tag=P-2")
	add(t, c, "page", "title=Charte")
	gone := add(t, c, "tool", "name=Rabot")
	send(t, c, http.MethodDelete, "/v1/resources/"+gone.ID, nil, nil)
	fields := func(f ...string) api.Assignments { return api.Assignments{Fields: f} }
	tests := []struct {
		name, method, path string
		in                 any
		code               string
		arg                string // one of its arguments
	}{
		{"no such resource", http.MethodGet, "/v1/resources/00000000", nil, api.CodeNotFound, "00000000"},
		{"a title that two have", http.MethodGet, "/v1/resources/perceuse", nil, api.CodeAmbiguous, "2"},
		{"no such kind", http.MethodPost, "/v1/resources", api.Assignments{Kind: "licorne", Fields: []string{"name=x"}}, api.CodeNoKind, "licorne"},
		{"no such field", http.MethodPatch, "/v1/resources/P-1", fields("nom=x"), api.CodeNoField, "nom"},
		{"not a value", http.MethodPatch, "/v1/resources/P-1", fields("condition=fine"), api.CodeBadField, "fine"},
		{"not an assignment", http.MethodPatch, "/v1/resources/P-1", fields("condition"), api.CodeAssign, "condition"},
		{"too long", http.MethodPatch, "/v1/resources/P-1", fields("brand=" + strings.Repeat("x", 300)), api.CodeFieldLimit, "brand"},
		{"nothing to call it by", http.MethodPost, "/v1/resources", api.Assignments{Kind: "tool", Fields: []string{"tag=X"}}, api.CodeMissing, "name"},
		{"removed", http.MethodPatch, "/v1/resources/" + gone.ID, fields("brand=x"), api.CodeRemoved, "Rabot"},
		{"not removed", http.MethodPost, "/v1/resources/P-1/restore", map[string]string{}, api.CodeThere, "Perceuse"},
		{"no such version", http.MethodPost, "/v1/resources/P-1/restore", map[string]string{"version": "ffff"}, api.CodeNoVersion, "ffff"},
		{"not in two versions", http.MethodPost, "/v1/resources/P-1/versions", api.Resolution{Field: "name", Keep: 1}, api.CodeNoVersions, "name"},
		{"no text", http.MethodGet, "/v1/resources/P-1/text", nil, api.CodeNoText, "tool"},
		{"an edit of what never was", http.MethodPut, "/v1/resources/charte/text", api.PageEdit{Base: "1.999", Text: "x"}, api.CodeVersionGone, ""},
		{"the text of a tool", http.MethodPut, "/v1/resources/P-1/text", api.PageEdit{Base: "0", Text: "x"}, api.CodeNoText, "tool"},
		{"no such format", http.MethodGet, "/v1/export?kind=tool&format=docx", nil, api.CodeFormat, "docx"},
		{"no invitation", http.MethodPost, "/v1/join", api.Joining{Invitation: "bonjour"}, api.CodeBadInvite, ""},
		{"no such role", http.MethodPost, "/v1/invitations", api.Invitation{Role: "root"}, api.CodeNoRole, "root"},
		{"no such commons", http.MethodGet, "/v1/log?commons=ailleurs", nil, api.CodeNoCommons, ""},
		{"not what is asked", http.MethodPost, "/v1/commons", map[string]string{"nom": "x"}, api.CodeBadRequest, ""},
	}
	var before api.Fingerprint
	get(t, c, "/v1/fingerprint", nil, &before)
	for _, tt := range tests {
		path, query, _ := strings.Cut(tt.path, "?")
		var err error
		if tt.method == http.MethodGet {
			q, parseErr := url.ParseQuery(query)
			if parseErr != nil {
				t.Fatal(parseErr)
			}
			err = c.Get(t.Context(), path, q, nil)
		} else {
			err = c.Send(t.Context(), tt.method, path, tt.in, nil)
		}
		var refused *api.Error
		if !errors.As(err, &refused) || refused.Code != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
			continue
		}
		if tt.arg != "" && !strings.Contains(strings.Join(refused.Args, "\n"), tt.arg) {
			t.Errorf("%s: arguments %q don't name %q", tt.name, refused.Args, tt.arg)
		}
	}
	var after api.Fingerprint
	get(t, c, "/v1/fingerprint", nil, &after)
	if after.Full != before.Full {
		t.Error("what was refused changed something")
	}
	if drill.Title != "Perceuse" {
		t.Errorf("the drill is called %q", drill.Title)
	}
}

func TestWithoutCommons(t *testing.T) {
	c := serve(t)
	var refused *api.Error
	if err := c.Get(t.Context(), "/v1/log", nil, nil); !errors.As(err, &refused) || refused.Code != api.CodeNoCommons {
		t.Errorf("without a commons: %v, want %s", err, api.CodeNoCommons)
	}
}

func TestHistoryAndDiff(t *testing.T) {
	c := founded(t)
	r := add(t, c, "tool", "name=Scie", "location=Atelier")
	first := r.Created.Change
	send(t, c, http.MethodPatch, "/v1/resources/"+r.ID, api.Assignments{Fields: []string{"location=Cave"}}, nil)
	var log []api.Entry
	get(t, c, "/v1/resources/"+r.ID+"/log", nil, &log)
	if len(log) != 2 || log[0].Resources[0].Did != "changed" || log[1].Resources[0].Did != "created" {
		t.Fatalf("log %+v, want changed, created", log)
	}
	if by := log[0].By; by.Person != "Ana" || by.Place != "La Fabrique" {
		t.Errorf("changed by %+v, want Ana at La Fabrique", by)
	}
	var d api.Diff
	get(t, c, "/v1/resources/"+r.ID+"/diff", nil, &d)
	if len(d.Fields) != 1 || d.Fields[0].Was != "Atelier" || d.Fields[0].Is != "Cave" {
		t.Errorf("diff %+v, want location from Atelier to Cave", d)
	}
	var then api.Resource
	get(t, c, "/v1/resources/"+r.ID, url.Values{"version": {first[:8]}}, &then)
	if f, _ := then.Get("location"); f.Value != "Atelier" {
		t.Errorf("the first version is at %v, want Atelier", f.Value)
	}
	send(t, c, http.MethodPost, "/v1/resources/"+r.ID+"/restore", map[string]string{"version": first[:8]}, &then)
	if f, _ := then.Get("location"); f.Value != "Atelier" {
		t.Errorf("restored it is at %v, want Atelier", f.Value)
	}
}

// An edit against a text that has moved on keeps what the others wrote.
func TestEditMeetsEdit(t *testing.T) {
	c := founded(t)
	r := add(t, c, "page", "title=Charte")
	var page api.PageText
	get(t, c, "/v1/resources/"+r.ID+"/text", nil, &page)
	send(t, c, http.MethodPut, "/v1/resources/"+r.ID+"/text", api.PageEdit{Base: page.Version, Text: "un\ndeux\ntrois\n"}, nil)
	get(t, c, "/v1/resources/"+r.ID+"/text", nil, &page)
	for _, text := range []string{"UN\ndeux\ntrois\n", "un\ndeux\nTROIS\n"} {
		send(t, c, http.MethodPut, "/v1/resources/"+r.ID+"/text", api.PageEdit{Base: page.Version, Text: text}, nil)
	}
	get(t, c, "/v1/resources/"+r.ID+"/text", nil, &page)
	if want := "UN\ndeux\nTROIS\n"; page.Text != want {
		t.Errorf("the page reads %q, want %q", page.Text, want)
	}
}

func TestImport(t *testing.T) {
	c := founded(t)
	const table = "Nom;N° inventaire;Date d'achat\nÉtau;X-1;12/03/2021\nEnclume;X-2;le mois dernier\nMarteau;X-3;01/02/2020\n"
	run := func(dry bool, text string) (result api.ImportResult, progress int) {
		in := api.ImportRequest{Files: []api.File{{Name: "outils.csv", Data: []byte(text)}}, DryRun: dry}
		err := c.Stream(t.Context(), http.MethodPost, "/v1/import", nil, in, func(line json.RawMessage) error {
			var l api.ImportLine
			if err := json.Unmarshal(line, &l); err != nil {
				return err
			}
			if l.Progress != nil {
				progress++
			}
			if l.Result != nil {
				result = *l.Result
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return result, progress
	}
	count := func() int {
		var list []commons.Resource
		get(t, c, "/v1/resources", url.Values{"kind": {"tool"}}, &list)
		return len(list)
	}
	r, _ := run(true, table)
	if r.New != 2 || len(r.Items) != 2 || count() != 0 {
		t.Errorf("a dry run: %+v and %d tools, want 2 new and none", r, count())
	}
	r, progress := run(false, table)
	if r.New != 2 || len(r.Problems) != 1 || r.Problems[0].Line != 3 || progress == 0 || count() != 2 {
		t.Errorf("%+v, %d steps and %d tools; want 2 new, and line 3 named", r, progress, count())
	}
	if r, _ = run(false, table); r.Unchanged != 2 || r.New+r.Changed != 0 {
		t.Errorf("again: %+v, want 2 unchanged", r)
	}
	if r, _ = run(false, strings.Replace(table, "Étau", "Grand étau", 1)); r.Changed != 1 || r.Unchanged != 1 {
		t.Errorf("with another name: %+v, want 1 changed", r)
	}
}
