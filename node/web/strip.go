package web

import (
	"time"

	"navette/node"
)

// The strip says in one line how the exchanges stand: a state with its icon,
// and words that count what people know.
type strip struct {
	State string // calm, busy, waiting or attention
	Icon  string
	Text  string
}

// strip sums up the exchanges of the commons.
func (v *visit) strip() strip {
	x := v.commons.Exchange()
	switch x.State {
	case node.Exchanging:
		if x.Missing+x.ToGive > 0 {
			return strip{"busy", "exchange", v.say.count("strip.busy", x.Missing+x.ToGive)}
		}
		return strip{"busy", "exchange", v.say.text("strip.meeting")}
	case node.UpToDate:
		if x.Peers == 1 {
			if place := v.otherPlace(); place != "" {
				return strip{"calm", "check", v.say.text("strip.with", place)}
			}
		}
		return strip{"calm", "check", v.say.count("strip.all", x.Peers)}
	}
	// What can't be counted isn't said.
	if n, known, err := v.commons.ToHandOver(); err == nil && known && n > 0 {
		return strip{"waiting", "exchange", v.say.count("strip.waiting", n)}
	}
	if place, seen := v.lastMet(); place != "" {
		return strip{"waiting", "away", v.say.text("strip.away", place, v.say.ago(v.now, seen))}
	}
	return strip{"waiting", "place", v.say.text("strip.alone")}
}

// otherPlace is the place of the one peer that there is a session with.
func (v *visit) otherPlace() string {
	for _, p := range v.s.node.Peers() {
		if p.Exchange.Peers > 0 {
			return p.Place
		}
	}
	return ""
}

// lastMet is the place that was met last, of those of the commons.
func (v *visit) lastMet() (place string, seen time.Time) {
	for _, p := range v.s.node.Peers() {
		if len(p.Commons) > 0 && p.Place != "" && p.Seen.After(seen) {
			place, seen = p.Place, p.Seen
		}
	}
	return place, seen
}
