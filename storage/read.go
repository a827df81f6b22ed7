package storage

import (
	"errors"
	"fmt"

	"navette/crdt"
	"navette/crdt/oplog"
)

// Has tells whether an entry is stored.
func (l *Log) Has(id crdt.ChangeID) (bool, error) {
	_, _, err := l.locate(id)
	return has(err)
}

// Lacks returns those of ids that aren't stored, in their order.
func (l *Log) Lacks(ids []crdt.ChangeID) (lacks []crdt.ChangeID, err error) {
	for _, id := range ids {
		stored, err := l.Has(id)
		if err != nil {
			return nil, err
		}
		if !stored {
			lacks = append(lacks, id)
		}
	}
	return lacks, nil
}

// Link returns what others are checked against, or ErrNotFound.
func (l *Log) Link(id crdt.ChangeID) (oplog.Link, error) {
	p, lamport, err := l.locate(id)
	if err != nil {
		return oplog.Link{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.frontier.link(p, id, lamport), nil
}

// locate returns where a published entry is.
func (l *Log) locate(id crdt.ChangeID) (p oplog.Place, lamport uint64, err error) {
	err = l.kv.View(func(r Reader) error {
		p, lamport, err = l.find(r, id)
		return err
	})
	if err != nil {
		return p, 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.frontier.has(p) { // durable, but the commit hasn't returned yet
		return p, 0, ErrNotFound
	}
	return p, lamport, nil
}

// Block returns a stored block, checked against its name, or ErrNotFound.
func (l *Log) Block(id crdt.ChangeID) (block []byte, err error) {
	err = l.kv.View(func(r Reader) error {
		p, _, err := l.find(r, id)
		if err != nil {
			return err
		}
		block, err = r.Get(l.stored.place(tagBlock, p))
		if err == nil && oplog.Sum(block) != id {
			err = fmt.Errorf("%w: block %v", ErrCorrupt, id)
		}
		return err
	})
	return block, err
}

// Genesis returns the genesis of a log, or ErrNotFound.
func (l *Log) Genesis(log crdt.LogID) (g *oplog.LogGenesis, err error) {
	err = l.kv.View(func(r Reader) error {
		g, err = l.genesis(r, log)
		return err
	})
	return g, err
}

func (l *Log) genesis(r Reader, log crdt.LogID) (*oplog.LogGenesis, error) {
	l.mu.Lock()
	p, ok := l.frontier.geneses[log]
	l.mu.Unlock()
	if !ok {
		return nil, ErrNotFound
	}
	block, err := r.Get(l.stored.place(tagBlock, p))
	if err != nil {
		return nil, err
	}
	g, err := oplog.DecodeLogGenesis(block)
	if err == nil && g.Log() != log {
		err = errors.New("another log's")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: genesis of log %v: %w", ErrCorrupt, log, err)
	}
	return g, nil
}

// Signature returns the signature that is stored for an entry; ok is false if
// there is none, because the entry had none or a later one's took its place.
func (l *Log) Signature(id crdt.ChangeID) (sig oplog.Signature, ok bool, err error) {
	p, _, err := l.locate(id)
	if err != nil {
		return sig, false, err
	}
	l.mu.Lock()
	e := l.frontier.chains[p.Chain].end
	l.mu.Unlock()
	if e.pos == p.Pos {
		if e.sig == nil {
			return sig, false, nil
		}
		return *e.sig, true, nil
	}
	err = l.kv.View(func(r Reader) error {
		b, err := r.Get(l.stored.place(tagSig, p))
		copy(sig[:], b)
		return err
	})
	ok, err = has(err)
	return sig, ok, err
}
