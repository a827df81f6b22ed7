package main_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// proof is a test, `package TestName`, or a script, `name.txtar`, as
// node/THREATS.md names them.
var proof = regexp.MustCompile("`([a-z0-9/]+ (?:Test|Fuzz)[A-Za-z0-9]+|[a-z/-]+\\.txtar)`")

// What node/THREATS.md says is shown is shown by something that exists, in
// every row of its tables.
func TestThreatsAreProved(t *testing.T) {
	text, err := os.ReadFile("../../node/THREATS.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, f := range readTree(t).files {
		for _, d := range f.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && f.test {
				tests[f.pkg+" "+fn.Name.Name] = true
			}
		}
	}
	rows, found := 0, 0
	for line := range strings.Lines(string(text)) {
		named := proof.FindAllStringSubmatch(line, -1)
		if strings.HasPrefix(line, "| ") && strings.Count(line, "|") > 3 && !strings.Contains(line, "| shown by |") && !strings.Contains(line, "beyond |") {
			if rows++; len(named) == 0 {
				t.Errorf("nothing proves: %s", strings.TrimSpace(line))
			}
		}
		for _, m := range named {
			found++
			if script, ok := strings.CutSuffix(m[1], ".txtar"); ok {
				if _, err := os.Stat(filepath.Join("testdata", filepath.FromSlash(script)+".txtar")); err != nil {
					t.Errorf("there is no script %s", m[1])
				}
			} else if !tests[m[1]] {
				t.Errorf("there is no test %s", m[1])
			}
		}
	}
	if rows < 40 || found < 60 {
		t.Errorf("%d rows and %d proofs read: this shows little", rows, found)
	}
}
