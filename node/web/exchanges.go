package web

import (
	"cmp"
	"errors"
	"mime"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"navette/node"
	"navette/node/valise"
	"navette/transport"
)

var exchangeRoutes = []route{
	{"GET", "/exchanges", anybody, everywhere, (*visit).exchanges},
	{"GET", "/exchanges/valise", member, everywhere, (*visit).packValise},
	{"POST", valisePath, member, everywhere, (*visit).unpackValise},
}

// valisePath is where a valise is handed in, and maxValise how large it may be.
const (
	valisePath = "/exchanges/valise"
	maxValise  = 1 << 30
)

// exchangesPage is how the exchanges stand, place by place.
type exchangesPage struct {
	Places      []meeting
	Strangers   int // devices in reach that are of none of our commons
	Fingerprint string
	Members     bool // what only members are told
}

// A meeting is how things stand with another device.
type meeting struct {
	Place, Person  string
	State          string // the key of its word
	Colour         string
	Missing, Given int // still to come, still to be handed over
	Seen           time.Time
	Address        string
}

// meetingColours are the colours of the states of an exchange.
var meetingColours = map[string]string{node.UpToDate: "calm", node.Exchanging: "busy", node.Away: "waiting", node.Alone: "waiting"}

func (v *visit) exchanges() error {
	if v.commons == nil {
		return node.ErrNoCommons
	}
	p := exchangesPage{Fingerprint: v.commons.Fingerprint().String(), Members: v.session != nil}
	for _, x := range v.s.node.Peers() {
		if x.Exchange.State == node.Stranger {
			p.Strangers++
		}
		if !slices.Contains(x.Commons, v.commons) {
			continue
		}
		m := meeting{
			Place: x.Place, Person: x.Person, State: "exchange." + x.Exchange.State, Colour: meetingColours[x.Exchange.State],
			Missing: x.Exchange.Missing, Given: x.Exchange.ToGive, Seen: x.Seen,
		}
		if p.Members {
			m.Address = x.Address
		}
		p.Places = append(p.Places, m)
	}
	slices.SortStableFunc(p.Places, func(a, b meeting) int {
		return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.Place, b.Place))
	})
	return v.render("exchanges", p)
}

// packValise hands over all that is here as a file for a USB stick.
func (v *visit) packValise() error {
	p, err := v.commons.Pack(v.Context(), nil)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/octet-stream")
	v.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": filepath.Base(p.Name)}))
	if err := p.Write(v.Context(), v.w); err != nil {
		// What was sent can't be taken back; a file that ends early is known
		// for one where it is unpacked.
		v.s.o.Log.Warn("a valise wasn't handed over whole", "err", err)
	}
	return nil
}

// unpackValise takes in a file that came on a USB stick.
func (v *visit) unpackValise() error {
	file, _, err := v.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		return &problem{status: http.StatusUnprocessableEntity, key: "valise.missing"}
	}
	if err != nil {
		return err
	}
	defer file.Close()
	out, err := v.s.node.Unpack(v.Context(), file, func(int, int) {})
	switch {
	case out == nil && (errors.Is(err, valise.ErrNotValise) || errors.Is(err, valise.ErrDamaged) || errors.Is(err, valise.ErrIncomplete)):
		return &problem{http.StatusUnprocessableEntity, "valise.unreadable", nil, err}
	case out == nil && errors.Is(err, valise.ErrNewer):
		return &problem{http.StatusUnprocessableEntity, "valise.newer", nil, err}
	case out == nil && (errors.Is(err, node.ErrNoCommons) || errors.Is(err, valise.ErrForeign)):
		return &problem{http.StatusUnprocessableEntity, "valise.foreign", nil, err}
	case err != nil:
		return err
	}
	from := cmp.Or(out.Commons.PlaceName(out.From), transport.Peer(out.From).String()[:12])
	things := 0
	for _, t := range out.Things {
		things += t.Count
	}
	m := &message{Key: "valise.done", Args: []any{from, v.say.count("valise.things", things)}}
	switch {
	case out.Own:
		m = &message{Key: "valise.own"}
	case out.Cut != nil:
		m = &message{Key: "valise.cut", Args: m.Args, Bad: true}
	case out.Elsewhere:
		m = &message{Key: "valise.elsewhere", Args: m.Args, Bad: true}
	case things == 0:
		m = &message{Key: "valise.nothing", Args: []any{from}}
	}
	return v.goSaying("/exchanges", m)
}
