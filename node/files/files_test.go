package files

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the vectors anew")

type vector struct {
	Name  string `json:"name"`
	Frame string `json:"frame"` // in hexadecimal
}

func made() []vector {
	var commons [32]byte
	var file [36]byte
	for i := range commons {
		commons[i] = byte(i)
	}
	copy(file[:], "\x01\x70\x12\x20")
	x := hex.EncodeToString
	return []vector{
		{"hello, commons 000102…", x(Hello(commons))},
		{"ask for the nodes of a file whose digest is zeros", x(Ask{file, Nodes}.Encode())},
		{"ask for its leaf 300", x(Ask{file, 300}.Encode())},
		{"none", x(None())},
		{"data, all of it", x(Data([]byte("a leaf"))[0])},
		{"data, empty", x(Data(nil)[0])},
	}
}

func TestVectorsAreCurrent(t *testing.T) {
	const path = "testdata/frames.json"
	if *update {
		b, err := json.MarshalIndent(made(), "", "  ")
		if err == nil {
			err = os.WriteFile(path, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	var got []vector
	if err == nil {
		err = json.Unmarshal(b, &got)
	}
	if err != nil || !slices.Equal(got, made()) {
		t.Errorf("%s is %v, %v; want %v", path, got, err, made())
	}
}

func TestAnswersComeInFrames(t *testing.T) {
	for _, size := range []int{0, 1, most, most + 1, MaxLeaf} {
		want := bytes.Repeat([]byte{7}, size)
		frames := Data(want)
		a := Answer{Most: MaxLeaf}
		for i, f := range frames {
			if len(f) > MaxFrame {
				t.Errorf("a frame of %d bytes", len(f))
			}
			if done, err := a.Add(f); err != nil || done != (i == len(frames)-1) {
				t.Errorf("%d bytes, frame %d of %d: done %v, %v", size, i, len(frames), done, err)
			}
		}
		if !bytes.Equal(a.Data, want) {
			t.Errorf("%d bytes came as %d", size, len(a.Data))
		}
	}
	for name, frames := range map[string][][]byte{
		"too long":            Data(make([]byte, MaxLeaf+1)),
		"none in the middle":  {Data(make([]byte, most+1))[0], None()},
		"another rest":        {Data(make([]byte, most+2))[0], Data(make([]byte, 1))[0]},
		"a question":          {Ask{}.Encode()},
		"nothing of the rest": {Data(make([]byte, most+1))[0], Data(nil)[0]},
	} {
		a := Answer{Most: MaxLeaf}
		var err error
		for _, f := range frames {
			if err == nil {
				_, err = a.Add(f)
			}
		}
		if !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v; want %v", name, err, ErrProtocol)
		}
	}
}

func FuzzFrames(f *testing.F) {
	for _, v := range made() {
		b, err := hex.DecodeString(v.Frame)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if a, err := ReadAsk(frame); err == nil && !bytes.Equal(a.Encode(), frame) {
			t.Errorf("%x reads as %v, which is %x", frame, a, a.Encode())
		}
		if _, err := ReadHello(frame); err != nil && !errors.Is(err, ErrProtocol) {
			t.Errorf("hello: %v", err)
		}
		a := Answer{Most: MaxLeaf}
		if done, err := a.Add(frame); err == nil && done && !a.None && len(a.Data) > len(frame) {
			t.Errorf("an answer of %d bytes from a frame of %d", len(a.Data), len(frame))
		}
	})
}
