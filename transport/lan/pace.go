package lan

import "time"

const (
	// firstWithin spreads the first question of nodes that are woken by the
	// same event, such as power coming back.
	firstWithin = 50 * time.Millisecond
	// anxious is the interval while somebody has fallen silent lately: a cable
	// between two switches comes back without a sign, and then has to be in use
	// within 5 s. Both sides announce at this rate, so it is met with some room.
	anxious = 4 * time.Second
	// shortest and longest intervals otherwise, after a burst.
	shortest = 5 * time.Second
	longest  = time.Minute
)

// burst is the gaps between the rounds after a change: one may be lost, and the
// other side may be up a little later. An address of IPv6 that may be used at
// last is a change of its own, and begins another burst. A round is most of what
// an exchange without news costs, since everybody answers a question, at length.
var burst = []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}

// pace says when to ask next. The zero value is the beginning of a burst.
type pace struct {
	rounds   int // so far
	interval time.Duration
}

func (p *pace) bursting() bool { return p.rounds < len(burst) }

// announces tells whether this round of a burst says unasked who is here: the
// first and another a second later or more (RFC 6762 §8.3).
func (p *pace) announces() bool { return p.rounds == 0 || p.rounds == 2 }

// next gives the time until the next round. jitter is from 0 to 1; it only
// shortens an interval, by up to a quarter.
func (p *pace) next(missing bool, jitter float64) time.Duration {
	switch {
	case p.bursting():
		p.rounds++
		return burst[p.rounds-1]
	case missing:
		p.interval = anxious
	default:
		p.interval = max(shortest, min(p.interval*3/2, longest))
	}
	return p.interval - time.Duration(jitter/4*float64(p.interval))
}
