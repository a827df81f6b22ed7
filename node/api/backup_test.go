package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"navette/node"
	"navette/node/api"
	"navette/node/backup"
	"navette/storage/memkv"
)

func fetch(t *testing.T, c *api.Client) ([]byte, error) {
	t.Helper()
	body, err := c.Backup(t.Context())
	if err != nil {
		return nil, err
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	return b, err
}

func TestBackup(t *testing.T) {
	c := serve(t)
	var refused *api.Error
	if _, err := fetch(t, c); !errors.As(err, &refused) || refused.Code != api.CodeNoCommons {
		t.Errorf("of nothing: %v, want %s", err, api.CodeNoCommons)
	}
	send(t, c, http.MethodPost, "/v1/commons", api.Founding{Name: "Communs", Place: "La Fabrique"}, nil)
	add(t, c, "tool", "name=Scie")
	file, err := fetch(t, c)
	if err != nil {
		t.Fatal(err)
	}
	h, err := backup.Verify(bytes.NewReader(file), nil)
	if err != nil || len(h.Commons) != 1 {
		t.Fatalf("%+v, %v; want a backup of one commons", h, err)
	}
	doctor := func() (codes []string) {
		var list []api.Notice
		get(t, c, "/v1/doctor", nil, &list)
		for _, n := range list {
			codes = append(codes, n.Code)
		}
		return codes
	}
	if got := doctor(); !slices.Contains(got, node.NoticeNoBackup) {
		t.Errorf("a backup that nobody has put away: the doctor says %q", got)
	}
	send(t, c, http.MethodPost, "/v1/backup", api.Backup{Made: h.Made}, nil)
	if got := doctor(); slices.Contains(got, node.NoticeNoBackup) {
		t.Errorf("a backup that was put away: the doctor says %q", got)
	}
}

// What goes wrong after the first bytes were sent is said all the same, and a
// client that stops reading doesn't keep the node from ending.
func TestBackupGoesWrong(t *testing.T) {
	dir, kv := t.TempDir(), memkv.New(memkv.Options{})
	n, err := node.Open(node.Options{Dir: dir, Store: kv})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran, served, ready := make(chan error, 1), make(chan error, 1), make(chan struct{})
	go func() { ran <- n.Run(ctx, node.Links{}) }()
	go func() { served <- api.Serve(ctx, dir, api.NewServer(n), func() { close(ready) }) }()
	<-ready
	c := api.NewClient(filepath.Join(dir, api.SocketName), "")
	defer c.Close()
	send(t, c, http.MethodPost, "/v1/commons", api.Founding{Name: "Communs", Place: "La Fabrique"}, nil)
	body := strings.Repeat("Une ligne de savoir-faire\n", 1500)
	for i := range 40 {
		add(t, c, "page", fmt.Sprintf("title=Fiche %d", i), "body="+body)
	}
	stuck, err := c.Backup(t.Context()) // and never read: more than a socket holds
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()

	blocks := kv.Keys([]byte("c\x00\x00S\x00b"))
	if len(blocks) < 40 || !kv.Flip(blocks[len(blocks)-1], 77) {
		t.Fatalf("%d blocks", len(blocks))
	}
	var refused *api.Error
	file, err := fetch(t, c)
	if !errors.As(err, &refused) || refused.Code != api.CodeDamaged || len(file) < 1<<20 {
		t.Errorf("a damaged block at the end: %d bytes, %v; want %s", len(file), err, api.CodeDamaged)
	}

	cancel()
	deadline := time.After(30 * time.Second)
	for range 2 {
		select {
		case err := <-ran:
			if err != nil {
				t.Error(err)
			}
		case err := <-served:
			if err != nil {
				t.Error(err)
			}
		case <-deadline:
			t.Fatal("the node doesn't end while a client doesn't read")
		}
	}
}
