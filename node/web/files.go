package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// readJSON reads a file of ours; one that isn't there leaves v as it is.
func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("web: reading %s: %w", filepath.Base(path), err)
	}
	return nil
}

// writeJSON writes v to a file, as writeFile does.
func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("web: writing %s: %w", filepath.Base(path), err)
	}
	return writeFile(path, b)
}

// writeFile puts a file of mode 0600 in place whole, or leaves what was there.
func writeFile(path string, b []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("web: writing %s: %w", filepath.Base(path), err)
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(path), ".web-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
