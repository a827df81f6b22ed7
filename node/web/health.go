package web

import (
	"net/http"

	"navette/node"
)

var healthRoutes = []route{
	{"GET", "/health-check", member, everywhere, (*visit).health},
	{"GET", "/versions", anybody, everywhere, (*visit).allVersions},
}

// healthPage is what the doctor finds.
type healthPage struct {
	Notices []string
	Version string
	Megs    int // that the data takes
	Changes int
	Pages   []string
	Words   string // of the certificate
	Digits  string
	WiFi    string // the key of what was said of it
	Steward bool
}

// noticeText is what a notice says.
func (v *visit) noticeText(n node.Notice) string {
	args := make([]any, len(n.Args))
	for i, a := range n.Args {
		args[i] = a
	}
	return v.say.text("notice."+n.Code, args...)
}

func (v *visit) health() error {
	p := healthPage{Version: node.Version, Steward: steward.met(v.role), Changes: int(v.commons.Changes())}
	for _, n := range v.s.node.Examine() {
		p.Notices = append(p.Notices, v.noticeText(n))
	}
	if size, err := v.s.node.StoreSize(); err == nil {
		p.Megs = int((size + 1<<20 - 1) >> 20)
	}
	if v.s.o.Pages != nil {
		p.Pages = v.s.o.Pages()
	}
	if v.s.o.Certificate != nil {
		p.Words, p.Digits = CertificateMark(*v.s.o.Certificate)
	}
	_, wifi := v.s.book.setUp()
	p.WiFi = "setup.wifi." + onlyUs
	if wifi != onlyUs {
		p.WiFi = "setup.wifi." + anyone
	}
	return v.render("health", p)
}

// versionsPage is all things of which two versions stand.
type versionsPage struct {
	Things []*thing
	Pager  pager
}

// versionsSize is how many of them a page has.
const versionsSize = 20

// twoStand returns the things that two versions stand of, that whoever asks may
// see.
func (v *visit) twoStand() (out []*item, err error) {
	for _, kind := range []string{"tool", "event", "page", "place", "proposal", "person"} {
		list, err := v.shelf(kind)
		if err != nil {
			return nil, err
		}
		for _, it := range list {
			if it.two {
				out = append(out, it)
			}
		}
	}
	return out, nil
}

func (v *visit) allVersions() error {
	if v.commons == nil {
		return &problem{status: http.StatusServiceUnavailable, key: "problem.no_commons"}
	}
	all, err := v.twoStand()
	if err != nil {
		return err
	}
	part, pages := paged(v, all, versionsSize)
	p := versionsPage{Pager: pages}
	for _, it := range part {
		t, err := v.read("", it.id)
		if err != nil {
			return err
		}
		p.Things = append(p.Things, t)
	}
	return v.render("versions", p)
}
