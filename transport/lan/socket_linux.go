package lan

import (
	"net"
	"syscall"
)

// ipMulticastAll is IP_MULTICAST_ALL of ip(7).
const ipMulticastAll = 49

// onlyJoined keeps from an IPv4 socket what arrives on links that only other
// sockets of this machine have joined, as Linux otherwise delivers. Of IPv6 it
// does so by itself, since the socket is bound to a zone.
func onlyJoined(family string, c *net.UDPConn) error {
	if family != "udp4" {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, ipMulticastAll, 0)
	})
	if err != nil {
		return err
	}
	return failed
}
