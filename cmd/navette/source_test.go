package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "navette"

// A source is one Go file of the repository, parsed.
type source struct {
	path  string // from the root, with slashes
	pkg   string // its folder, likewise
	lines int
	test  bool // _test.go, or in a package that only tests import
	file  *ast.File
}

// imports are the paths that the file imports.
func (s *source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic("navette: internal error: the parser let an import path pass: " + err.Error())
		}
		paths = append(paths, path)
	}
	return paths
}

// A tree is all the Go code of the repository.
type tree struct {
	root  string // absolute
	fset  *token.FileSet
	files []*source
}

// packages are the folders with Go code other than tests, sorted.
func (tr *tree) packages() []string {
	seen := map[string]bool{}
	for _, f := range tr.files {
		if !strings.HasSuffix(f.path, "_test.go") {
			seen[f.pkg] = true
		}
	}
	var pkgs []string
	for pkg := range seen {
		pkgs = append(pkgs, pkg)
	}
	slices.Sort(pkgs)
	return pkgs
}

// at says where a node stands, as editors like to read it.
func (tr *tree) at(f *source, n ast.Node) string {
	return f.path + ":" + strconv.Itoa(tr.fset.Position(n.Pos()).Line)
}

// testSupport says of a folder whether only tests import it: a suite for the
// implementations of a seam, or the simulator.
func testSupport(pkg string) bool {
	return strings.HasSuffix(pkg, "test") || pkg == "node/sim"
}

// readTree parses every Go file from the repository's root on, but for
// testdata and hidden folders.
func readTree(t *testing.T) *tree {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("the repository's root should be two folders up: %v", err)
	}
	tr := &tree{root: root, fset: token.NewFileSet()}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(tr.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		pkg := filepath.ToSlash(filepath.Dir(rel))
		tr.files = append(tr.files, &source{
			path:  rel,
			pkg:   pkg,
			lines: strings.Count(string(text), "\n"),
			test:  strings.HasSuffix(rel, "_test.go") || testSupport(pkg),
			file:  file,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}
