package text

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"testing"
)

var update = flag.Bool("update", false, "fill in what the vectors in testdata give")

// The vectors are what another implementation can run; FORMAT.md explains them.
type (
	opVector struct {
		Name    string       `json:"name"`
		Splices []jsonSplice `json:"splices,omitempty"` // absent: Hex is refused
		Hex     string       `json:"hex"`
	}
	jsonSplice struct {
		Pos  int    `json:"pos"`
		Del  int    `json:"del,omitempty"`
		Ins  string `json:"ins,omitempty"`
		Deep bool   `json:"deep,omitempty"`
	}
	historyVector struct {
		Name   string      `json:"name"`
		Events []jsonEvent `json:"events"`
		Raw    string      `json:"raw"`
		Shown  string      `json:"shown"`
		File   string      `json:"file"` // Encode's, in hexadecimal
	}
	jsonEvent struct {
		Log     string       `json:"log"`    // the first bytes, in hexadecimal; the rest are zeros
		Change  string       `json:"change"` // likewise
		Index   uint32       `json:"index"`
		Lamport uint64       `json:"lamport"`
		Parents []int        `json:"parents"` // places in this list
		Splices []jsonSplice `json:"splices"`
		Void    bool         `json:"void,omitempty"`
		Skipped bool         `json:"skipped,omitempty"` // out of range: not there
	}
)

func readVectors(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func writeVectors(t *testing.T, path string, v any) {
	t.Helper()
	if !*update {
		return
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func fromJSON(js []jsonSplice) (s []Splice) {
	for _, x := range js {
		s = append(s, Splice(x))
	}
	return s
}

func TestOpVectors(t *testing.T) {
	const path = "testdata/ops.json"
	var vs []opVector
	readVectors(t, path, &vs)
	for i := range vs {
		v := &vs[i]
		t.Run(v.Name, func(t *testing.T) {
			if v.Splices != nil {
				got := hex.EncodeToString(AppendSplices(nil, fromJSON(v.Splices)))
				if *update {
					v.Hex = got
				}
				if got != v.Hex {
					t.Errorf("AppendSplices: got %s, want %s", got, v.Hex)
				}
			}
			b, err := hex.DecodeString(v.Hex)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadSplices(b)
			switch {
			case v.Splices == nil && !errors.Is(err, ErrForm):
				t.Errorf("ReadSplices: got %v, %v, want %v", got, err, ErrForm)
			case v.Splices != nil && (err != nil || !reflect.DeepEqual(got, fromJSON(v.Splices))):
				t.Errorf("ReadSplices: got %v, %v, want %v", got, err, v.Splices)
			}
		})
	}
	writeVectors(t, path, vs)
}

func TestHistoryVectors(t *testing.T) {
	const path = "testdata/histories.json"
	var vs []historyVector
	readVectors(t, path, &vs)
	for i := range vs {
		v := &vs[i]
		t.Run(v.Name, func(t *testing.T) {
			x, naive := New(nil), newOracle(true, Name.Compare)
			names := make([]Name, len(v.Events))
			for i := range v.Events {
				e := &v.Events[i]
				n := &names[i]
				n.Index = e.Index
				for dst, src := range map[*byte]string{&n.Log[0]: e.Log, &n.Change[0]: e.Change} {
					b, err := hex.DecodeString(src)
					if err != nil || len(b) != 1 {
						t.Fatalf("event %d: %q isn't one byte", i, src)
					}
					*dst = b[0]
				}
				var parents []Name
				for _, p := range e.Parents {
					parents = append(parents, names[p])
				}
				err := x.ApplyParents(*n, e.Lamport, parents, fromJSON(e.Splices), e.Void)
				fits := naive.apply(*n, e.Parents, fromJSON(e.Splices), e.Void)
				if errors.Is(err, ErrRange) != e.Skipped || err != nil && !e.Skipped || fits == e.Skipped {
					t.Errorf("event %d: got %v, the oracle says it fits %v; want skipped %v", i, err, fits, e.Skipped)
				}
			}
			if naive.raw() != x.Raw() || naive.shown() != x.String() {
				t.Errorf("got %q and %q, want the oracle's %q and %q", x.Raw(), x.String(), naive.raw(), naive.shown())
			}
			file := hex.EncodeToString(x.Encode())
			if *update {
				v.Raw, v.Shown, v.File = x.Raw(), x.String(), file
			}
			if x.Raw() != v.Raw || x.String() != v.Shown {
				t.Errorf("got %q and %q, want %q and %q", x.Raw(), x.String(), v.Raw, v.Shown)
			}
			if file != v.File {
				t.Errorf("Encode: got %s, want %s", file, v.File)
			}
		})
	}
	writeVectors(t, path, vs)
}
