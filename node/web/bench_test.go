package web

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"navette/crdt"
	"navette/crdt/commons"
)

// What a place of the size that we promise holds.
const (
	benchTools   = 5000
	benchEvents  = 400
	benchSignUps = 20_000
	benchPages   = 2000
)

// What a first useful page may take.
const (
	pageBudget = 60 << 10
	timeBudget = 100 * time.Millisecond
)

// BenchmarkPages asks for the first page of each tab from a place that holds
// 5 000 tools, 20 000 sign-ups and 2 000 pages. cold is the first time that it
// is asked for after a start; it says how much of its budget each takes.
func BenchmarkPages(b *testing.B) {
	s := crowded(b)
	for _, path := range []string{"/", "/share", "/share?q=perceuse", "/share?category=Bois&sort=new", "/agenda?from=2031-03-01", "/agenda/month?month=2031-03", "/know", "/know?q=laser", "/decide"} {
		b.Run(path, func(b *testing.B) {
			s.s.shelves = shelves{}
			begin := time.Now()
			ask(b, s, path)
			cold := time.Since(begin)
			var size int
			for b.Loop() {
				size = ask(b, s, path)
			}
			each := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(cold.Microseconds())/1000, "cold-ms")
			b.ReportMetric(float64(size)/1024, "KB")
			b.ReportMetric(100*float64(size)/pageBudget, "%KB")
			b.ReportMetric(100*float64(each)/float64(timeBudget), "%ms")
		})
	}
}

// ask asks for a page as a visitor and returns how many bytes it has.
func ask(b *testing.B, s *site, path string) int {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("GET %s: %d, %v", path, resp.StatusCode, err)
	}
	return len(body)
}

// crowded is a place that holds a lot.
func crowded(b *testing.B) *site {
	b.Helper()
	s := newSite(b)
	var intents []func() ([][]crdt.Edit, error)
	flush := func() {
		errs, err := s.commons.WriteAll(b.Context(), intents)
		for _, e := range append(errs, err) {
			if e != nil {
				b.Fatal(e)
			}
		}
		intents = nil
	}
	n := 0
	add := func(kind string, fields ...string) {
		n++
		id := commons.DerivedID(kind, fmt.Sprint(n))
		var in []commons.Assign
		for _, f := range fields {
			a, err := commons.ParseAssign(f)
			if err != nil {
				b.Fatal(err)
			}
			in = append(in, a)
		}
		intents = append(intents, func() ([][]crdt.Edit, error) { return commons.Add(id, kind, in, s.commons.Env()) })
		if len(intents) == 500 {
			flush()
		}
	}
	names := []string{"Perceuse à colonne", "Découpeuse laser", "Scie sauteuse", "Fer à souder", "Imprimante 3D"}
	for i := range benchTools {
		add("tool", fmt.Sprintf("name=%s nº %d", names[i%5], i), fmt.Sprintf("tag=FAB-%04d", i), "category="+[]string{"Bois", "Métal", "Électronique"}[i%3],
			"condition=good", fmt.Sprintf("location=Atelier %d / étagère %d", i%7, i%31), "brand=Bosch", fmt.Sprintf("serial=%08d", i*7919), "price=199,90", "rules=Lunettes obligatoires, cheveux attachés.")
	}
	for i := range benchEvents {
		fields := []string{fmt.Sprintf("title=Atelier nº %d", i), fmt.Sprintf("start=2031-%02d-%02dT18:00", 1+i%12, 1+i%28), "duration=PT2H", "location=Grande salle", "capacity=40"}
		if i%10 == 0 {
			fields = append(fields, "repeat=FREQ=WEEKLY")
		}
		for j := range benchSignUps / benchEvents {
			fields = append(fields, fmt.Sprintf("sign-ups.Personne %d=yes", j))
		}
		add("event", fields...)
	}
	for i := range benchPages {
		add("page", fmt.Sprintf("title=Régler la machine nº %d", i), "template=good-practice", "language=fr",
			"body=# Régler\n\nFermer le capot, vérifier l'air, regarder la lentille du laser.\n\n- un\n- deux\n- trois\n\nPuis recommencer autant de fois qu'il le faut, sans se presser.\n")
	}
	for i := range 200 {
		add("proposal", fmt.Sprintf("title=Ouvrir le samedi nº %d", i), "body=Pour que tout le monde vienne.")
	}
	flush()
	return s
}
