package reconcile

import (
	"encoding/binary"

	"navette/crdt"
	"navette/crdt/cbor"
	"navette/crdt/oplog"
)

// MaxBeside is the most bytes that may be told beside the exchange at once.
const MaxBeside = 1024

// maxBeside is how much of it waits.
const maxBeside = 16

// maxPerFrame bounds what one frame lists.
const maxPerFrame = 1024

// Next returns the next frame to send, nil if there is nothing to say for now.
// It is to be called until it returns nil whenever the session was given
// something, as long as the connection takes frames: what isn't taken waits
// here, in little room.
func (s *Session) Next() []byte {
	if !s.begun {
		s.begun = true
		return s.hello()
	}
	if !s.heard || s.over {
		return nil
	}
	s.pushMembers()
	if len(s.control) > 0 {
		f := s.control[0]
		s.control = s.control[1:]
		s.queued -= len(f)
		return f
	}
	for _, next := range []func() []byte{s.nextGot, s.nextAnswers, s.nextWants, s.nextAsk} {
		if f := next(); f != nil {
			return f
		}
	}
	if f := s.nextBeside(); f != nil {
		return f
	}
	return s.nextData()
}

// nextBeside tells what is to be told beside, the oldest first.
func (s *Session) nextBeside() []byte {
	if len(s.beside) == 0 || !s.open() {
		return nil
	}
	f := cbor.AppendBytes(head(typeBeside, 1), s.beside[0])
	s.beside = s.beside[1:]
	return f
}

// Tell tells the peer something beside the exchange, of at most MaxBeside bytes:
// it is neither confirmed nor stored, and where much waits the oldest is dropped.
func (s *Session) Tell(data []byte) {
	if s.over || s.o.Guest || len(data) > MaxBeside {
		return
	}
	if len(s.beside) == maxBeside {
		s.beside = s.beside[1:]
	}
	s.beside = append(s.beside, data)
}

func (s *Session) hello() []byte {
	key := helloKey(s.o.Nonce)
	return Hello{
		Min: MinVersion, Max: MaxVersion,
		Commons: [16]byte(s.o.Commons[:16]), Nonce: s.o.Nonce,
		Members: s.mine[members].summarise(key), Tips: s.mine[tips].summarise(key),
	}.encode()
}

// nextGot gives credit back and says what has been stored. Credit alone waits
// until it is worth a frame.
func (s *Session) nextGot() []byte {
	if len(s.got[members])+len(s.got[tips]) == 0 && s.release < s.o.Credit/8 {
		return nil
	}
	b := cbor.AppendUint(head(typeGot, 3), uint64(s.release))
	s.window += s.release
	s.release = 0
	for k := range s.got {
		n := min(len(s.got[k]), 8*maxPerFrame)
		b = cbor.AppendBytes(b, s.got[k][:n])
		s.got[k] = s.got[k][n:]
		s.queued -= n
	}
	return b
}

// nextAnswers gives the answers that are due, about tips only once all that
// the peer has of membership is stored: changes are judged by it.
func (s *Session) nextAnswers() []byte {
	for k := range s.compare {
		if c := &s.compare[k]; len(c.due) > 0 && (kind(k) == members || s.open()) {
			items := c.next()
			s.noteTold(kind(k))
			b := cbor.AppendUint(head(typeAnswers, 1+len(items)), uint64(k))
			for _, it := range items {
				b = append(b, it...)
			}
			return b
		}
	}
	return nil
}

// open tells whether tips may be spoken of: the peer is known to belong, and
// all that it has of membership is stored.
func (s *Session) open() bool { return !s.o.Guest && s.membersDone() }

// Welcome says that a Guest has turned out to belong.
func (s *Session) Welcome() { s.o.Guest = false }

// Part says that the peer has turned out to belong no more: it is told what is
// new of the membership, and nothing else.
func (s *Session) Part() {
	s.o.Guest = true
	v := &s.serve
	v.cursors, v.opened, v.fresh = nil, nil, nil
	clear(v.serving)
}

