package oplog

import (
	"errors"
	"testing"
)

func TestKeysAsText(t *testing.T) {
	want := Key{1, 31: 0xff}
	text, err := want.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var got Key
	if err := got.UnmarshalText(text); err != nil || got != want {
		t.Errorf("%s reads as %v, %v", text, got, err)
	}
	for _, bad := range []string{"", "00", string(text[:62]), string(text) + "00", "x" + string(text[1:])} {
		var k Key
		if err := k.UnmarshalText([]byte(bad)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v, want %v", bad, err, ErrInvalid)
		}
	}
}
