package main_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// An arrow says which packages of ours a package may import.
type arrow struct {
	pkg string
	may []string // "x/..." is x and what is below it
	why string
}

// Whatever isn't listed here has no place yet; give it one, with its reason.
//
//	cmd → node/{api,web} → node → node/replica → crdt/{commons,reconcile}, storage → crdt/membership → crdt/oplog → crdt → crdt/{text,cbor}
var arrows = []arrow{
	{"crdt/cbor", nil, "the one form of bytes; knows nothing of what it carries"},
	{"crdt/text", []string{"crdt/cbor"}, "a sequence of characters, of use outside of a commons"},
	{"crdt", []string{"crdt/cbor", "crdt/text"}, "types that merge; no log, no signature, no kind"},
	{"crdt/oplog", []string{"crdt", "crdt/cbor"}, "logs carry ops without reading them"},
	{"crdt/membership", []string{"crdt", "crdt/cbor", "crdt/oplog"}, "who may do what is a function of the membership changes alone"},
	{"crdt/commons", []string{"crdt", "crdt/cbor", "crdt/commons/ical", "crdt/text"}, "kinds are schemas over ops; they don't know how ops travel"},
	{"crdt/commons/ical", nil, "iCalendar data, of use to any program"},
	{"crdt/reconcile", []string{"crdt", "crdt/cbor", "crdt/oplog", "crdt/reconcile/mutant"}, "the postman can't read the letters"},
	{"crdt/reconcile/mutant", nil, "names of the mistakes that the simulator must notice"},
	{"crdt/crdttest", []string{"crdt", "crdt/cbor", "crdt/text"}, "laws of the types, and nothing else"},

	{"storage", []string{"crdt", "crdt/cbor", "crdt/membership", "crdt/oplog", "crdt/text"}, "folds a generic Doc of what isn't void; doesn't know what a tool is"},
	{"storage/blob", nil, "files by their content, of use to any program"},
	{"storage/badgerdb", []string{"storage"}, "an implementation knows its seam only"},
	{"storage/memkv", []string{"storage"}, "an implementation knows its seam only"},
	{"storage/storagetest", []string{"storage", "storage/memkv", "crdt/..."}, "one suite for all implementations"},

	{"transport", nil, "opaque frames between authenticated peers; of use to any program"},
	{"transport/lan", []string{"transport"}, "an implementation knows its seam only"},
	{"transport/memnet", []string{"transport"}, "an implementation knows its seam only"},
	{"transport/p2p", []string{"transport"}, "an implementation knows its seam only"},
	{"transport/transporttest", []string{"transport"}, "one suite for all implementations"},

	{"node/backup", []string{"crdt/cbor", "crdt/oplog", "storage"}, "a file of blocks; what becomes of them is the node's affair"},
	{"node/durable", nil, "small files beside the store; of use to any program"},
	{"node/formats", []string{"crdt", "crdt/commons", "crdt/commons/ical", "crdt/text"}, "files in, intents out; views in, files out"},
	{"node/markdown", []string{"crdt/commons"}, "Markdown in, HTML that can do no harm out; where things are is its caller's affair"},
	{"node/gate", []string{"crdt", "crdt/cbor", "crdt/oplog", "crdt/membership"}, "who is let in is decided before any exchange"},
	{"node/replica", []string{"crdt/...", "node/gate", "storage"}, "decides everything a node decides, without threads or clock"},
	{"node/sim", []string{"crdt/...", "node/gate", "node/replica", "storage/..."}, "replicas from one seed; never the real node"},
	{"node/files", []string{"crdt/cbor"}, "frames; what is asked for, and of whom, is the node's affair"},
	{"node/preview", nil, "an image in, a smaller one out"},
	{"node/valise", []string{"crdt", "crdt/cbor", "crdt/oplog", "storage"}, "a file of blocks that travels by hand; what becomes of them is the node's affair"},
	{"node", []string{"crdt/...", "node/backup", "node/durable", "node/files", "node/formats", "node/gate", "node/markdown", "node/preview", "node/replica", "node/valise", "storage", "storage/blob", "transport"}, "names no implementation of a seam: neither Badger nor libp2p"},
	{"node/editing", []string{"crdt", "crdt/text", "node"}, "one page and many windows, over HTTP; whoever mounts it knows who may"},
	{"node/api", []string{"crdt/...", "node", "node/editing", "node/formats", "node/gate", "node/replica", "node/valise", "storage", "storage/blob", "transport"}, "the people's side: what the node refuses, it says; names no implementation either"},
	{"node/qr", nil, "text as squares, of use to any program"},
	{"node/web", []string{"crdt/...", "node", "node/durable", "node/editing", "node/formats", "node/gate", "node/markdown", "node/qr", "node/replica", "node/valise", "storage", "storage/blob", "transport"}, "the people's side: pages; names no implementation, and knows no other face"},
	{"node/web/webtest", nil, "a browser for tests; it knows pages, and nothing of ours"},

	{"node/dav", []string{"crdt", "crdt/commons", "crdt/commons/ical", "crdt/oplog", "node", "node/formats"}, "calendar programs; no other part of the people's side"},

	{"cmd/textbench", []string{"crdt/text"}, "measures one package, beside others' programs"},
	{"cmd/navette", []string{"crdt/...", "node/...", "storage/...", "transport/..."}, "the only one that names implementations"},
}

