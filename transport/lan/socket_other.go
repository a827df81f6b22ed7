//go:build !linux

package lan

import "net"

// onlyJoined is needed on Linux only.
func onlyJoined(string, *net.UDPConn) error { return nil }
