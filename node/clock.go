package node

import (
	"time"

	"navette/crdt"
)

// Released is when this version was made: a clock that is behind it is wrong.
var Released = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// implausible is how far ahead of the release a clock may be.
const implausible = 20 * 365 * 24 * time.Hour

// wall reads the clock as a change carries it: [0, 0] where it can't be right,
// as on a board that has no battery and no network.
func wall() crdt.Wall {
	now := time.Now()
	if !plausible(now) {
		return crdt.Wall{}
	}
	w := crdt.Wall{Seconds: uint64(now.Unix()), Quality: crdt.QualityRestored}
	if synchronised() {
		w.Quality = crdt.QualityNTP
	}
	return w
}

func plausible(now time.Time) bool {
	return now.After(Released) && now.Before(Released.Add(implausible))
}
