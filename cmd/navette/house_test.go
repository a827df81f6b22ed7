package main_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What stands at the top, besides hidden files. Each has one purpose; a new
// one is a decision, not a place to put things.
var (
	topFolders = []string{"cmd", "configs", "crdt", "node", "storage", "transport"}
	topFiles   = []string{"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "go.mod", "go.sum"}
)

func TestTopOfTheRepository(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	var folders, files []string
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			folders = append(folders, e.Name())
		case e.Name() == "navette": // what `go build ./cmd/navette` leaves; git ignores it
		default:
			files = append(files, e.Name())
		}
	}
	if !slices.Equal(folders, topFolders) {
		t.Errorf("folders at the top are %v; want %v", folders, topFolders)
	}
	if !slices.Equal(files, topFiles) {
		t.Errorf("files at the top are %v; want %v", files, topFiles)
	}
}

func TestConfigsHoldNoCode(t *testing.T) {
	for _, f := range readTree(t).files {
		if covers("configs/...", f.pkg) {
			t.Errorf("%s: configs/ holds no code", f.path)
		}
	}
}

// A package's doc begins as go doc expects, and is more than a sentence: what
// it is, how it is used, what it promises, what it is not.
func TestEveryPackageHasADoc(t *testing.T) {
	tr := readTree(t)
	for _, pkg := range tr.packages() {
		want := "Package " + pkg[strings.LastIndex(pkg, "/")+1:] + " "
		if covers("cmd/...", pkg) {
			want = "Command " + pkg[strings.LastIndex(pkg, "/")+1:] + " "
		}
		var docs []string
		for _, f := range tr.files {
			if f.pkg == pkg && f.file.Doc != nil && !strings.HasSuffix(f.path, "_test.go") {
				docs = append(docs, f.file.Doc.Text())
			}
		}
		switch {
		case len(docs) == 0:
			t.Errorf("%s has no package doc", pkg)
		case len(docs) > 1:
			t.Errorf("%s has %d package docs; one file has it", pkg, len(docs))
		case !strings.HasPrefix(docs[0], want):
			t.Errorf("the doc of %s begins with %.40q; want %q", pkg, docs[0], want)
		case strings.Count(docs[0], "\n") < 3:
			t.Errorf("the doc of %s says only %q; say how it is used, what it promises and what it is not", pkg, docs[0])
		}
	}
}

// A file is one idea. These have more lines than one can read at a sitting,
// each with the reason why it is still one.
const longFile = 450

var longFiles = map[string]string{}

func TestFilesAreShort(t *testing.T) {
	tr := readTree(t)
	for _, f := range tr.files {
		why, known := longFiles[f.path]
		switch {
		case strings.HasSuffix(f.path, "_test.go"):
		case f.lines > longFile && !known:
			t.Errorf("%s has %d lines, more than %d; is it two ideas?", f.path, f.lines, longFile)
		case f.lines <= longFile && known:
			t.Errorf("%s has %d lines now: take it off the list (%s)", f.path, f.lines, why)
		}
	}
}

// Names that don't belong anywhere in the code.
var unwanted = []struct {
	receivers []string
	names     []string
	why       string
}{
	{[]string{"time"}, []string{"Sleep"}, "wait for what is to happen: a channel, a context, the feed; in tests, testing/synctest"},
	{[]string{"t", "b", "f", "tb"}, []string{"Skip", "Skipf", "SkipNow"}, "a test that doesn't run says nothing"},
}

func TestUnwantedCalls(t *testing.T) {
	tr := readTree(t)
	for _, f := range tr.files {
		ast.Inspect(f.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, bad := range unwanted {
				if slices.Contains(bad.receivers, x.Name) && slices.Contains(bad.names, sel.Sel.Name) {
					t.Errorf("%s uses %s.%s: %s", tr.at(f, n), x.Name, sel.Sel.Name, bad.why)
				}
			}
			return true
		})
	}
}

// Written so that this file doesn't find itself.
var leftForLater = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

func TestNothingIsLeftForLater(t *testing.T) {
	tr := readTree(t)
	for _, f := range tr.files {
		for _, group := range f.file.Comments {
			for _, c := range group.List {
				if word := leftForLater.FindString(c.Text); word != "" {
					t.Errorf("%s says %s: do it, or say in a sentence why not", tr.at(f, c), word)
				}
			}
		}
	}
	docs, err := filepath.Glob("../../*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range docs {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if word := leftForLater.FindString(string(text)); word != "" {
			t.Errorf("%s says %s", filepath.Base(name), word)
		}
	}
}

// An exported name without a word about it makes its user read the code.
func TestExportedNamesHaveDocs(t *testing.T) {
	tr := readTree(t)
	for _, f := range tr.files {
		if f.test || covers("cmd/...", f.pkg) {
			continue
		}
		for _, d := range f.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !speaksForItself[d.Name.Name] {
					t.Errorf("%s: %s has no doc", tr.at(f, d), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					s, ok := spec.(*ast.TypeSpec)
					if ok && s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
						t.Errorf("%s: type %s has no doc", tr.at(f, s), s.Name.Name)
					}
				}
			}
		}
	}
}

// Methods that interfaces of the standard library have already described.
var speaksForItself = map[string]bool{
	"Error": true, "Is": true, "Len": true, "Less": true, "String": true, "Swap": true, "Unwrap": true,
	"MarshalText": true, "UnmarshalText": true, "ServeHTTP": true, "LogValue": true,
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}
