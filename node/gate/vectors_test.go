package gate

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"navette/crdt/oplog"
)

var update = flag.Bool("update", false, "rewrite testdata/vectors.json")

// vectors are what another implementation can check itself against. Hex, but
// for links, words and names.
type vectors struct {
	Admission   []admissionVector  `json:"admission"`
	Invitations []invitationVector `json:"invitations"`
	NotLinks    []notLinkVector    `json:"not_invitations"`
	Join        joinVector         `json:"join"`
	Kits        []kitVector        `json:"kits"`
}

type admissionVector struct {
	Secret       string `json:"secret"`
	PeerA        string `json:"peer_a"`
	PeerB        string `json:"peer_b"`
	NonceA       string `json:"nonce_a"`
	NonceB       string `json:"nonce_b"`
	FromDialler  string `json:"tag_from_a"`
	FromAnswerer string `json:"tag_from_b"`
}

type invitationVector struct {
	Link    string       `json:"link"`
	Commons string       `json:"commons"`
	Seed    string       `json:"seed"`
	ID      string       `json:"id"`
	Public  string       `json:"public_key"`
	Doors   []doorVector `json:"doors"`
}

type doorVector struct {
	Peer  string   `json:"peer"`
	Addrs []string `json:"addresses"`
}

type notLinkVector struct {
	Text string `json:"text"`
	Why  string `json:"why"`
}

type joinVector struct {
	About  string   `json:"about"`
	Link   string   `json:"link"`
	Joiner string   `json:"joiner"` // device and peer id
	Person string   `json:"person_seed"`
	Host   string   `json:"host_seed"`
	Frames []string `json:"frames"` // J, H, J, H, …
}

type kitVector struct {
	Seed  string `json:"seed"`
	Words string `json:"words"`
}

func makeVectors(t *testing.T) (v vectors) {
	h := func(b []byte) string { return hex.EncodeToString(b) }
	for _, name := range []string{"x", "y"} {
		o, far := sideOf("A/1", "B/1", name), sideOf("B/1", "A/1", name)
		a, _ := Dial(o)
		a.peer = far.Nonce
		fromA, fromB := a.tag(o.Commons[0], fromDialler), a.tag(o.Commons[0], fromAnswerer)
		v.Admission = append(v.Admission, admissionVector{
			h(o.Commons[0].Secret[:]), h(o.Self[:]), h(o.Peer[:]), h(o.Nonce[:]), h(far.Nonce[:]), h(fromA[:]), h(fromB[:]),
		})
	}
	for _, in := range []*Invitation{sample(), {Commons: oplog.CommonsID{9}, Seed: Seed{1}}} {
		id, public := in.Seed.ID(), oplog.PublicKey(in.Seed.Key())
		c := invitationVector{in.String(), in.Commons.String(), h(in.Seed[:]), h(id[:]), public.String(), []doorVector{}}
		for _, d := range in.Doors {
			c.Doors = append(c.Doors, doorVector{d.Peer.String(), append([]string{}, d.Addrs...)})
		}
		v.Invitations = append(v.Invitations, c)
	}
	link := sample().String()
	v.NotLinks = []notLinkVector{
		{"bonjour", "not an invitation"},
		{link[:len(link)-3], "cut off"},
		{link + "aaaa", "cut off"},
		{link[:60] + "0" + link[61:], "mistyped"},
		{link[:60] + string('a'+(link[60]-'a'+1)%26) + link[61:], "mistyped"},
		{"navette:" + base32Lower.EncodeToString([]byte{2, 0, 7, 0, 0, 0, 0}), "of a later version"},
	}
	p := found(t, "Fabrique")
	p.enrol("D", oplog.RoleDoorkeeper)
	p.sign("A/1", Seed{7}.Invite(oplog.RoleMember, 1, 0, "poster"))
	p.key = seeded("D/1")
	in := p.invitation(Seed{7})
	a := p.try(in, "M", nil)
	if a.err != nil {
		t.Fatal(a.err)
	}
	v.Join = joinVector{
		About: "M joins at D, a doorkeeper; the host's nonce is 01 00…, the joiner's 02 00…",
		Link:  in.String(), Joiner: pub("M/1").String(), Person: h(seeded("M").Seed()), Host: h(seeded("D/1").Seed()),
	}
	for _, f := range a.frames {
		v.Join.Frames = append(v.Join.Frames, h(f))
	}
	for _, seed := range [][32]byte{{}, secret("root")} {
		v.Kits = append(v.Kits, kitVector{h(seed[:]), Kit(seed)})
	}
	return v
}

// TestVectors: what the package does is what testdata/vectors.json says.
func TestVectors(t *testing.T) {
	const path = "testdata/vectors.json"
	got := new(bytes.Buffer)
	enc := json.NewEncoder(got)
	enc.SetIndent("", " ")
	if err := enc.Encode(makeVectors(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs; if the protocol has changed, run with -update and read the diff", path)
	}
}
