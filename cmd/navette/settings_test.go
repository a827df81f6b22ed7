package main

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"github.com/BurntSushi/toml"
)

// The reference config is read, as it stands and with every setting that it
// shows; what it shows are the defaults.
func TestReferenceConfig(t *testing.T) {
	const path = "../../configs/navette.toml"
	plain, err := readSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(plain, settings{}) {
		t.Errorf("as it stands it sets %+v, want nothing", plain)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?m)^# (\w+ = .*)$`).ReplaceAll(b, []byte("$1"))
	var all settings
	meta, err := toml.Decode(string(shown), &all)
	if err != nil {
		t.Fatal(err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		t.Errorf("it shows settings that are not known: %v", unknown)
	}
	if got := len(meta.Keys()); got < 8 {
		t.Errorf("it shows %d settings, want all", got)
	}
	if all.MDNS.Enabled == nil || !*all.MDNS.Enabled {
		t.Error("it shows mdns as disabled")
	}
	port, err := all.port()
	if err != nil || port != 0 {
		t.Errorf("listen as shown: port %d, %v; want any", port, err)
	}
	all.MDNS.Enabled, all.Listen, all.Peers, all.HTTP.Names, all.Files.Kinds, all.Files.Places = nil, nil, nil, nil, nil, nil
	if !reflect.DeepEqual(all, settings{}) {
		t.Errorf("what it shows isn't the default: %+v", all)
	}
}

// Settings for boards are read as well, and each sets something.
func TestBoardConfigs(t *testing.T) {
	paths, err := filepath.Glob("../../configs/boards/*.toml")
	if err != nil || len(paths) < 4 {
		t.Fatalf("found %v, %v; want four", paths, err)
	}
	for _, path := range paths {
		s, err := readSettings(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := s.port(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if s.Files.rule().Most <= 0 {
			t.Errorf("%s says nothing of attachments", path)
		}
	}
}

func TestSettingsRefused(t *testing.T) {
	tests := []struct {
		name string
		s    settings
	}{
		{"listen without a port", settings{Listen: []string{"0.0.0.0"}}},
		{"listen on one address only", settings{Listen: []string{"192.0.2.1:4242"}}},
		{"listen twice", settings{Listen: []string{":1", ":2"}}},
		{"port that is none", settings{Listen: []string{":99999"}}},
		{"peer without a port", settings{Peers: []string{"192.0.2.1"}}},
		{"peer without an address", settings{Peers: []string{":4242"}}},
		{"peer of another sort", settings{Peers: []string{"nobody@192.0.2.1:4242"}}},
	}
	for _, tt := range tests {
		_, err := tt.s.port()
		if err == nil {
			_, err = tt.s.doors()
		}
		var f *failure
		if !errors.As(err, &f) || f.code != exitUsage {
			t.Errorf("%s: %v, want a failure with exit code %d", tt.name, err, exitUsage)
		}
	}
}
