package reconcile

import "testing"

// TestSipHash holds the hash to the vectors of its reference implementation:
// key 00 01 … 0f, message 00 01 … of that length.
func TestSipHash(t *testing.T) {
	var key [16]byte
	for i := range key {
		key[i] = byte(i)
	}
	k := newSipKey(key)
	for _, tt := range []struct {
		length int
		want   uint64
	}{
		{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {7, 0xab0200f58b01d137},
		{8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
	} {
		msg := make([]byte, tt.length)
		for i := range msg {
			msg[i] = byte(i)
		}
		if got := k.sum(msg); got != tt.want {
			t.Errorf("sum of %d bytes is %#x, want %#x", tt.length, got, tt.want)
		}
	}
}