// Farewell returns what answers the hello of a device that belongs to the
// commons no more: a hello that says nothing of what is here, and the reason.
func Farewell(commons oplog.CommonsID, nonce Nonce) [][]byte {
	hello := Hello{Min: MinVersion, Max: MaxVersion, Commons: [16]byte(commons[:16]), Nonce: nonce}
	return [][]byte{hello.encode(), cbor.AppendUint(head(typeBye, 1), uint64(ByeExpelled))}
}

func (s *Session) membersDone() bool {
	return s.compare[members].settled() && len(s.lacks[members]) == 0 && !s.missed[members]
}

// nextWants asks for what was found lacking, once the answers are out in which
// the peer learns what it is.
func (s *Session) nextWants() []byte {
	for k := range s.wants {
		if len(s.compare[k].due) > 0 || kind(k) == tips && !s.open() {
			continue
		}
		if n := min(len(s.wants[k]), maxPerFrame/2); n > 0 {
			b := cbor.AppendUint(head(typeWant, 1+n), uint64(k))
			for _, w := range s.wants[k][:n] {
				b = append(b, w...)
				s.queued -= len(w)
			}
			s.wants[k] = s.wants[k][n:]
			return b
		}
	}
	return nil
}

// nextAsk begins another comparison where the last one found more than fits,
// once that is dealt with.
func (s *Session) nextAsk() []byte {
	for k := range s.missed {
		c := &s.compare[k]
		if !s.missed[k] || kind(k) == tips && s.o.Guest || len(s.lacks[k]) > 0 || !c.settled() || s.rounds >= maxRounds || s.idle >= maxIdle {
			continue
		}
		s.missed[k] = false
		s.rounds++
		s.idle++
		s.refreeze(kind(k))
		s.begin(kind(k))
		c.ask()
		sum := c.mine.summary(0, c.mine.Len())
		b := cbor.AppendUint(head(typeAsk, 3), uint64(k))
		b = cbor.AppendUint(b, sum.Count)
		return cbor.AppendUint(b, sum.Sum)
	}
	return nil
}

// Bye returns the frame to send last.
func (s *Session) Bye(reason Reason) []byte {
	s.over = true
	return cbor.AppendUint(head(typeBye, 1), uint64(reason))
}

// ack says that something the peer has or sent is stored.
func (s *Session) ack(k kind, id crdt.ChangeID) {
	s.got[k] = binary.BigEndian.AppendUint64(s.got[k], s.key.sum(id[:]))
	s.queued += 8
}

// say queues a frame that goes out before all others.
func (s *Session) say(frame []byte) {
	s.control = append(s.control, frame)
	s.queued += len(frame)
}

func (s *Session) want(k kind, w []byte) {
	s.wants[k] = append(s.wants[k], w)
	s.queued += len(w)
}

// Release gives back the credit for n bytes of data that are dealt with.
func (s *Session) Release(n int) { s.release += n }

// WantTip asks the peer for what leads to a tip that it told of, from what it
// knows of this node.
func (s *Session) WantTip(id crdt.ChangeID) {
	s.want(tips, cbor.AppendBytes(nil, binary.BigEndian.AppendUint64(nil, s.key.sum(id[:]))))
}

// WantChange asks the peer for what leads to a change that it has stored, from
// what it knows of this node.
func (s *Session) WantChange(id crdt.ChangeID) {
	s.want(tips, cbor.AppendBytes(nil, id[:]))
}

// WantFrom asks the peer for what leads to a change that it has stored, beyond
// the links in have, at most 16.
func (s *Session) WantFrom(id crdt.ChangeID, have []crdt.ChangeID) {
	b := cbor.AppendArray(nil, 1+len(have))
	b = cbor.AppendBytes(b, id[:])
	for _, h := range have {
		b = cbor.AppendBytes(b, h[:])
	}
	s.want(tips, b)
}

// WantMember asks the peer for a membership change.
func (s *Session) WantMember(id crdt.ChangeID) {
	s.want(members, cbor.AppendBytes(nil, id[:]))
}

// pushMembers sends the news of the membership.
func (s *Session) pushMembers() {
	for _, it := range s.news {
		s.told[members][s.key.item(it)] = it
		if s.serveMember(it.ID) != nil {
			break // a peer that takes none of maxServed
		}
	}
	s.news = nil
}
