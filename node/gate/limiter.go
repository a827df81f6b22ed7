package gate

import "time"

// Bounds on attempts to join.
const (
	AttemptsPerMinute = 3  // from one IP address
	AttemptsPerHour   = 30 // in all
)

// A Limiter says whether a host may hear another attempt to join. It remembers
// those of the last hour. The zero value is ready to use.
type Limiter struct {
	attempts []attempt // oldest first, at most AttemptsPerHour
}

type attempt struct {
	ip string
	at time.Duration
}

// Allow tells whether an attempt from an IP address may be heard now, and if so
// counts it. now is on any clock that doesn't go back.
func (l *Limiter) Allow(ip string, now time.Duration) bool {
	for len(l.attempts) > 0 && now-l.attempts[0].at >= time.Hour {
		l.attempts = l.attempts[1:]
	}
	if len(l.attempts) >= AttemptsPerHour {
		return false
	}
	lately := 0
	for _, a := range l.attempts {
		if a.ip == ip && now-a.at < time.Minute {
			lately++
		}
	}
	if lately >= AttemptsPerMinute {
		return false
	}
	l.attempts = append(l.attempts, attempt{ip, now})
	return true
}
