package ical

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

const parisZone = `BEGIN:VTIMEZONE
TZID:Clocks of Paris
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
END:VTIMEZONE
`

// event makes an event of content lines.
func event(t *testing.T, lines ...string) *Event {
	t.Helper()
	ev := &Event{Master: parseOne(t, "BEGIN:VEVENT\n"+strings.Join(lines, "\n")+"\nEND:VEVENT\n")}
	ev.Zones = []*Component{parseOne(t, parisZone)}
	return ev
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

func TestOccurrences(t *testing.T) {
	paris := location(t, "Europe/Paris")
	tests := []struct {
		name     string
		lines    []string
		from, to time.Time
		want     []string // start/end in UTC
	}{
		{"once", []string{"DTSTART:20261205T180000Z", "DTEND:20261205T200000Z"}, day(2026, 12, 1), day(2027, 1, 1),
			[]string{"1205 1800/1205 2000"}},
		{"begun before the window", []string{"DTSTART:20261205T180000Z", "DTEND:20261209T200000Z"}, day(2026, 12, 7), day(2026, 12, 8),
			[]string{"1205 1800/1209 2000"}},
		{"across the change of clocks", []string{"DTSTART;TZID=Europe/Paris:20261022T190000", "DURATION:PT2H", "RRULE:FREQ=WEEKLY;COUNT=2"}, day(2026, 10, 1), day(2026, 12, 1),
			[]string{"1022 1700/1022 1900", "1029 1800/1029 2000"}},
		{"by the file's own zone", []string{"DTSTART;TZID=Clocks of Paris:20260322T190000", "DTEND;TZID=Clocks of Paris:20260322T210000", "RRULE:FREQ=WEEKLY;UNTIL=20260329T170000Z"}, day(2026, 3, 1), day(2026, 5, 1),
			[]string{"0322 1800/0322 2000", "0329 1700/0329 1900"}},
		{"a vendor's prefix", []string{"DTSTART;TZID=/mozilla.org/20070129_1/Europe/Paris:20260701T120000"}, day(2026, 7, 1), day(2026, 7, 2),
			[]string{"0701 1000/0701 1000"}},
		{"a zone nobody knows", []string{"DTSTART;TZID=Nowhere:20260701T120000"}, day(2026, 7, 1), day(2026, 7, 2),
			[]string{"0701 1000/0701 1000"}},
		{"floating", []string{"DTSTART:20260701T120000"}, day(2026, 7, 1), day(2026, 7, 2), []string{"0701 1000/0701 1000"}},
		{"days", []string{"DTSTART;VALUE=DATE:20260328", "DTEND;VALUE=DATE:20260330", "RRULE:FREQ=YEARLY"}, day(2027, 1, 1), day(2028, 1, 1),
			[]string{"0327 2300/0329 2200"}},
		{"a day without an end", []string{"DTSTART;VALUE=DATE:20260714"}, day(2026, 7, 1), day(2026, 8, 1), []string{"0713 2200/0714 2200"}},
		{"exceptions and additions", []string{"DTSTART:20260701T120000Z", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20260702T120000Z,20260703T120000Z", "RDATE:20260710T080000Z", "RDATE;VALUE=PERIOD:20260711T080000Z/PT1H"}, day(2026, 7, 1), day(2026, 8, 1),
			[]string{"0701 1200/0701 1200", "0704 1200/0704 1200", "0710 0800/0710 0800", "0711 0800/0711 0800"}},
		{"an exception in another zone", []string{"DTSTART;TZID=Europe/Paris:20260701T120000", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260702T100000Z"}, day(2026, 7, 1), day(2026, 8, 1),
			[]string{"0701 1000/0701 1000"}},
		{"until a day", []string{"DTSTART:20260701T120000Z", "RRULE:FREQ=DAILY;UNTIL=20260702"}, day(2026, 7, 1), day(2026, 8, 1),
			[]string{"0701 1200/0701 1200", "0702 1200/0702 1200"}},
		{"spaces in the rule", []string{"DTSTART:20260703T120000Z", "RRULE:FREQ=DAILY;COUNT=2;BYDAY=MO, TU, WE, TH, FR ;"}, day(2026, 7, 1), day(2026, 8, 1),
			[]string{"0703 1200/0703 1200", "0706 1200/0706 1200"}},
		{"an hour that is skipped", []string{"DTSTART;TZID=Europe/Paris:20260329T023000"}, day(2026, 3, 1), day(2026, 4, 1), []string{"0329 0130/0329 0130"}},
		{"an hour that comes twice", []string{"DTSTART;TZID=Europe/Paris:20261025T023000"}, day(2026, 10, 1), day(2026, 11, 1), []string{"1025 0030/1025 0030"}},
		{"end before the start", []string{"DTSTART:20260701T120000Z", "DTEND:20260701T110000Z"}, day(2026, 7, 1), day(2026, 7, 2), []string{"0701 1200/0701 1200"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := event(t, tt.lines...).Occurrences(Window{From: tt.from, To: tt.to, Here: paris, Zones: time.LoadLocation})
			if err != nil {
				t.Fatal(err)
			}
			var list []string
			for _, o := range got {
				list = append(list, o.Start.UTC().Format("0102 1504")+"/"+o.End.UTC().Format("0102 1504"))
			}
			if !slices.Equal(list, tt.want) {
				t.Errorf("occurrences = %q; want %q", list, tt.want)
			}
		})
	}
}

func TestOccurrencesOfWhatCantBeFollowed(t *testing.T) {
	w := Window{From: day(2026, 1, 1), To: day(2027, 1, 1)}
	for _, rule := range []string{"FREQ=INVALID", "COUNT=3", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=999999999999999999",
		"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6;BYMINUTE=0,1,2,3,4,5,6;BYSECOND=0,1,2,3,4,5,6",
		"FREQ=DAILY;BYHOUR=" + strings.Repeat("1,", 500) + "2"} {
		got, err := event(t, "DTSTART:20260101T000000Z", "RRULE:"+rule).Occurrences(w)
		if !errors.Is(err, ErrRule) || len(got) != 1 {
			t.Errorf("%s: %d occurrences, %v; want the first, %v", rule, len(got), err, ErrRule)
		}
	}
	if got, err := event(t, "DTSTART:20260101T000000Z", "RRULE:FREQ=SECONDLY").Occurrences(w); !errors.Is(err, ErrRule) || len(got) != 1000 {
		t.Errorf("every second of a year: %d occurrences, %v; want 1 000, %v", len(got), err, ErrRule)
	}
	if _, err := event(t, "SUMMARY:x").Occurrences(w); !errors.Is(err, ErrTime) {
		t.Errorf("without a start: %v; want %v", err, ErrTime)
	}
	if got, err := event(t, "DTSTART:20260101T000000Z", "RRULE:FREQ=DAILY").Occurrences(Window{From: w.From, To: w.To, Max: 5}); err != nil || len(got) != 5 {
		t.Errorf("%d occurrences, %v; want 5", len(got), err)
	}
}

// A weekly or daily event shows the same time on the clock every time, with
// the zone from the database and from the file alike; a naive count of days
// tells which days.
func TestClockStaysPut(t *testing.T) {
	paris := location(t, "Europe/Paris")
	rapid.Check(t, func(rt *rapid.T) {
		start := time.Date(rapid.IntRange(1997, 2037).Draw(rt, "year"), 1, 1, 0, 0, 0, 0, time.UTC).
			AddDate(0, 0, rapid.IntRange(0, 364).Draw(rt, "day")).Add(time.Duration(rapid.IntRange(3*60, 24*60-1).Draw(rt, "minute")) * time.Minute)
		every := rapid.SampledFrom([]int{1, 7, 14}).Draw(rt, "every")
		rule := map[int]string{1: "FREQ=DAILY", 7: "FREQ=WEEKLY", 14: "FREQ=WEEKLY;INTERVAL=2"}[every]
		from := start.AddDate(0, 0, rapid.IntRange(-40, 400).Draw(rt, "from"))
		to := from.AddDate(0, 0, rapid.IntRange(1, 60).Draw(rt, "days"))

		var want []string
		for d := start; d.Before(to.AddDate(0, 0, 2)); d = d.AddDate(0, 0, every) {
			at := time.Date(d.Year(), d.Month(), d.Day(), d.Hour(), d.Minute(), 0, 0, paris)
			if at.Before(to) && !at.Before(from) {
				want = append(want, at.UTC().Format(time.RFC3339))
			}
		}
		for _, zone := range []string{"Europe/Paris", "Clocks of Paris"} {
			got, err := event(t, fmt.Sprintf("DTSTART;TZID=%s:%s", zone, start.Format(timeLayout)), "RRULE:"+rule).
				Occurrences(Window{From: from, To: to, Zones: time.LoadLocation})
			if err != nil {
				rt.Fatal(err)
			}
			var list []string
			for _, o := range got {
				list = append(list, o.Start.UTC().Format(time.RFC3339))
				if o.Start.Format("1504") != start.Format("1504") {
					rt.Fatalf("in %s it is at %v; want %s", zone, o.Start, start.Format("15:04"))
				}
			}
			if !slices.Equal(list, want) {
				rt.Fatalf("in %s: %q; want %q", zone, list, want)
			}
		}
	})
}

// What Define writes, read again, tells the same time as the database.
func TestDefine(t *testing.T) {
	for _, name := range []string{"Europe/Paris", "America/New_York", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe", "Europe/Dublin", "America/Cayenne", "UTC"} {
		t.Run(name, func(t *testing.T) {
			loc := location(t, name)
			tz := Define(name, loc, 2010)
			again := parseOne(t, tz.String())
			clock, ok := define(again)
			if !ok {
				t.Fatalf("defines nothing:\n%s", tz)
			}
			for at := day(2010, 1, 1); at.Before(day(2029, 1, 1)); at = at.Add(7 * time.Hour) {
				_, want := at.In(loc).Zone()
				if got := int(clock.offset(at) / time.Second); got != want {
					t.Fatalf("at %v it is %d s off UTC; want %d\n%s", at, got, want, tz)
				}
			}
		})
	}
	if tz := Define("Europe/Paris", location(t, "Europe/Paris"), 2020); !strings.Contains(tz.String(), "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU") {
		t.Errorf("Paris changes by no rule:\n%s", tz)
	}
}

func TestZonesOfOtherPrograms(t *testing.T) {
	outlook := parseOne(t, `BEGIN:VTIMEZONE
TZID:Eastern Standard Time
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
`)
	clock, _ := define(outlook)
	loc := location(t, "America/New_York")
	for at := day(2015, 1, 1); at.Before(day(2035, 1, 1)); at = at.Add(11 * time.Hour) {
		_, want := at.In(loc).Zone()
		if got := int(clock.offset(at) / time.Second); got != want {
			t.Fatalf("at %v it is %d s off UTC; want %d", at, got, want)
		}
	}
	if _, ok := define(&Component{Name: "VTIMEZONE"}); ok {
		t.Error("a VTIMEZONE without anything in it defines a clock")
	}
}
