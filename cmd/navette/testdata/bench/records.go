package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
)

// A record is one line of the workload.
type record struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Category    string   `json:"category"`
	Place       string   `json:"place"`
	Description string   `json:"description"`
	Quantity    int      `json:"quantity"`
	Status      string   `json:"status"`
	Tags        []string `json:"tags"`
	Owner       string   `json:"owner"`
	Rev         string   `json:"rev"`
}

// asCSV returns the first n records of a file as the table that people would
// import: tools, with what has no field of its own in custom ones.
func asCSV(file string, n int) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"tag", "name", "category", "location", "description", "quantity", "availability", "tags", "owner", "rev"}}
	d := json.NewDecoder(bufio.NewReader(f))
	for range n {
		var r record
		if err := d.Decode(&r); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		rows = append(rows, []string{r.ID, r.Name, r.Category, r.Place, r.Description, fmt.Sprint(r.Quantity), r.Status, strings.Join(r.Tags, ","), r.Owner, r.Rev})
	}
	err = w.WriteAll(rows)
	return out.Bytes(), err
}

// What an inventory is made of.
var (
	things   = strings.Split("Perceuse à colonne,Scie sauteuse,Fer à souder,Imprimante 3D,Machine à coudre,Multimètre,Ponceuse orbitale,Tour à bois,Serre-joint,Poste à souder,Vidéoprojecteur,Étau", ",")
	makers   = strings.Split("Bosch,Makita,Dremel,Prusa,Brother,Fluke,Metabo,Facom,Ryobi", ",")
	sorts    = strings.Split("bois,métal,électronique,impression 3D,couture,jardin,vélo,mesure", ",")
	rooms    = strings.Split("Atelier principal,Réserve,Mezzanine,Garage,Salle numérique,Local vélo", ",")
	states   = strings.Split("disponible,emprunté,en réparation,réservé,hors service", ",")
	labels   = strings.Split("bruit,EPI obligatoire,formation requise,prêt,fragile,batterie,lourd,débutant,don,neuf", ",")
	people   = strings.Split("Amina,Benoît,Chloé,Driss,Élodie,Farid,Hugo,Inès,Nour,Thaïs", ",")
	syllable = strings.Split("la,re,ti,mon,sou,de,pi,tou,bre,cha,li,né,par,eur,age,ment,vi,co", ",")
)

// writeRecords makes n records up, the same for the same n: 300 to 400 bytes
// of JSON each.
func writeRecords(w io.Writer, n int) (ids []string, err error) {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	words := make([]string, 2000)
	for i := range words {
		for range 1 + r.IntN(3) {
			words[i] += pick(syllable)
		}
	}
	enc := json.NewEncoder(w)
	for i := range n {
		x := record{
			ID: fmt.Sprintf("%012x", uint64(i)<<24|uint64(r.IntN(1<<24))), Name: fmt.Sprint(pick(things), " ", pick(makers), " ", r.IntN(10000)),
			Category: pick(sorts), Place: pick(rooms), Quantity: r.IntN(25), Status: pick(states), Owner: pick(people), Rev: "0",
		}
		for len(x.Description) < 120 {
			// Few words are frequent, as in any language.
			x.Description += words[int(float64(len(words))*r.Float64()*r.Float64()*r.Float64())] + " "
		}
		x.Description = strings.TrimSpace(x.Description)
		for _, j := range r.Perm(len(labels))[:1+r.IntN(4)] {
			x.Tags = append(x.Tags, labels[j])
		}
		ids = append(ids, x.ID)
		if err := enc.Encode(x); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
