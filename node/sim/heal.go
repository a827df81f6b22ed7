package sim

import "slices"

// heal ends all misfortune but what is in people's nature, and makes every
// link once.
func (f *fleet) heal() {
	f.note("heal")
	f.healed = true
	for len(f.conns) > 0 {
		f.conns[0].cut()
	}
	f.whole()
	for _, n := range f.nodes {
		n.kv.Fail(nil)
		if n.broken {
			n.crash(0)
		}
		if f.failed != nil {
			return
		}
		n.rep.ProposeMembers(f.enrol[n.id]...) // in case its disk has lost who it is
		for n.commit(true) && f.failed == nil {
			continue
		}
	}
	// Full disks get room before the links are made, or long after.
	if f.full = f.chance(2); !f.full {
		f.room()
	}
	f.settleMembers()
	// A tree, sometimes with more links than it needs; the impolite ones hang on.
	for i := 1; i < len(f.nodes); i++ {
		f.connect(f.nodes[i], f.nodes[f.rand.IntN(i)])
		for f.chance(2) {
			f.connect(f.nodes[i], f.nodes[f.rand.IntN(i)])
		}
	}
	f.join()
}

// join sees to it that polite links lead from everybody to everybody.
func (f *fleet) join() {
	honest := f.honest()
	for _, n := range honest {
		for _, o := range honest {
			if !f.reach(honest[0], n) {
				f.connect(o, n)
			}
		}
	}
}

// strand gives those up whom nobody lets in: for all that the others have
// heard they are removed, and who says otherwise is a stranger.
func (f *fleet) strand() {
	var most []*node
	honest := f.honest()
	for _, n := range honest {
		together := slices.DeleteFunc(slices.Clone(honest), func(o *node) bool { return !f.reach(n, o) })
		if len(together) > len(most) {
			most = together
		}
	}
	for _, n := range honest {
		if !slices.Contains(most, n) {
			f.note("nobody lets %v in", n)
			n.gone = true
			f.forgive(n.holds())
		}
	}
}

// room gives all disks room.
func (f *fleet) room() {
	f.full = false
	for _, n := range f.nodes {
		n.kv.SetFree(1 << 40)
	}
}

// reach tells whether polite links lead from a to b.
func (f *fleet) reach(a, b *node) bool {
	seen := map[*node]bool{a: true}
	for left := []*node{a}; len(left) > 0; {
		n := left[0]
		left = left[1:]
		if n == b {
			return true
		}
		for _, c := range f.conns {
			for way := range 2 {
				if other := c.end[1-way].n; c.end[way].n == n && other.manner == polite && !other.gone && !seen[other] {
					seen[other] = true
					left = append(left, other)
				}
			}
		}
	}
	return false
}

// settle lets everything go on until nothing more happens, and time pass while
// not everybody is content. People go on meanwhile: they write, and now and
// then somebody is removed in the middle of it.
func (f *fleet) settle() {
	removal := -1
	if f.chance(3) {
		removal = f.rand.IntN(400)
	}
	for range 400 {
		for f.move() {
			if f.moves++; f.moves > 200_000 {
				f.fail("no end: %d steps since everything was healed", f.moves)
			}
			if f.failed != nil {
				return
			}
			if f.chance(40) && f.moves < 800 {
				pick(f, f.nodes).edit()
			}
			if f.moves == removal {
				f.removal()
			}
		}
		if f.full && f.chance(3) {
			f.room()
		}
		if f.content() {
			return
		}
		f.join()
		f.strand()
		f.tick()
		if f.failed != nil {
			return
		}
	}
	f.discontent()
}

// removal changes the membership in the middle of an exchange. Who is removed
// leaves the others with fewer links; they find each other again.
func (f *fleet) removal() {
	f.room()
	f.govern()
	for _, n := range f.honest() {
		for n.commit(true) && f.failed == nil {
			continue
		}
	}
	f.settleMembers()
	f.join()
}