// Each third-party module is named in one package only, so that replacing it
// is a change to that package. Tests may name any of them.
var modules = []struct {
	module string // a prefix of the import path
	in     string // the package
	why    string
}{
	{"filippo.io/age", "node/valise", "encryption of what travels by hand"},
	{"github.com/BurntSushi/toml", "cmd/navette", "the config file becomes Options there and nowhere else"},
	{"github.com/dgraph-io/badger/v4", "storage/badgerdb", "the disk"},
	{"github.com/hashicorp/mdns", "transport/lan", "answers on the link"},
	{"github.com/hdevalence/ed25519consensus", "crdt/oplog", "one rule for single and batch verification"},
	{"github.com/ipfs/go-cid", "crdt/oplog", "names of blocks as text"},
	{"github.com/klauspost/compress", "crdt/reconcile", "frames travel compressed"},
	{"github.com/libp2p/go-libp2p", "transport/p2p", "the wire"},
	{"github.com/libp2p/go-yamux/v5", "transport/p2p", "many streams on one connection"},
	{"github.com/microcosm-cc/bluemonday", "node/markdown", "what may stand in HTML that people wrote"},
	{"github.com/miekg/dns", "transport/lan", "the querier's own messages"},
	{"github.com/multiformats/go-multiaddr", "transport/p2p", "addresses as libp2p writes them"},
	{"github.com/multiformats/go-multistream", "transport/p2p", "agreeing on a protocol"},
	{"github.com/prometheus/client_golang", "node/api", "metrics on loopback"},
	{"github.com/quic-go/quic-go", "transport/p2p", "the other wire"},
	{"github.com/teambition/rrule-go", "crdt/commons/ical", "recurrence of events"},
	{"github.com/yuin/goldmark", "node/markdown", "Markdown"},
	{"golang.org/x/crypto", "node/web", "argon2id, for PINs"},
	{"golang.org/x/image", "node/preview", "scaling, and reading WebP"},
	{"golang.org/x/net", "transport/lan", "multicast per interface"},
	{"golang.org/x/term", "cmd/navette", "is this a terminal?"},
	{"golang.org/x/text", "crdt/commons", "accents, composed and apart"},
	{"gopkg.in/yaml.v3", "node/formats", "front matter of pages"},
	{"rsc.io/qr", "node/qr", "the codes themselves"},

	{"github.com/emersion/go-ical", "", "the oracle for our own reader of iCalendar, in tests"},
	{"github.com/ipld/go-car/v2", "", "the oracle for our own valises, in tests"},
	{"github.com/ipld/go-ipld-prime", "", "the oracle for our own codec, in tests"},
	{"github.com/makiuchi-d/gozxing", "", "reads the codes that node/qr draws, in tests"},
	{"github.com/rogpeppe/go-internal", "", "scripts, in tests"},
	{"pgregory.net/rapid", "", "laws, in tests"},
}

// covers says whether pattern, "x" or "x/...", covers the package.
func covers(pattern, pkg string) bool {
	below, all := strings.CutSuffix(pattern, "/...")
	return pkg == below || all && strings.HasPrefix(pkg, below+"/")
}

