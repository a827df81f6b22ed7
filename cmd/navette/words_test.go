package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"navette/crdt"
	"navette/crdt/commons"
	"navette/node"
	"navette/node/api"
	"navette/node/formats"
)

var argument = regexp.MustCompile(`%\[\d\][sd]|%d`)

// Both languages say the same, with the same arguments.
func TestWordsInBothLanguages(t *testing.T) {
	for _, key := range wordKeys() {
		w := words[key]
		if w[french] == "" || w[english] == "" {
			t.Errorf("%s: not in both languages: %q", key, w)
		}
		args := [2][]string{}
		for lang := range w {
			args[lang] = argument.FindAllString(w[lang], -1)
			slices.Sort(args[lang])
			args[lang] = slices.Compact(args[lang])
		}
		if !slices.Equal(args[french], args[english]) {
			t.Errorf("%s: arguments differ: %q", key, w)
		}
		if strings.HasPrefix(key, "error.") && !strings.HasSuffix(key, ".hint") && strings.HasSuffix(w[english], ".") {
			t.Errorf("%s: an error ends with a period: %q", key, w[english])
		}
	}
}

// Every key that the program names is there, and none that it doesn't.
func TestWordsAreThereAndUsed(t *testing.T) {
	used := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "words") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					used[s] = true
				}
			}
			return true
		})
	}
	for _, c := range commands() {
		used["help."+c.name] = true
	}
	for _, k := range commons.Kinds() {
		used["kind."+k.Name] = true
	}
	for _, prefix := range []string{"status.", "calendar.", "role.", "did.", "exchange.", "peer.", "mark.", "notice.", "error.", "problem.", "unpack.", "invite.state.", "act."} {
		for _, s := range names[prefix] {
			used[prefix+s] = true
		}
	}
	for key := range used {
		if strings.Contains(key, ".") && !strings.ContainsAny(key, " /%") && !strings.HasSuffix(key, ".") && looksLikeKey(key) && !(phrases{}).has(key) {
			t.Errorf("no text for %q", key)
		}
	}
	for _, key := range wordKeys() {
		if strings.HasPrefix(key, "want.") {
			continue // see TestWants
		}
		base := strings.TrimSuffix(key, ".hint")
		for !used[base] && strings.Count(base, ".") > 1 {
			base = base[:strings.LastIndexByte(base, '.')]
		}
		if !used[base] && !used[strings.TrimSuffix(base, ".any")] {
			t.Errorf("nothing uses %q", key)
		}
	}
}

// looksLikeKey tells keys from file names and the like.
func looksLikeKey(s string) bool {
	family, _, _ := strings.Cut(s, ".")
	for _, key := range wordKeys() {
		if strings.HasPrefix(key, family+".") {
			return true
		}
	}
	return false
}

// names are the parts of keys that come from elsewhere.
var names = map[string][]string{
	"status.":   {"place", "person", "holds", "exchange", "fingerprint", "address", "data", "page", "password", "certificate"},
	"calendar.": {"link", "calendar", "use.link", "use.calendar"},
	"role.":     {"none", "reader", "member", "doorkeeper", "steward", "root"},
	"did.":      {"created", "changed", "removed", "restored", "new", "unchanged"},
	"exchange.": {node.Alone, node.Exchanging, node.UpToDate},
	"peer.":     {node.UpToDate, node.Exchanging, node.Stranger, node.Away},
	"mark.":     {commons.MarkVersions, commons.MarkMalformed, commons.MarkTooLong, commons.MarkUnknown},
	"notice.": {node.NoticeMulticast, node.NoticeIsolated, node.NoticeUndervoltage, node.NoticeWorn, node.NoticeReadOnly, node.NoticeFiles, node.NoticeKit, node.NoticeRolledBack, node.NoticeQuarantined, node.NoticeTwice, node.NoticeRemoved, node.NoticeAlone, node.NoticeClock,
		node.NoticeDisk, node.NoticeNoNetwork, node.NoticeReadsOnly, node.NoticeNoBackup, node.NoticeOldBackup, node.NoticeUndone, node.NoticeShunned},
	"invite.state.": {"open", "used", "expired", "revoked", "void"},
	"act.":          {"role", "removed", "demoted", "left", "invited", "uninvited", "revoked", "reverted", "other"},
	"error.": {
		api.CodeNoFile, api.CodeNotHere, api.CodeTooLarge, api.CodeCutValise, api.CodeForeignValise, api.CodeNewerValise, api.CodeNoPlace, api.CodeNotValise,
		api.CodeAmbiguous, api.CodeAssign, api.CodeBadField, api.CodeBadInvite, api.CodeBadRequest, api.CodeBoth, api.CodeDamaged, api.CodeDiskFull,
		api.CodeFieldLimit, api.CodeFormat, api.CodeInternal, api.CodeJoinRefused, api.CodeMissing, api.CodeNoCommons,
		api.CodeNoField, api.CodeNoKind, api.CodeNoOriginal, api.CodeNoRole, api.CodeNoText, api.CodeNotAllowed, api.CodeNotFound,
		api.CodeBadKit + ".other", api.CodeBadKit + ".mistyped", api.CodeBadKit, api.CodeNobody, api.CodeNoDevice, api.CodeNoInvitation,
		api.CodeLastSteward, api.CodeOldDevice, api.CodeSelf, api.CodeSenior,
		api.CodeNoVersion, api.CodeNoVersions, api.CodeOrder, api.CodeRemoved, api.CodeSplices, api.CodeVersionGone, api.CodeThere, api.CodeUnreachable,
	},
	"unpack.": {"cut", "elsewhere", "partly"},
	"problem.": {
		formats.CodeFile, formats.CodeQuote, formats.CodeCells, formats.CodeNoName, formats.CodeValue, formats.CodeLine,
		formats.CodeUnclosed, formats.CodeNotEvent, formats.CodeStart, formats.CodeRepeat, "gone", "twice", "empty", "binary", "too_large", "format", "unnamed", "column",
	},
}

// What a value has to look like is said by crdt/commons, in English.
func TestWants(t *testing.T) {
	for _, k := range commons.Kinds() {
		for _, f := range k.Fields {
			_, err := commons.Add(crdt.ID{}, k.Name, []commons.Assign{{Field: f.Name, Text: "\x00 n'importe quoi"}}, commons.Env{})
			var bad *commons.FieldError
			if !errors.As(err, &bad) || bad.Want == "" {
				continue
			}
			if got := phrasesIn("fr").want(bad.Want); got == bad.Want {
				t.Errorf("%s of a %s wants %q, of which there is no French", f.Name, k.Name, bad.Want)
			}
		}
	}
}
