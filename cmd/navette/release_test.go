package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"navette/node"
)

// Data folders of releases, as they left them. Each has to open in every later
// version, with what was in it. UPDATE=1 makes the one of this version anew:
// until it is released that is right after a change of format, never afterwards.
const releases = "testdata/releases"

// held is what a data folder must show.
type held struct {
	Fingerprint string `json:"fingerprint"`
	Tools       int    `json:"tools"`
	File        string `json:"file"` // the content of an attached one
}

func TestDataFoldersOfReleasesOpen(t *testing.T) {
	if os.Getenv("UPDATE") == "1" {
		makeRelease(t)
	}
	paths, err := filepath.Glob(filepath.Join(releases, "*.tar.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %v, %v; want one for each release", paths, err)
	}
	for _, path := range paths {
		dir := t.TempDir()
		if err := untar(path, dir); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var want held
		b, err := os.ReadFile(path[:len(path)-len(".tar.gz")] + ".json")
		if err == nil {
			err = json.Unmarshal(b, &want)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := holds(t, dir); got != want {
			t.Errorf("%s shows %+v; want %+v (a change of format before the release: UPDATE=1 makes it anew)", path, got, want)
		}
		// And it goes on.
		navetteIn(t, dir, "add", "tool", "name=Scie", "tag=S-1")
		if got := holds(t, dir); got.Tools != want.Tools+1 {
			t.Errorf("%s: %d tools after one was added; want %d", path, got.Tools, want.Tools+1)
		}
		navetteIn(t, dir, "check", "--read-data")
	}
}

// navetteIn runs a command on a data folder, in this process.
func navetteIn(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	var out, said bytes.Buffer
	e := &env{stdin: &bytes.Buffer{}, stdout: &out, stderr: &said, getenv: func(string) string { return "" }}
	if code := run(t.Context(), append([]string{"--data", dir}, args...), e); code != exitDone {
		t.Fatalf("navette %v: exit code %d: %s", args, code, said.Bytes())
	}
	return out.Bytes()
}

func holds(t *testing.T, dir string) (h held) {
	t.Helper()
	var f struct{ Full string }
	var tools []json.RawMessage
	err := errors.Join(
		json.Unmarshal(navetteIn(t, dir, "fingerprint", "--json"), &f),
		json.Unmarshal(navetteIn(t, dir, "list", "tools", "--json"), &tools))
	if err != nil {
		t.Fatal(err)
	}
	return held{f.Full, len(tools), string(navetteIn(t, dir, "attachments", "L-1", "--get", "notice.txt", "-o", "-"))}
}

func makeRelease(t *testing.T) {
	dir := t.TempDir()
	notice := filepath.Join(t.TempDir(), "notice.txt")
	if err := os.WriteFile(notice, []byte("Bonjour"), 0o600); err != nil {
		t.Fatal(err)
	}
	navetteIn(t, dir, "init", "--place", "La Fabrique", "--name", "Communs du Boulonnais")
	navetteIn(t, dir, "import", "../../node/formats/testdata/tables/outils.utf8bom.csv")
	navetteIn(t, dir, "import", "../../node/formats/testdata/pages", "--as", "pages")
	navetteIn(t, dir, "add", "tool", "name=Laser", "tag=L-1")
	navetteIn(t, dir, "set", "L-1", "condition=broken")
	navetteIn(t, dir, "attach", "L-1", notice)
	b, err := json.MarshalIndent(holds(t, dir), "", "  ")
	base := filepath.Join(releases, node.Version)
	err = errors.Join(err, os.MkdirAll(releases, 0o755), os.WriteFile(base+".json", append(b, '\n'), 0o644), tarTo(base+".tar.gz", dir))
	if err != nil {
		t.Fatal(err)
	}
}

func tarTo(path, dir string) error {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		err = w.WriteHeader(&tar.Header{Name: inside, Mode: 0o600, Size: int64(len(content))})
		if err == nil {
			_, err = w.Write(content)
		}
		return err
	})
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func untar(path, dir string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(r)
		name := filepath.Join(dir, filepath.FromSlash(h.Name))
		err = errors.Join(err, os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, content, 0o600))
		if err != nil {
			return err
		}
	}
}
