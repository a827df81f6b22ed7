//go:build !linux

package node

// synchronised can't be asked of this system.
func synchronised() bool { return false }
