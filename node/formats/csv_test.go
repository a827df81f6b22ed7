package formats

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"navette/crdt/commons"
)

func TestImportTools(t *testing.T) {
	files := folder(t, "testdata", "tables", "*.csv")
	var before []commons.Resource
	for _, f := range files {
		t.Run(f.Name, func(t *testing.T) {
			r := Read([]File{f}, Options{})
			if len(r.Problems) > 0 || len(r.Records) != 30 {
				t.Fatalf("%d records, problems %v", len(r.Records), r.Problems)
			}
			p := newPlace(t)
			if got := count(p.take(r.Records)); got[commons.New] != 30 {
				t.Fatalf("states = %v; want 30 new", got)
			}
			p.unchanged(r.Records, 0)
			views := p.views("tool")
			for field, want := range map[string]string{
				"name": "Découpeuse laser", "tag": "AT-001", "price": "2490", "bought": "2022-02-08", "loanable": "false",
				"condition": "good", "clearance": "Découpe laser", "custom.Quantité": "1", "location": "Salle laser",
			} {
				if got, _ := views[0].Get(field); fmt.Sprint(got.Value) != want {
					t.Errorf("%s = %v; want %s", field, got.Value, want)
				}
			}
			last := views[29]
			if got, _ := last.Get("serial"); got.Value != "; réf. 12-88" {
				t.Errorf("serial = %v", got.Value)
			}
			if got, _ := last.Get("notes"); got.Value != "Deux lignes :\nla seconde" {
				t.Errorf("notes = %q", got.Value)
			}
			if before == nil {
				before = views
			}
			for i := range views {
				if d := commons.Diff(before[i], views[i]); len(d) > 0 {
					t.Errorf("the encodings differ: %+v", d)
				}
			}
		})
	}
}

func TestEditedTable(t *testing.T) {
	f := folder(t, "testdata", "tables", "outils.utf8bom.csv")[0]
	p := newPlace(t)
	p.take(Read([]File{f}, Options{}).Records)
	f.Data = bytes.Replace(f.Data, []byte("2 490,00"), []byte("2 390,00"), 1)
	got := count(p.take(Read([]File{f}, Options{}).Records))
	if got[commons.Changed] != 1 || got[commons.Unchanged] != 29 {
		t.Errorf("states = %v; want 1 changed, 29 unchanged", got)
	}
}

