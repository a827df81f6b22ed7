package sim

// A manner is how a node behaves towards others.
type manner uint8

const (
	polite      manner = iota
	forging            // signs wrongly what it writes
	withholding        // says what it has, and never sends it
	chattering         // repeats itself and talks nonsense
	corrupting         // has bits flipped on the way
)

func (m manner) String() string {
	return [...]string{"polite", "forging", "withholding", "chattering", "corrupting"}[m]
}

// bend does to a frame what the manner does.
func (m manner) bend(f *fleet, frame []byte) [][]byte {
	switch {
	case m == withholding && isData(frame):
		return nil
	case m == chattering && f.chance(6):
		nonsense := make([]byte, f.rand.IntN(200))
		for i := range nonsense {
			nonsense[i] = byte(f.rand.Uint32())
		}
		return [][]byte{frame, append([]byte{0x82, 0x18, 0x63}, 0x01), frame, nonsense}
	case m == corrupting && f.chance(8):
		bent := append([]byte(nil), frame...)
		bent[f.rand.IntN(len(bent))] ^= 1 << f.rand.IntN(8)
		return [][]byte{bent}
	}
	return [][]byte{frame}
}
