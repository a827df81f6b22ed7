package storage

// A pack is a transaction that is being filled with folded resources.
type pack struct {
	l      *Log
	f      *folding
	limits Limits // what is left for resources
	now    rows
	before []rows // segments to be written in transactions before it
}

func (l *Log) newPack(r Reader, g derivedKeys, h *history) *pack {
	p := &pack{l: l, f: l.newFolding(r, g, h), limits: l.kv.Limits()}
	p.reserve(64+acceptCost, 1+acceptKeys)
	return p
}

// reserve keeps room for what is added at the end.
func (p *pack) reserve(bytes, keys int) {
	p.limits.Bytes -= bytes
	p.limits.Keys -= keys
}

// put adds a resource, unless the pack is too full for it. One that no pack has
// room for gets one of its own, and its segments transactions before it.
func (p *pack) put(doc *folded, segments, final rows) (full bool, err error) {
	fit := p.now.cost+segments.cost+final.cost <= p.limits.Bytes &&
		len(p.now.list)+len(segments.list)+len(final.list) <= p.limits.Keys
	switch {
	case fit:
		p.now.add(segments)
	case len(p.now.list) > 0:
		return true, nil
	default:
		p.before = segments.split(p.limits)
	}
	p.now.add(final)
	p.reserve(acceptCost, acceptKeys)
	return false, p.f.accept(doc, &p.now)
}

// write makes it durable.
func (p *pack) write() error {
	for _, part := range p.before {
		if err := p.l.kv.Update(Membership, part.write); err != nil {
			return err
		}
	}
	p.now.add(p.f.finish())
	if err := p.l.kv.Update(Membership, p.now.write); err != nil {
		return err
	}
	p.f.keep()
	return nil
}
