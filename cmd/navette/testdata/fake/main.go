// Command fake stands in for navette in the tests of the script harness: it
// has the few commands that the harness itself uses, keeps a set of lines in a
// file, and shouts the whole set into every link ten times a second.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const port = 9999

var (
	data   = os.Getenv("NAVETTE_DATA")
	store  = filepath.Join(data, "lines")
	socket = filepath.Join(data, "socket")
)

func main() {
	if len(os.Args) < 2 {
		fail(2, "usage")
	}
	if os.Args[1] == "up" {
		if err := up(os.Args[2:]); err != nil {
			fail(1, err.Error())
		}
		return
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		fail(1, "not running: "+err.Error())
	}
	defer conn.Close()
	if err := json.NewEncoder(conn).Encode(os.Args[1:]); err != nil {
		fail(1, err.Error())
	}
	var answer reply
	if err := json.NewDecoder(conn).Decode(&answer); err != nil {
		fail(1, err.Error())
	}
	if answer.Code != 0 {
		fail(answer.Code, answer.Text)
	}
	fmt.Println(answer.Text)
}

type reply struct {
	Code int
	Text string
}

func fail(code int, why string) {
	fmt.Fprintln(os.Stderr, "fake:", why)
	os.Exit(code)
}

// A node is a set of lines: merging is union.
type node struct {
	mu    sync.Mutex
	lines []string // sorted; on disk before it is acknowledged
}

func (n *node) add(lines ...string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := slices.Clone(n.lines)
	for _, l := range lines {
		if i, found := slices.BinarySearch(all, l); !found && l != "" {
			all = slices.Insert(all, i, l)
		}
	}
	if len(all) == len(n.lines) {
		return nil
	}
	if err := os.WriteFile(store+".new", []byte(strings.Join(all, "\n")), 0o600); err != nil {
		return err
	}
	n.lines = all
	return os.Rename(store+".new", store)
}

func (n *node) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

func (n *node) answer(args []string) reply {
	switch args[0] {
	case "status":
		return reply{}
	case "list": // list KIND [--json]
		if slices.Contains(args, "--json") {
			return reply{Text: `["` + strings.ReplaceAll(n.text(), "\n", `","`) + `"]`}
		}
		return reply{Text: n.text()}
	case "env":
		return reply{Text: os.Getenv("LANG") + " " + os.Getenv("HOME")}
	case "add": // add KIND name=LINE --json
		line := strings.TrimPrefix(args[2], "name=")
		if err := n.add(line); err != nil {
			return reply{1, err.Error()}
		}
		return reply{Text: fmt.Sprintf(`{"id":%q}`, line)}
	case "show": // show ID
		if !slices.Contains(strings.Split(n.text(), "\n"), args[1]) {
			return reply{1, "no such thing"}
		}
		return reply{Text: args[1]}
	case "fingerprint":
		return reply{Text: fmt.Sprintf(`{"full":"%x"}`, sha256.Sum256([]byte(n.text())))}
	}
	return reply{2, "usage"}
}

func up(args []string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	n := &node{}
	if old, err := os.ReadFile(store); err == nil {
		n.lines = strings.Split(string(old), "\n")
	}
	var peers []string
	for i, a := range args {
		switch a {
		case "--peer":
			peers = append(peers, args[i+1])
		case "--fail":
			return fmt.Errorf("told to fail")
		}
	}
	heard, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
	if err != nil {
		return err
	}
	os.Remove(socket)
	asked, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	fmt.Println("fake: up")
	go n.serve(asked)
	go n.hear(heard)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	tick := time.NewTicker(100 * time.Millisecond)
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
			n.shout(peers)
		}
	}
}

func (n *node) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		var args []string
		if json.NewDecoder(bufio.NewReader(conn)).Decode(&args) == nil {
			json.NewEncoder(conn).Encode(n.answer(args))
		}
		conn.Close()
	}
}

func (n *node) hear(from *net.UDPConn) {
	buf := make([]byte, 64<<10)
	for {
		size, _, err := from.ReadFromUDP(buf)
		if err != nil {
			return
		}
		n.add(strings.Split(string(buf[:size]), "\n")...)
	}
}

// shout sends to all nodes of every link, and to peers given by address. What
// fails is sent again at the next tick.
func (n *node) shout(peers []string) {
	links, _ := net.Interfaces()
	for _, link := range links {
		send(net.UDPAddr{IP: net.IPv6linklocalallnodes, Port: port, Zone: link.Name}, n.text())
	}
	for _, p := range peers {
		send(net.UDPAddr{IP: net.ParseIP(p), Port: port}, n.text())
	}
}

func send(to net.UDPAddr, text string) {
	if conn, err := net.DialUDP("udp", nil, &to); err == nil {
		conn.Write([]byte(text))
		conn.Close()
	}
}
