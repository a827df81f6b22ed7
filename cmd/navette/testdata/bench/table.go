package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// A result is what the harness keeps of a contender, as far as it is shown.
type result struct {
	Peer       string         `json:"peer"`
	N          int            `json:"n"`
	Write      writing        `json:"e_write"`
	Cold       exchange       `json:"a_cold"`
	Disk       map[string]any `json:"disk_after"` // by side: size and allocated; Syncthing's has names
	Equal      equal          `json:"c_equal"`
	Diverge    exchange       `json:"b_diverge"`
	Live       live           `json:"d_live"`
	LiveScan   live           `json:"d_live_scanapi"` // Syncthing's
	Reconnects reconnects     `json:"reconnects"`
}

type writing struct {
	S    float64 `json:"s"`
	Rate float64 `json:"rec_s"`
	RSS  float64 `json:"rss_mb"`
}

type exchange struct {
	OK      bool               `json:"ok"`
	S       float64            `json:"s"`
	Bytes   traffic            `json:"bytes"`
	Settled traffic            `json:"bytes_settled"`
	CPU     map[string]float64 `json:"cpu_s"`
	RSS     map[string]float64 `json:"rss_mb"`
}

type traffic struct {
	Total int `json:"total"`
}

type equal struct {
	Bytes traffic `json:"bytes_15s"`
}

type live struct {
	N     int     `json:"n"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Bytes int     `json:"bytes_per_edit"`
}

type reconnects struct {
	Connected []float64 `json:"s_to_connected"`
}

// A figure is a column of the table.
type figure struct {
	name string
	of   func(*result) float64
	goal float64 // for Navette, at 10 000 records; 0 is none
	less bool    // is better
}

var figures = []figure{
	{"load rec/s", func(r *result) float64 { return r.Write.Rate }, 0, false},
	{"load MB peak", func(r *result) float64 { return r.Write.RSS }, 80, true},
	{"join s", func(r *result) float64 { return r.Cold.S }, 0.7, true},
	{"join MB", func(r *result) float64 { return float64(r.Cold.Settled.Total) / 1e6 }, 1.3, true},
	{"cpu A s", func(r *result) float64 { return r.Cold.CPU["A"] }, 0, true},
	{"cpu B s", func(r *result) float64 { return r.Cold.CPU["B"] }, 0, true},
	{"peak A MB", func(r *result) float64 { return r.Cold.RSS["A"] }, 80, true},
	{"peak B MB", func(r *result) float64 { return r.Cold.RSS["B"] }, 80, true},
	{"disk B MB", allocated, 8, true},
	{"1 % s", func(r *result) float64 { return r.Diverge.S }, 0.2, true},
	{"1 % kB", func(r *result) float64 { return float64(r.Diverge.Settled.Total) / 1e3 }, 30, true},
	{"equal kB", func(r *result) float64 { return float64(r.Equal.Bytes.Total) / 1e3 }, 10, true},
	{"live p50 ms", func(r *result) float64 { return r.live().P50 }, 4, true},
	{"live p99 ms", func(r *result) float64 { return r.live().P99 }, 15, true},
	{"live B", func(r *result) float64 { return float64(r.live().Bytes) }, 400, true},
}

func (r *result) live() live {
	if r.Live.N == 0 {
		return r.LiveScan
	}
	return r.Live
}

// allocated is what the joiner's files take on the disk, in MB.
func allocated(r *result) float64 {
	switch d := r.Disk["B"].(type) {
	case []any:
		if len(d) == 2 {
			f, _ := d[1].(float64)
			return f / 1e6
		}
	case map[string]any:
		db, _ := d["db_bytes"].(float64)
		files, _ := d["folder_blocks"].(float64)
		return (db + files) / 1e6
	}
	return 0
}

// table prints the results of N records in a folder: a line of figures for each
// contender, and under it how many times Navette's each is.
func table(_ context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("bench table N FILE…")
	}
	var all []*result
	var ours *result
	var rate *rates
	for _, path := range args[1:] {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		r := new(result)
		if err := json.Unmarshal(b, r); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		switch {
		case r.Peer == "navette-writes":
			rate = new(rates)
			if err := json.Unmarshal(b, rate); err != nil {
				return err
			}
		case fmt.Sprint(r.N) != args[0]:
		case r.Peer == "navette":
			ours = r
			all = append([]*result{r}, all...)
		default:
			all = append(all, r)
		}
	}
	if ours == nil {
		return errors.New("there is no result of Navette")
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := []string{args[0] + " records"}
	for _, r := range all {
		head = append(head, r.Peer)
		if r == ours {
			head = append(head, "goal", "/goal")
		} else {
			head = append(head, "/navette")
		}
	}
	fmt.Fprintln(w, strings.Join(head, "\t")+"\t")
	for _, f := range figures {
		row := []string{f.name}
		for _, r := range all {
			row = append(row, number(f.of(r)))
			switch {
			case r == ours && (f.goal == 0 || r.N != 10000):
				row = append(row, "", "")
			case r == ours:
				row = append(row, number(f.goal), ratio(f.of(r), f.goal))
			default:
				row = append(row, ratio(f.of(r), f.of(ours)))
			}
		}
		fmt.Fprintln(w, strings.Join(row, "\t")+"\t")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Println()
	if len(ours.Reconnects.Connected) > 0 {
		fmt.Printf("navette: connected %.2f s after the link came back (goal 1)\n", max(ours.Reconnects.Connected[0], ours.Reconnects.Connected[len(ours.Reconnects.Connected)-1]))
	}
	if rate != nil {
		fmt.Printf("navette: durable writes %.0f/s one at a time, %.2f × the disk's own %.0f/s (goal 0.9); %.0f/s from 16 writers through the API\n",
			rate.One, rate.One/rate.Disk, rate.Disk, rate.Sixteen)
	}
	return nil
}

func number(f float64) string {
	switch {
	case f == 0:
		return "-"
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func ratio(f, of float64) string {
	if f == 0 || of == 0 {
		return "-"
	}
	return number(f/of) + "×"
}