// wide encodes ASCII and Latin-1 as spreadsheets save "Unicode text".
func wide(s string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

func TestReadCSV(t *testing.T) {
	tests := []struct {
		name, data string
		want       []string // FIELD=VALUE of the first record
	}{
		{"semicolons", "Nom;Prix\nScie;12,50\n", []string{"name=Scie", "price=12.5"}},
		{"commas", "Name,Price\n\"Saw, big\",\"1,299\"\n", []string{"name=Saw, big", "price=1299"}},
		{"decimal comma in a table of commas", "Name,Price\nSaw,\"12,50\"\n", []string{"name=Saw", "price=12.5"}},
		{"tabs", "Nom\tPrix\nScie\t1 299,00 €\n", []string{"name=Scie", "price=1299"}},
		{"UTF-16", wide("Nom\tÉtat\r\nScie\tBon\r\n"), []string{"name=Scie", "condition=good"}},
		{"Windows-1252", "Nom;\xc9tat\r\nScie \x96 \x9cuvre;\xc0 r\xe9viser\r\n", []string{"name=Scie – œuvre", "condition=to check"}},
		{"Excel's hint", "sep=,\nNom,Marque\nScie; grande,Bosch\n", []string{"name=Scie; grande", "brand=Bosch"}},
		{"lone CR", "Nom;Marque\rScie;Bosch\r", []string{"name=Scie", "brand=Bosch"}},
		{"no end", "Nom;Marque\nScie;Bosch", []string{"name=Scie", "brand=Bosch"}},
		{"day first", "Nom;Date d'achat\nScie;03/04/2021\nTour;25/12/2020\n", []string{"name=Scie", "bought=2021-04-03"}},
		{"month first", "Name,Purchase date\nSaw,03/04/2021\nLathe,12/25/2020\n", []string{"name=Saw", "bought=2021-03-04"}},
		{"ISO with time", "Name,Purchase date\nSaw,2021-04-03 00:00:00\n", []string{"name=Saw", "bought=2021-04-03"}},
		{"short years", "Nom;Date d'achat\nScie;3.4.98\n", []string{"name=Scie", "bought=1998-04-03"}},
		{"Snipe-IT", "Company,Name,Asset Tag,Category,Supplier,Manufacturer,Location,Order Number,Model,Model Notes,Model Number,Asset Notes,Purchase Date,Purchase Cost,Checkout Type\n" +
			"Fab,,S-1,Saws,,Bosch,Room 2,,PST 900,,,sharp,2021-04-03,\"1,079.50\",\n",
			[]string{"custom.Company=Fab", "tag=S-1", "category=Saws", "brand=Bosch", "location=Room 2", "model=PST 900", "notes=sharp", "bought=2021-04-03", "price=1079.5", "name=PST 900"}},
		{"Homebox", "HB.import_ref,HB.location,HB.labels,HB.asset_id,HB.archived,HB.name,HB.quantity,HB.description,HB.notes,HB.purchase_price,HB.manufacturer,HB.model_number,HB.serial_number,HB.field.Watt\n" +
			"x,Shelf,wood;saw,000-001,true,Saw,2,red,sharp,79,Bosch,PST,77,500\n",
			[]string{"location=Shelf", "tags=wood|saw", "tag=000-001", "condition=retired", "name=Saw", "custom.quantity=2", "description=red", "notes=sharp", "price=79", "brand=Bosch", "model=PST", "serial=77", "custom.Watt=500"}},
		{"the same heading twice", "Nom;Remarques;Remarque;X;X\nScie;a;b;c;d\n", []string{"name=Scie", "notes=a", "custom.Remarque=b", "custom.X=c", "custom.X 2=d"}},
		{"no heading", "Nom;\nScie;x\n", []string{"name=Scie", "custom.column 2=x"}},
		{"empty columns and rows", "Nom;Vide;;\n;;;\nScie;;;\n;;;\n", []string{"name=Scie"}},
		{"inches", "Nom;Marque\nÉcran 15\";B\n", []string{`name=Écran 15"`, "brand=B"}},
		{"formulas", "Nom;Marque\n'=1+1;'@x\n", []string{"name==1+1", "brand=@x"}},
		{"the fields' own names", "name,other-names,bookable,custom.Watt,log\nSaw,\"Jig; Sabre\",yes,5,x\n", []string{"name=Saw", "other-names=Jig|Sabre", "bookable=yes", "custom.Watt=5", "custom.log=x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ReadCSV(File{"t.csv", []byte(tt.data)}, "tool", nil)
			if err != nil || len(r.Problems) > 0 {
				t.Fatalf("ReadCSV: %v, problems %v", err, r.Problems)
			}
			if got := said(r.Records[0]); !slices.Equal(got, tt.want) {
				t.Errorf("first record %q; want %q", got, tt.want)
			}
			p := newPlace(t)
			if got := count(p.take(r.Records)); got[commons.Refused] > 0 {
				t.Errorf("states = %v", got)
			}
			p.unchanged(r.Records, 0)
		})
	}
}

func said(r commons.Record) (out []string) {
	for _, a := range r.Fields {
		name := a.Field
		if a.Key != "" {
			name += "." + a.Key
		}
		v := a.Text
		if a.Items != nil {
			var items []string
			for _, it := range a.Items {
				items = append(items, strings.TrimSpace(it))
			}
			v = strings.Join(items, "|")
		}
		out = append(out, name+"="+v)
	}
	return out
}

// One bad row is named and doesn't stop the others.
func TestBadRows(t *testing.T) {
	const head = "Nom;N° inventaire;Prix;Date d'achat;État;Empruntable\n"
	tests := []struct {
		name, row string
		code      string
		args      []string
	}{
		{"number", "A;1;cher;;;", CodeValue, []string{"Prix", "cher", "a number"}},
		{"date", "A;1;;31/02/2021;;", CodeValue, []string{"Date d'achat", "31/02/2021", "a date, as in 31/12/2026 or 2026-12-31"}},
		{"condition", "A;1;;;bizarre;", CodeValue, []string{"État", "bizarre", "one of: good, to check, broken, retired"}},
		{"yes or no", "A;1;;;;peut-être", CodeValue, []string{"Empruntable", "peut-être", "yes or no"}},
		{"no name", ";1;2;;;", CodeNoName, nil},
		{"too many cells", "A;1;2;;;oui;de trop", CodeCells, []string{"7", "6"}},
		{"text after a quote", `"A"x;1;;;;`, CodeQuote, nil},
		{"a quote that isn't closed", `"A;1;;;;`, CodeQuote, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := head + "\"deux\nlignes\";0;1;;;\n" + tt.row + "\nB;2;5,00;;;\n\nC;3;6;;;\n"
			r, err := ReadCSV(File{"t.csv", []byte(data)}, "tools", nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Problems) != 1 || r.Problems[0].Line != 4 || r.Problems[0].Code != tt.code || !slices.Equal(r.Problems[0].Args, tt.args) {
				t.Fatalf("problems = %+v; want one in line 4, %s %q", r.Problems, tt.code, tt.args)
			}
			if r.Problems[0].Unwrap() == nil || !strings.HasPrefix(r.Problems[0].Error(), "t.csv, line 4: ") {
				t.Errorf("the problem says %q", r.Problems[0].Error())
			}
			var lines []int
			for _, rec := range r.Records {
				lines = append(lines, rec.Line)
			}
			if !slices.Equal(lines, []int{2, 5, 7}) {
				t.Errorf("records of the lines %v; want 2, 5 and 7", lines)
			}
		})
	}
}

