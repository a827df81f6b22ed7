package transport

import (
	"context"
	"os"
	"syscall"
)

// listenForChanges calls tell for every message of rtnetlink(7) about links
// and addresses. What they say isn't read: the interfaces are listed anew.
func listenForChanges(ctx context.Context, tell func()) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, syscall.NETLINK_ROUTE)
	if err != nil {
		return // polling remains
	}
	const groups = 1<<(syscall.RTNLGRP_LINK-1) | 1<<(syscall.RTNLGRP_IPV4_IFADDR-1) | 1<<(syscall.RTNLGRP_IPV6_IFADDR-1)
	if err := syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: groups}); err != nil {
		syscall.Close(fd)
		return
	}
	socket := os.NewFile(uintptr(fd), "rtnetlink")
	defer context.AfterFunc(ctx, func() { socket.Close() })()
	defer socket.Close()
	buf := make([]byte, 16<<10)
	for {
		if _, err := socket.Read(buf); err != nil && ctx.Err() != nil {
			return
		} else if err != nil && !isOverrun(err) {
			return
		}
		tell()
	}
}

// isOverrun says that messages were lost because many came at once.
func isOverrun(err error) bool {
	pe, ok := err.(*os.PathError)
	return ok && pe.Err == syscall.ENOBUFS
}
