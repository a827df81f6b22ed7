package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"navette/node/durable"
)

// mostOfFile is how long a file of a valise becomes before it goes on in
// another: FAT32 holds no file of 4 GiB.
const mostOfFile = 1<<32 - 1<<16

// partName is the name of the n-th file of a valise, the first being 1.
func partName(path string, n int) string {
	if n == 1 {
		return path
	}
	return path + "." + strconv.Itoa(n)
}

// A stickWriter writes a file in parts, each under the name it will have with
// ".part" after it. Finish puts them in place.
type stickWriter struct {
	path  string
	most  int64
	f     *os.File
	parts int
	here  int64 // bytes of the part
	bytes int64 // of all
}

// Write implements io.Writer.
func (w *stickWriter) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		if w.f == nil || w.here == w.most {
			if err := w.next(); err != nil {
				return n, err
			}
		}
		k, err := w.f.Write(b[:min(int64(len(b)), w.most-w.here)])
		n, b = n+k, b[k:]
		w.here, w.bytes = w.here+int64(k), w.bytes+int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (w *stickWriter) next() (err error) {
	if err := w.closePart(); err != nil {
		return err
	}
	w.parts, w.here = w.parts+1, 0
	w.f, err = os.OpenFile(partName(w.path, w.parts)+".part", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	return err
}

func (w *stickWriter) closePart() error {
	if w.f == nil {
		return nil
	}
	f := w.f
	w.f = nil
	return errors.Join(f.Sync(), f.Close())
}

// finish puts the file in place, durably. Where it or the one before has several
// parts, the first part is away meanwhile, so that no two are mixed.
func (w *stickWriter) finish() error {
	if err := w.closePart(); err != nil {
		return err
	}
	stale := w.parts + 1
	if _, err := os.Stat(partName(w.path, 2)); err == nil || w.parts > 1 {
		if err := os.Remove(w.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for ; ; stale++ {
		if err := os.Remove(partName(w.path, stale)); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
	}
	for n := w.parts; n >= 1; n-- {
		if err := os.Rename(partName(w.path, n)+".part", partName(w.path, n)); err != nil {
			return err
		}
	}
	return durable.SyncFolder(filepath.Dir(w.path))
}

// drop takes away what was written.
func (w *stickWriter) drop() {
	if w.f != nil {
		w.f.Close()
	}
	for n := 1; n <= w.parts; n++ {
		os.Remove(partName(w.path, n) + ".part")
	}
}

// A stickReader reads a file and its further parts as one.
type stickReader struct {
	path string
	n    int
	f    *os.File
}

func openStick(path string) (*stickReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &stickReader{path, 1, f}, nil
}

// Read implements io.Reader.
func (r *stickReader) Read(b []byte) (int, error) {
	for {
		n, err := r.f.Read(b)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		next, err := os.Open(partName(r.path, r.n+1))
		if errors.Is(err, fs.ErrNotExist) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		r.f.Close()
		r.f, r.n = next, r.n+1
	}
}

// Close implements io.Closer.
func (r *stickReader) Close() error { return r.f.Close() }
