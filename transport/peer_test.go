package transport_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"navette/transport"

	"pgregory.net/rapid"
)

// The key is the Ed25519 vector of libp2p's peer-ids specification; p2p's tests
// compare random keys with libp2p itself.
const (
	vectorKey = "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"
	vectorID  = "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"
)

func TestPeerText(t *testing.T) {
	var p transport.Peer
	if _, err := hex.Decode(p[:], []byte(vectorKey)); err != nil {
		t.Fatal(err)
	}
	if got := p.String(); got != vectorID {
		t.Errorf("String() = %s, want %s", got, vectorID)
	}
	if got, err := transport.ParsePeer(vectorID); err != nil || got != p {
		t.Errorf("ParsePeer(%s) = %x, %v, want %x", vectorID, got, err, p)
	}
	b, err := json.Marshal(map[string]transport.Peer{"peer": p})
	if want := `{"peer":"` + vectorID + `"}`; err != nil || string(b) != want {
		t.Errorf("as JSON %s, %v, want %s", b, err, want)
	}
	var back map[string]transport.Peer
	if err := json.Unmarshal(b, &back); err != nil || back["peer"] != p {
		t.Errorf("from JSON %v, %v, want %v", back, err, p)
	}
}

func TestPeerTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p transport.Peer
		copy(p[:], rapid.SliceOfN(rapid.Byte(), ed25519.PublicKeySize, ed25519.PublicKeySize).Draw(t, "key"))
		got, err := transport.ParsePeer(p.String())
		if err != nil || got != p {
			t.Fatalf("ParsePeer(%s) = %v, %v", p, got, err)
		}
	})
}

func TestParsePeerRefuses(t *testing.T) {
	for name, s := range map[string]string{
		"nothing":              "",
		"a letter less":        vectorID[:len(vectorID)-1],
		"a letter more":        vectorID + "1",
		"a leading zero more":  "1" + vectorID,
		"not in the alphabet":  strings.Replace(vectorID, "K", "0", 1),
		"another kind of key":  "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
		"endless":              strings.Repeat("2", 1<<20),
		"space around it":      " " + vectorID,
		"an address, not a id": "/p2p/" + vectorID,
	} {
		if p, err := transport.ParsePeer(s); err == nil {
			t.Errorf("%s: ParsePeer gave %v, want an error", name, p)
		}
	}
}
