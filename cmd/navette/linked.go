package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"

	"navette/node/api"
)

// target is where a link or an image of Markdown leads.
var target = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)`)

// attachLinked attaches to imported pages the files beside them that they link
// to, and returns how many there are. Their text stays as it was: a link leads
// to the attachment of its name.
func (e *env) attachLinked(ctx context.Context, c *api.Client, folders []string, files []api.File) (attached int, err error) {
	for _, f := range files {
		if ext := path.Ext(f.Name); ext != ".md" && ext != ".markdown" {
			continue
		}
		for _, name := range linked(f.Data) {
			inside := path.Join(path.Dir(f.Name), name)
			if !filepath.IsLocal(filepath.FromSlash(inside)) || importable(inside) {
				continue
			}
			i := slices.IndexFunc(folders, func(folder string) bool {
				info, err := os.Stat(filepath.Join(folder, filepath.FromSlash(inside)))
				return err == nil && info.Mode().IsRegular()
			})
			if i < 0 {
				continue // elsewhere, and the text says where
			}
			_, err := e.attachOne(ctx, c, f.Name, filepath.Join(folders[i], filepath.FromSlash(inside)))
			var refused *api.Error
			if errors.As(err, &refused) && (refused.Code == api.CodeNotFound || refused.Code == api.CodeAmbiguous) {
				continue // the page wasn't taken in, and that was said
			}
			if err != nil {
				return attached, err
			}
			attached++
		}
	}
	return attached, nil
}

// linked returns the relative paths that a Markdown text links to, each once.
func linked(text []byte) (names []string) {
	for _, m := range target.FindAllSubmatch(text, -1) {
		u, err := url.Parse(string(m[1]))
		if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" || u.Path[0] == '/' || slices.Contains(names, u.Path) {
			continue
		}
		names = append(names, u.Path)
	}
	return names
}
