package membership

import "math/bits"

// A past is the set of a change's ancestors, by their numbers in the order of
// arrival. All numbers below base are in it; the words say which of those from
// base on are. As most changes have seen nearly all that was stored before
// them, it takes a few bytes each.
type past struct {
	base  int // a multiple of 64
	words []uint64
}

func (p *past) has(n int) bool {
	if n < p.base {
		return true
	}
	w := (n - p.base) / 64
	return w < len(p.words) && p.words[w]>>(n%64)&1 == 1
}

// union returns what is in one of ps, or one of ns.
func union(ps []*past, ns []int) past {
	var u past
	size := 0
	for _, p := range ps {
		u.base = max(u.base, p.base)
	}
	for _, p := range ps {
		size = max(size, (p.base-u.base)/64+len(p.words))
	}
	for _, n := range ns {
		size = max(size, (n-u.base)/64+1)
	}
	u.words = make([]uint64, size)
	for _, p := range ps {
		skip := (u.base - p.base) / 64
		for i := skip; i < len(p.words); i++ {
			u.words[i-skip] |= p.words[i]
		}
	}
	for _, n := range ns {
		if n >= u.base {
			u.words[(n-u.base)/64] |= 1 << (n % 64)
		}
	}
	for len(u.words) > 0 && bits.OnesCount64(u.words[0]) == 64 {
		u.base += 64
		u.words = u.words[1:]
	}
	return u
}
