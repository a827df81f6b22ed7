package sim

// A manner is how a node behaves towards others.
type manner uint8

const (
	polite      manner = iota
	forging            // signs wrongly what it writes
	withholding        // says what it has, and sends little of it
	chattering         // repeats itself and talks nonsense
	corrupting         // has bits flipped on the way
	lying              // says what isn't so, and what it said long ago
	flooding           // asks and sends without end, whatever the credit
	forking            // goes on from one link of its log in many ways
)

// rude are all manners but the polite one.
var rude = []manner{forging, withholding, chattering, corrupting, lying, flooding, forking}

func (m manner) String() string {
	return [...]string{"polite", "forging", "withholding", "chattering", "corrupting", "lying", "flooding", "forking"}[m]
}

// Types of frames: reconcile/PROTOCOL.md.
const (
	typeHello   = 0
	typeAnswers = 1
	typeWant    = 3
	typeRuns    = 4
	typeMembers = 5
)

// typeOf returns a frame's type; that of nonsense is whatever it is.
func typeOf(frame []byte) byte {
	if len(frame) < 2 {
		return 0xff
	}
	return frame[1]
}

// isData tells whether a frame is runs or members.
func isData(frame []byte) bool { return typeOf(frame) == typeRuns || typeOf(frame) == typeMembers }

// bend does to a frame what the node's manner does.
func (n *node) bend(frame []byte) [][]byte {
	f := n.f
	switch n.manner {
	case polite:
		if n.later {
			return later(f, frame)
		}
	case withholding:
		if isData(frame) && !f.chance(3) {
			return nil
		}
	case chattering:
		if f.chance(6) {
			nonsense := make([]byte, f.rand.IntN(200))
			for i := range nonsense {
				nonsense[i] = byte(f.rand.Uint32())
			}
			return [][]byte{frame, unheardOf, frame, nonsense}
		}
	case corrupting:
		if f.chance(8) {
			bent := append([]byte(nil), frame...)
			bent[f.rand.IntN(len(bent))] ^= 1 << f.rand.IntN(8)
			return [][]byte{bent}
		}
	case lying:
		n.said = append(n.said[max(0, len(n.said)-20):], frame)
		switch {
		case typeOf(frame) == typeHello && f.chance(3):
			bent := append([]byte(nil), frame...)
			bent[len(bent)-1] ^= 0x55 // the sum of its tips
			return [][]byte{bent}
		case f.chance(8):
			return [][]byte{pick(f, n.said)}
		}
	case flooding:
		if t := typeOf(frame); isData(frame) || t == typeWant || t == typeAnswers {
			var out [][]byte
			for range 1 + f.rand.IntN(20) {
				out = append(out, frame)
			}
			return out
		}
	}
	return [][]byte{frame}
}

// unheardOf is a frame of a type that no version has.
var unheardOf = []byte{0x82, 0x18, 0x63, 0x01}

// later does to a frame what a later version of the program might: its hello
// speaks of more versions and features, and says more; and it has frames of
// its own.
func later(f *fleet, frame []byte) [][]byte {
	if typeOf(frame) == typeHello {
		newer := append([]byte(nil), frame...)
		newer[0]++                                     // one value more
		newer[3], newer[4] = 7, 1                      // max, features
		return [][]byte{append(newer, 0x81, 0x18, 99)} // [99]
	}
	if f.chance(5) {
		return [][]byte{unheardOf, frame}
	}
	return [][]byte{frame}
}