func TestArrows(t *testing.T) {
	tr := readTree(t)
	for _, f := range tr.files {
		if strings.HasSuffix(f.path, "_test.go") {
			continue // a test may look at anything that the compiler lets it see
		}
		i := slices.IndexFunc(arrows, func(a arrow) bool { return a.pkg == f.pkg })
		if i < 0 {
			t.Errorf("%s: package %s has no arrows; say in this test what it may import, and why", f.path, f.pkg)
			continue
		}
		for _, imp := range f.imports() {
			ours, ok := strings.CutPrefix(imp, module+"/")
			if !ok {
				continue
			}
			if !slices.ContainsFunc(arrows[i].may, func(p string) bool { return covers(p, ours) }) {
				t.Errorf("%s imports %s; %s may import %v only: %s", f.path, ours, f.pkg, arrows[i].may, arrows[i].why)
			}
		}
	}
}

func TestModulesAreNamedInOnePackage(t *testing.T) {
	tr := readTree(t)
	for _, f := range tr.files {
		if f.test {
			continue
		}
		for _, imp := range f.imports() {
			if first, _, _ := strings.Cut(imp, "/"); first == module || !strings.Contains(first, ".") {
				continue // ours, or the standard library
			}
			found := false
			for _, m := range modules {
				if imp != m.module && !strings.HasPrefix(imp, m.module+"/") {
					continue
				}
				found = true
				if f.pkg != m.in {
					t.Errorf("%s imports %s, which belongs in %q only: %s", f.path, imp, m.in, m.why)
				}
			}
			if !found {
				t.Errorf("%s imports %s, which has no package of its own; name it in this test, and why it is worth having", f.path, imp)
			}
		}
	}
}

// pure says of a package whether it must give the same result on every
// machine, whenever and however often it runs.
func pure(pkg string) bool {
	return covers("crdt/...", pkg) || pkg == "node/replica"
}

// What a pure package does without. Interfaces (io.Reader) and types
// (time.Time of a calendar) are no harm: what counts is who reaches out.
var (
	impureImports = []struct{ pattern, why string }{
		{"context", "nothing in it blocks"},
		{"crypto/rand", "randomness is an argument"},
		{"log/...", "it returns what happened; its caller logs"},
		{"math/rand/...", "randomness is an argument"},
		{"net/...", "bytes come as arguments"},
		{"os/...", "bytes come as arguments"},
		{"runtime/...", "results don't depend on the machine"},
		{"sync/...", "one goroutine at a time, its caller's"},
		{"syscall", "bytes come as arguments"},
	}
	impureNames = []struct{ pkg, name, why string }{
		{"ed25519", "GenerateKey", "randomness is an argument; use NewKeyFromSeed"},
		{"time", "After", "time is an argument"},
		{"time", "AfterFunc", "time is an argument"},
		{"time", "NewTicker", "time is an argument"},
		{"time", "NewTimer", "time is an argument"},
		{"time", "Now", "time is an argument"},
		{"time", "Since", "time is an argument"},
		{"time", "Sleep", "time is an argument"},
		{"time", "Tick", "time is an argument"},
		{"time", "Until", "time is an argument"},
	}
)

func TestPurity(t *testing.T) {
	tr := readTree(t)
	for _, f := range tr.files {
		if !pure(f.pkg) || f.test {
			continue
		}
		for _, imp := range f.imports() {
			for _, bad := range impureImports {
				if covers(bad.pattern, imp) {
					t.Errorf("%s imports %s: %s", f.path, imp, bad.why)
				}
			}
		}
		ast.Inspect(f.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine; %s is pure", tr.at(f, n), f.pkg)
			case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
				t.Errorf("%s uses a channel; %s is pure", tr.at(f, n), f.pkg)
			case *ast.SelectorExpr:
				if n.Sel.Name == "Local" {
					t.Errorf("%s: results don't depend on the machine's time zone", tr.at(f, n))
				}
				x, ok := n.X.(*ast.Ident)
				if !ok {
					break
				}
				for _, bad := range impureNames {
					if x.Name == bad.pkg && n.Sel.Name == bad.name {
						t.Errorf("%s uses %s.%s: %s", tr.at(f, n), bad.pkg, bad.name, bad.why)
					}
				}
			}
			return true
		})
	}
}

// A line of the table that nothing needs any more goes, and so does the module.
func TestModulesAreAllUsed(t *testing.T) {
	tr := readTree(t)
	for _, m := range modules {
		if !slices.ContainsFunc(tr.files, func(f *source) bool {
			return slices.ContainsFunc(f.imports(), func(imp string) bool {
				return imp == m.module || strings.HasPrefix(imp, m.module+"/")
			})
		}) {
			t.Errorf("nothing imports %s any more", m.module)
		}
	}
}
