package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLinked(t *testing.T) {
	text := "![a](photos/laser.jpg \"the laser\") [b](notice%20fr.pdf) [c](<notice.pdf>) ![a](photos/laser.jpg)\n" +
		"[web](https://example.org/x.jpg) [root](/etc/passwd) [here](#top) [mail](mailto:a@b.fr)"
	want := []string{"photos/laser.jpg", "notice fr.pdf", "notice.pdf"}
	if got := linked([]byte(text)); !slices.Equal(got, want) {
		t.Errorf("links to %q; want %q", got, want)
	}
}

// A folder of pages comes with the files that its pages link to, and nothing
// from outside of it.
func TestImportAttachesWhatPagesLinkTo(t *testing.T) {
	folder, dir := filepath.Join(t.TempDir(), "pages"), t.TempDir()
	for name, content := range map[string]string{
		"guides/laser.md":         "# Laser\n\n![](photos/laser.jpg) [la notice](../notice.pdf) [ailleurs](../../secret.txt) [absent](x.png)\n",
		"guides/photos/laser.jpg": "not really a photo",
		"notice.pdf":              "a manual",
		"../secret.txt":           "a secret",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	navetteIn(t, dir, "init", "--place", "La Fabrique", "--name", "Communs")
	for range 2 {
		out := string(navetteIn(t, dir, "import", folder, "--as", "pages"))
		if !strings.Contains(out, "2 files") && !strings.Contains(out, "2 fichiers") {
			t.Errorf("import says %q; want 2 files", out)
		}
	}
	list := string(navetteIn(t, dir, "attachments", "guides/laser.md"))
	if strings.Count(list, "\n") != 2 || !strings.Contains(list, "laser.jpg") || !strings.Contains(list, "notice.pdf") {
		t.Errorf("attached are %q; want the photo and the manual", list)
	}
}