func TestTooLongForTheField(t *testing.T) {
	data := "Nom;Marque;Remarques\nA;" + strings.Repeat("x", 257) + ";\nB;Bosch;" + strings.Repeat("y", 50<<10) + "\n"
	r, err := ReadCSV(File{"t.csv", []byte(data)}, "tools", nil)
	if err != nil {
		t.Fatal(err)
	}
	plan := newPlace(t).take(r.Records)
	var fe *commons.FieldError
	if plan[0].State != commons.Refused || !errors.As(plan[0].Err, &fe) || fe.Field != "brand" || fe.Limit != 256 {
		t.Errorf("a brand of 257 bytes: %s, %v", plan[0].State, plan[0].Err)
	}
	if plan[1].State != commons.New || len(plan[1].Left) != 1 || !errors.As(plan[1].Left[0], &fe) || fe.Field != "notes" || fe.Line != 3 {
		t.Errorf("notes of 50 KiB: %s, left out %v; want the notes of line 3 left out", plan[1].State, plan[1].Left)
	}
}

func TestMapColumns(t *testing.T) {
	data := "Bidule;Truc;Machin\nScie;A1;4\n"
	if _, err := ReadCSV(File{"t.csv", []byte(data)}, "tool", nil); !errors.Is(err, ErrNoName) {
		t.Errorf("without a name: %v; want %v", err, ErrNoName)
	}
	r, err := ReadCSV(File{"t.csv", []byte(data)}, "tool", map[string]string{"name": "bidule", "tag": "Truc", "custom.Nombre": "Machin"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := said(r.Records[0]), []string{"name=Scie", "tag=A1", "custom.Nombre=4"}; !slices.Equal(got, want) {
		t.Errorf("record %q; want %q", got, want)
	}
	if want := []Column{{"t.csv", "Bidule", "name"}, {"t.csv", "Truc", "tag"}, {"t.csv", "Machin", "custom.Nombre"}}; !slices.Equal(r.Columns, want) {
		t.Errorf("columns = %+v; want %+v", r.Columns, want)
	}
	for _, tt := range []struct {
		columns map[string]string
		want    error
	}{
		{map[string]string{"name": "Chose"}, ErrColumn},
		{map[string]string{"colour": "Truc"}, commons.ErrField},
		{map[string]string{"name.x": "Truc"}, commons.ErrField},
	} {
		if _, err := ReadCSV(File{"t.csv", []byte(data)}, "tool", tt.columns); !errors.Is(err, tt.want) {
			t.Errorf("--map %v: %v; want %v", tt.columns, err, tt.want)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	for _, tt := range []struct {
		name string
		file File
		as   string
		want error
	}{
		{"empty", File{"a.csv", nil}, "", ErrEmpty},
		{"spaces", File{"a.csv", []byte("\n\n")}, "", ErrEmpty},
		{"headings alone", File{"a.csv", []byte("Nom;Prix\n")}, "", ErrEmpty},
		{"binary", File{"a.csv", []byte("PK\x03\x04\x00\x00x")}, "", ErrBinary},
		{"too large", File{"a.csv", make([]byte, MaxFile+1)}, "", ErrTooLarge},
		{"no ending", File{"a.xlsx", []byte("x")}, "", ErrFormat},
		{"no kind", File{"a.csv", []byte("Nom\nx\n")}, "spaceships", ErrFormat},
		{"headings that end nowhere", File{"a.csv", []byte("\"Nom;Prix\nx;1\n")}, "", errQuote},
		{"no calendar", File{"a.ics", nil}, "", ErrEmpty},
		{"an empty calendar", File{"a.ics", []byte("BEGIN:VCALENDAR\nEND:VCALENDAR\n")}, "", ErrEmpty},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Read([]File{tt.file, {"b.csv", []byte("Nom\nScie\n")}}, Options{As: tt.as})
			if i := slices.IndexFunc(r.Problems, func(p Problem) bool { return p.File == tt.file.Name }); i < 0 || !errors.Is(r.Problems[i].Err, tt.want) || r.Problems[i].Code != CodeFile {
				t.Errorf("problems = %v; want %v", r.Problems, tt.want)
			}
			if tt.as == "" && len(r.Records) != 1 {
				t.Errorf("%d records; want the other file's", len(r.Records))
			}
		})
	}
}

func TestPlacesAndPersons(t *testing.T) {
	p := newPlace(t)
	places := "Nom;Adresse;Lat;Lon;Courriel;OSM id\nLa Fabrique;1 rue des Forges;50,72;1,61;ici@example.org;node/1\n"
	persons := "Nom,Compétences,Langues,Courriel\nAnne,\"couture, vélo\",fr,anne@example.org\n"
	for kind, data := range map[string]string{"places": places, "persons": persons} {
		r := Read([]File{{"t.csv", []byte(data)}}, Options{As: kind})
		if plan := p.take(r.Records); len(r.Problems) > 0 || count(plan)[commons.New] != 1 {
			t.Fatalf("%s: %v, %v", kind, r.Problems, plan)
		}
		p.unchanged(r.Records, 0)
	}
	place, person := p.views("place")[0], p.views("person")[0]
	for field, want := range map[string]string{"latitude": "50.72", "longitude": "1.61", "contacts.email": "ici@example.org", "osm": "node/1"} {
		if got, _ := place.Get(field); fmt.Sprint(got.Value) != want {
			t.Errorf("%s = %v; want %s", field, got.Value, want)
		}
	}
	if got, _ := person.Get("skills"); fmt.Sprint(got.Value) != "[couture vélo]" {
		t.Errorf("skills = %v", got.Value)
	}
}

// What went out comes back unchanged, as French spreadsheets have it and plain.
func TestTableRoundTrip(t *testing.T) {
	p := newPlace(t)
	p.take(Read(folder(t, "testdata", "tables", "outils.utf8bom.csv"), Options{}).Records)
	tricky := "name,tag,price,tags,other-names,custom.Prix,custom.a=b,notes,bookable,visibility\n" +
		"=SUM(A1),'-1,1234.5,\"a; b\",\"x, y|z\",gratuit,c,\"  deux\nlignes \"\"ici\"\" | là\",yes,members\n"
	r := Read([]File{{"t.csv", []byte(tricky)}}, Options{})
	if got := count(p.take(r.Records)); got[commons.New] != 1 {
		t.Fatalf("states = %v, problems %v", got, r.Problems)
	}
	for _, french := range []bool{true, false} {
		var out bytes.Buffer
		if err := WriteCSV(&out, "tool", p.views("tool"), Table{French: french}); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if strings.Contains(text, "\n=") || strings.Contains(text, ";=") || strings.Contains(text, ",=") {
			t.Error("a cell would be computed")
		}
		if french && (!strings.HasPrefix(text, "\uFEFFNom;N° inventaire;") || !strings.Contains(text, ";2490;08/02/2022;") || !strings.Contains(text, "1234,5") || !strings.Contains(text, "\r\n")) {
			t.Errorf("a French spreadsheet wouldn't take\n%s", text)
		}
		r := Read([]File{{"out.csv", out.Bytes()}}, Options{})
		if len(r.Records) != 31 || len(r.Problems) > 0 {
			t.Fatalf("read back: %d records, %v", len(r.Records), r.Problems)
		}
		p.unchanged(r.Records, 0)
	}
}

func FuzzCSV(f *testing.F) {
	for _, x := range folder(f, "testdata", "tables", "*.csv") {
		f.Add(x.Data)
	}
	for _, s := range []string{"", "Nom;Prix\n\"a\"\"b\";1,5\n", "sep=|\nname|tag\nx|'=y\n", "name,\x00", "\xff\xfeN\x00", "Name,Price,HB.archived\n\"x\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := Read([]File{{"t.csv", data}}, Options{})
		p := newPlace(t)
		first := p.take(r.Records)
		p.unchanged(r.Records, count(first)[commons.Refused])
		var out bytes.Buffer
		if err := WriteCSV(&out, "tool", p.views("tool"), Table{French: true}); err != nil {
			t.Fatal(err)
		}
		if again := Read([]File{{"t.csv", out.Bytes()}}, Options{}); len(p.ids) > 0 && len(again.Records)+len(again.Problems) != len(p.ids) {
			t.Fatalf("%d tools are written as %d rows:\n%s", len(p.ids), len(again.Records), out.String())
		}
	})
}
