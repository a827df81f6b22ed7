package replica

import "navette/storage"

// Without room on the disk for what peers have as well, nothing of theirs is
// asked for, and what comes is dropped: it stays theirs, and lacking here. What
// people here write, and membership, need less room and go on.

// cramped drops what is ready, if there is no room for it.
func (r *Replica) cramped() bool {
	if len(r.ready) == 0 {
		return false
	}
	err := r.o.Log.Room(storage.Others)
	if err == nil {
		return false
	}
	r.short = true
	for _, in := range r.ready {
		r.unready(in, err)
	}
	r.ready = nil
	return true
}

// regain asks for all that is lacking, once there is room again.
func (r *Replica) regain() {
	if !r.short || r.o.Log.Room(storage.Others) != nil {
		return
	}
	r.short = false
	clear(r.claims.all) // they were asked for and dropped
	for _, c := range r.sessions {
		r.sweep(c)
	}
}
