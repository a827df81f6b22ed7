package transport_test

import (
	"context"
	"net/netip"
	"testing"

	"navette/transport"
)

func TestIsLocal(t *testing.T) {
	for addr, want := range map[string]bool{
		"10.1.2.3": true, "172.16.0.1": true, "172.32.0.1": false, "192.168.1.1": true, "169.254.1.1": true,
		"100.64.0.1": false, "8.8.8.8": false, "127.0.0.1": false, "224.0.0.251": false, "0.0.0.0": false,
		"fe80::1": true, "fe80::1%eth0": true, "fd00::1": true, "2001:db8::1": false, "::1": false, "::": false,
		"ff02::fb": false, "::ffff:10.1.2.3": true, "::ffff:8.8.8.8": false,
	} {
		if got := transport.IsLocal(netip.MustParseAddr(addr)); got != want {
			t.Errorf("IsLocal(%s) = %v, want %v", addr, got, want)
		}
	}
	if transport.IsLocal(netip.Addr{}) {
		t.Error("no address at all is local")
	}
}

// What changes is for lan's tests, which can change it.
func TestWatchInterfacesTellsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	transport.WatchInterfaces(ctx, func([]transport.Interface) {
		told++
		cancel()
	})
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
}
