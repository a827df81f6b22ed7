// Package lan is the transport.Discovery of local networks: multicast DNS
// (RFC 6762) and DNS-SD (RFC 6763), service _navette._tcp.
//
//	near := lan.New(lan.Options{Self: net.Self(), Port: net.Port(), Changed: net.NetworkChanged})
//	go near.Run(ctx)
//	for c := range near.Found() { … }
//
// On each link that carries multicast there is a station: a server of
// hashicorp/mdns that answers, a socket that asks, and one that hears what
// others announce, for IPv4 and IPv6 as far as the link has them. Stations
// come and go with the links, which the system reports at once; after each
// change there is a burst of questions and announcements, and then questions
// at intervals that grow from 5 s to a minute; when somebody has fallen silent,
// every 4 s and with announcements for a quarter of an hour. No route is needed, not even a
// default one. Questions are sent from a port of their own, so that answers
// find their way when another responder, such as avahi, shares port 5353.
//
// What is told to the network is a random instance and host name, the peer id,
// a version, the port and the machine's local addresses; no name of anything.
// What is heard is a claim by anybody: it is kept within bounds (64 peers, 8
// from one source, 4 addresses each, private or link-local ones only), and a
// peer that is Known is never crowded out. Who doesn't answer four times, or
// says goodbye from where it was heard, is gone.
//
// It is not a general mDNS client: it looks for one service, and doesn't probe
// for conflicts of names, which are random.
package lan

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"navette/transport"
)

// Options of New.
type Options struct {
	// Self and Port are what is announced.
	Self transport.Peer
	Port uint16
	// Known says whom to keep when there are too many candidates. It may be
	// called often. Nil: nobody.
	Known func(transport.Peer) bool
	// Changed is called whenever this machine's links or addresses have
	// changed, and mustn't block; Network.NetworkChanged is such a function.
	// Nil: not needed.
	Changed func()
	// Log gets what goes wrong on a link. Nil: quiet.
	Log *slog.Logger
}

// stationsMost is on how many links there are stations; a machine with more,
// such as one full of containers, uses the first.
const stationsMost = 16

// waitingMost is how many packets of a kind wait to be read; more are lost, and
// what they said is said again.
const waitingMost = 64

// Discovery is a transport.Discovery by multicast DNS.
type Discovery struct {
	options Options
	zone    *zone
	news    *transport.News
	refresh chan struct{}
}

var _ transport.Discovery = (*Discovery)(nil)

// New makes a Discovery that is silent until Run.
func New(o Options) *Discovery {
	if o.Known == nil {
		o.Known = func(transport.Peer) bool { return false }
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Discovery{
		options: o,
		zone:    newZone(o.Self, o.Port, randomName(), randomName()),
		news:    transport.NewNews(),
		refresh: make(chan struct{}, 1),
	}
}

// Found gives the candidates on all links.
func (d *Discovery) Found() <-chan transport.Candidate { return d.news.Found() }

// Refresh begins a burst of questions.
func (d *Discovery) Refresh() {
	select {
	case d.refresh <- struct{}{}:
	default:
	}
}

// Run is there on every link until ctx ends, which is no error, and then says
// goodbye.
func (d *Discovery) Run(ctx context.Context) error {
	if d.options.Port == 0 {
		return errors.New("lan: no port to announce")
	}
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { d.news.Run(ctx) })
	links := make(chan []transport.Interface)
	wait.Go(func() {
		transport.WatchInterfaces(ctx, func(now []transport.Interface) {
			select {
			case links <- now:
			case <-ctx.Done():
			}
		})
	})
	d.loop(ctx, links)
	return nil
}

// loop owns the stations and the table.
func (d *Discovery) loop(ctx context.Context, links <-chan []transport.Interface) {
	// Answers come to a port of their own and don't wait behind announcements,
	// of which anybody may send any number.
	answers, announcements := make(chan packet, waitingMost), make(chan packet, waitingMost)
	stations := map[int]*station{}
	defer func() {
		for _, s := range stations {
			s.announce(d.zone.goodbye())
			s.close()
		}
	}()
	known := newTable(d.options.Known)
	var rhythm pace
	next := time.NewTimer(0)
	defer next.Stop()
	hurry := func() {
		rhythm = pace{}
		next.Reset(time.Duration(rand.Int64N(int64(firstWithin))))
	}
	hear := func(p packet) {
		for _, s := range parse(p, d.options.Self) {
			d.tell(known.see(time.Now(), s))
		}
	}
	first := true
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-links:
			d.settle(stations, now, answers, announcements)
			d.tell(known.keepOnly(func(link int) bool { return stations[link] != nil }))
			if !first {
				d.options.Changed()
			}
			first = false
			hurry()
		case <-d.refresh:
			hurry()
		case p := <-answers:
			hear(p)
		case p := <-announcements:
			hear(p)
		case <-next.C:
			for _, s := range stations {
				s.ask()
				if rhythm.bursting() && rhythm.announces() || known.missing(time.Now()) {
					s.announce(d.zone.announcement())
				}
			}
			if !rhythm.bursting() {
				d.tell(known.asked(time.Now()))
			}
			next.Reset(rhythm.next(known.missing(time.Now()), rand.Float64()))
		}
	}
}

func (d *Discovery) tell(news []transport.Candidate) {
	for _, c := range news {
		d.news.Tell(c)
	}
}

// settle makes the stations fit the links. One whose link has changed in any
// way is made anew: its sockets may have gone deaf without an error.
func (d *Discovery) settle(stations map[int]*station, links []transport.Interface, answers, announcements chan<- packet) {
	var usable []transport.Interface
	var addrs []netip.Addr
	for _, l := range links {
		if l.Multicast && l.Running && len(l.Addrs) > 0 && len(usable) < stationsMost {
			usable = append(usable, l)
			addrs = append(addrs, l.Addrs...)
		}
	}
	d.zone.set(addrs)
	for index, s := range stations {
		if !slices.ContainsFunc(usable, s.serves) {
			s.close()
			delete(stations, index)
		}
	}
	for _, l := range usable {
		if stations[l.Index] != nil {
			continue
		}
		s, err := openStation(l, d.zone, answers, announcements)
		if err != nil {
			d.options.Log.Warn("discovery not possible on a link", "link", l.Name, "error", err)
			continue
		}
		stations[l.Index] = s
	}
}
