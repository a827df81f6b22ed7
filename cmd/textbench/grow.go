package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"navette/crdt/text"
)

// grow prints what pages cost, each ten times the one before: the third has half
// a million characters and 300 000 keystrokes of history. A keystroke is applied
// and the page encoded, as for storing it.
func grow() error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "characters\tkeystrokes\tat rest, bytes\topen, ms\tin memory, MB\tfirst keystroke, ms\tmedian, ms\tp99, ms\tall of its history read, ms\t")
	for size := 5_000; size <= 5_000_000; size *= 10 {
		file, err := page(size)
		if err != nil {
			return err
		}
		before := heap()
		start := time.Now()
		x, err := text.Decode(file, nil)
		if err != nil {
			return err
		}
		open := time.Since(start)
		memory := heap() - before
		rnd := rand.New(rand.NewPCG(2, 2))
		var (
			times []time.Duration
			buf   []byte
			pos   int
		)
		for i := range 3_000 {
			if i%10 == 0 {
				pos = rnd.IntN(x.Len() - 10)
			}
			start = time.Now()
			if err := x.Apply(name(size+i), uint64(size+i), everything, []text.Splice{{Pos: pos + i%10, Ins: "x"}}, false); err != nil {
				return err
			}
			buf = x.AppendEncode(buf[:0])
			times = append(times, time.Since(start))
		}
		first := times[0]
		slices.Sort(times)
		start = time.Now()
		if _, err := text.Replay(buf, nil); err != nil {
			return err
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%.2f\t%.1f\t%.2f\t%.3f\t%.3f\t%.1f\t\n", size, size*3/5, len(file), ms(open),
			memory, ms(first), ms(times[len(times)/2]), ms(times[len(times)*99/100]), ms(time.Since(start)))
		runtime.KeepAlive(x)
	}
	return w.Flush()
}

// page returns a page at rest of so many characters, three fifths of which were
// typed, a hundred keystrokes to a change and ten to a place.
func page(size int) ([]byte, error) {
	rnd := rand.New(rand.NewPCG(1, 1))
	x := text.New(nil)
	pasted := strings.Repeat("un café, ", 400)
	left, typed := size*2/5, size*3/5
	for i := 0; left > 0 || typed > 0; i++ {
		var s []text.Splice
		if left > 0 {
			s = []text.Splice{{Ins: pasted}}
			left -= text.Points.Of(pasted)
		} else {
			for range 10 {
				s = append(s, text.Splice{Pos: rnd.IntN(x.Len() + 1), Ins: "clavier été"[:rnd.IntN(3)] + "dix mots."})
			}
			typed -= 100
		}
		if err := x.Apply(name(i), uint64(i), everything, s, false); err != nil {
			return nil, err
		}
	}
	return x.Encode(), nil
}

// name names changes with what is as hard to compress as a hash.
func name(i int) (n text.Name) {
	rnd := rand.New(rand.NewPCG(uint64(i), 7))
	for k := range n.Change {
		n.Change[k] = byte(rnd.Uint32())
	}
	return n
}

func everything(text.Name) bool { return true }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// heap returns what is allocated, in MB.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
