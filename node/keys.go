package node

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"navette/crdt/oplog"
	"navette/node/durable"
)

// ErrKeys is a key file that can't be read or isn't one. Nothing is ever
// written over it.
var ErrKeys = errors.New("node: key file can't be used")

// keyring is the folder of secrets: the device's key, the key of the person it
// works for and those of the persons it hosts, and for each commons the secret
// K and, until the kit is printed, the root. They are files of mode 0600 in a folder of mode 0700, hexadecimal,
// never in the store and never in a backup.
type keyring struct{ dir string }

// Names of the files of a keyring; those of a commons or a person end in its
// id.
const (
	keyDevice  = "device"
	keyPerson  = "person"
	keySecrets = "secret-"
	keyRoots   = "root-"
	keyHosted  = "hosted-"
)

// openKeyring returns the keyring in dir, which it makes with a new device and
// a new person if there is none.
func openKeyring(dir string) (*keyring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of keys: %w", err)
	}
	k := &keyring{dir}
	for _, name := range []string{keyDevice, keyPerson} {
		_, err := k.read(name, ed25519.SeedSize)
		if errors.Is(err, fs.ErrNotExist) {
			seed := make([]byte, ed25519.SeedSize)
			rand.Read(seed)
			err = k.write(name, seed)
		}
		if err != nil {
			return nil, err
		}
	}
	return k, nil
}

// private returns the private key in a file.
func (k *keyring) private(name string) (ed25519.PrivateKey, error) {
	seed, err := k.read(name, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// secret returns the secret K of a commons.
func (k *keyring) secret(c oplog.CommonsID) (s [32]byte, err error) {
	b, err := k.read(keySecrets+c.String(), len(s))
	copy(s[:], b)
	return s, err
}

// hasRoot tells whether the root of a commons is still kept here.
func (k *keyring) hasRoot(c oplog.CommonsID) bool {
	_, err := os.Stat(filepath.Join(k.dir, keyRoots+c.String()))
	return err == nil
}

func (k *keyring) read(name string, size int) ([]byte, error) {
	path := filepath.Join(k.dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", name, err)
	}
	b, err := hex.DecodeString(string(trimNewline(text)))
	if err != nil || len(b) != size {
		return nil, fmt.Errorf("%w: %s", ErrKeys, path)
	}
	return b, nil
}

func trimNewline(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		return b[:n-1]
	}
	return b
}

// write makes a file durable under its name, or leaves none.
func (k *keyring) write(name string, secret []byte) error {
	if err := durable.WriteFile(filepath.Join(k.dir, name), []byte(hex.EncodeToString(secret)+"\n")); err != nil {
		return fmt.Errorf("write key %s: %w", name, err)
	}
	return nil
}

// remove takes a file out; one that isn't there is no error.
func (k *keyring) remove(name string) error {
	err := os.Remove(filepath.Join(k.dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove key %s: %w", name, err)
	}
	return nil
}
