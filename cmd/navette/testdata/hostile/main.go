// Command hostile connects to a node as strangers do who mean harm: again and
// again, some proving who they are and offering tags of nothing, some speaking
// no language of ours, some saying nothing, all holding on for a while.
//
//	hostile PEER HOST:PORT N
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"navette/node"
	"navette/transport"
	"navette/transport/p2p"
)

// atOnce is how many connections it holds open.
const atOnce = 200

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("wants PEER HOST:PORT N, got %q", args)
	}
	peer, err := transport.ParsePeer(args[0])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	var held []io.Closer
	in, out := 0, 0
	for i := range n {
		var c io.Closer
		if i%10 == 0 {
			c, err = stranger(peer, args[1])
		} else {
			c, err = mute(args[1], i)
		}
		if err != nil {
			out++
			continue
		}
		in++
		if held = append(held, c); len(held) > atOnce {
			held[0].Close()
			held = held[1:]
		}
	}
	for _, c := range held {
		c.Close()
	}
	fmt.Printf("%d connected, %d didn't\n", in, out)
	return nil
}

// mute connects and says nothing, or nonsense.
func mute(addr string, i int) (io.Closer, error) {
	c, err := net.DialTimeout("tcp", addr, 2*time.Second)
	if err == nil && i%2 == 0 {
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: navette.local\r\n\r\n")
	}
	return c, err
}

// stranger proves who it is, whoever that is, and offers tags of nothing.
func stranger(peer transport.Peer, addr string) (io.Closer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	network, err := p2p.Listen(p2p.Options{Key: key, Protocols: node.Protocols})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	conn, err := network.Dial(ctx, peer, []string{addr}, node.ProtocolAdmit)
	if err != nil {
		network.Close()
		return nil, err
	}
	for _, size := range []int{32, 256} { // a nonce, and sixteen tags
		frame := make([]byte, size)
		rand.Read(frame)
		if err := conn.Send(ctx, frame); err != nil {
			break
		}
		if _, err := conn.Receive(ctx); err != nil {
			break
		}
	}
	return network, nil
}
