package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"navette/node"
	"navette/node/api"
	"navette/storage/badgerdb"
)

// onDisk runs a node on a real disk that has founded a commons, and returns a
// client of its socket. Each call begins anew.
func onDisk(b *testing.B) *api.Client {
	b.Helper()
	dir := b.TempDir()
	kv, _, err := badgerdb.Open(filepath.Join(dir, "db"), badgerdb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	n, err := node.Open(node.Options{Dir: dir, Store: kv})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran, served, ready := make(chan error, 1), make(chan error, 1), make(chan struct{})
	go func() { ran <- n.Run(ctx, node.Links{}) }()
	go func() { served <- api.Serve(ctx, dir, api.NewServer(n), func() { close(ready) }) }()
	<-ready
	c := api.NewClient(filepath.Join(dir, api.SocketName), "")
	b.Cleanup(func() {
		c.Close()
		cancel()
		if err := errors.Join(<-served, <-ran, kv.Close()); err != nil {
			b.Error(err)
		}
	})
	if err := c.Send(ctx, http.MethodPost, "/v1/commons", api.Founding{Name: "Communs", Place: "A", Person: "Ana"}, nil); err != nil {
		b.Fatal(err)
	}
	return c
}

// inventory is a table of n tools.
func inventory(n int) []byte {
	var csv bytes.Buffer
	csv.WriteString("tag,name,category,location,description,quantity,tags,owner\n")
	for i := range n {
		fmt.Fprintf(&csv, "T-%d,Perceuse à colonne %d,bois,Atelier principal,\"à utiliser avec des lunettes de protection, merci de nettoyer après usage %d\",%d,\"bruit,prêt\",Amina\n", i, i, i*i, i%25)
	}
	return csv.Bytes()
}

func importTools(b *testing.B, c *api.Client, csv []byte, want int) {
	b.Helper()
	var last api.ImportLine
	in := api.ImportRequest{Files: []api.File{{Name: "tools.csv", Data: csv}}}
	err := c.Stream(b.Context(), http.MethodPost, "/v1/import", nil, in, func(line json.RawMessage) error {
		return json.Unmarshal(line, &last)
	})
	if err != nil || last.Result == nil || last.Result.New != want {
		b.Fatalf("imported %+v, %v; want %d new", last.Result, err, want)
	}
}

// BenchmarkImport imports a table through the socket; all of it is durable.
func BenchmarkImport(b *testing.B) {
	const tools = 10_000
	csv := inventory(tools)
	for b.Loop() {
		b.StopTimer()
		c := onDisk(b)
		b.StartTimer()
		begin := time.Now()
		importTools(b, c, csv, tools)
		b.ReportMetric(tools/time.Since(begin).Seconds(), "records/s")
	}
}

// BenchmarkList asks for all of 10 000 tools, for one by its id, and for one by
// its tag.
func BenchmarkList(b *testing.B) {
	const tools = 10_000
	c := onDisk(b)
	importTools(b, c, inventory(tools), tools)
	var all []api.Resource
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			all = nil
			if err := c.Get(b.Context(), "/v1/resources", url.Values{"kind": {"tool"}}, &all); err != nil || len(all) != tools {
				b.Fatalf("%d tools, %v; want %d", len(all), err, tools)
			}
		}
	})
	for _, by := range []struct{ name, text string }{{"id", all[tools/2].ID}, {"tag", "T-77"}} {
		b.Run(by.name, func(b *testing.B) {
			for b.Loop() {
				if err := c.Get(b.Context(), "/v1/resources/"+by.text, nil, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
