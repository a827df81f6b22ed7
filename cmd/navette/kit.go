package main

import (
	"bufio"
	"context"
	"fmt"
	"html/template"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"navette/node/api"
	"navette/node/durable"
	"navette/node/qr"
)

// kit shows the recovery kit, makes a page of it to print, takes it off this
// machine, or puts it back.
func kit(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 && args[0] == "restore" {
		return restoreKit(ctx, e, args[1:])
	}
	f := flags("kit")
	forget, page := f.Bool("delete", false, ""), f.String("page", "", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var k api.Kit
		if err := c.Get(ctx, "/v1/kit", nil, &k); err != nil {
			return err
		}
		if *page != "" {
			if err := e.kitPage(k, *page); err != nil {
				return &failure{code: exitFailed, key: "error.file", args: []any{*page, cause(err)}, cause: err}
			}
			e.say.problem(e, "kit.page", *page)
		} else if !*forget || !e.canAsk() {
			if err := e.show(k, func() { e.kit(k) }); err != nil {
				return err
			}
		}
		if !*forget {
			if !e.json {
				e.say.line(e, "kit.keep", e.self())
			}
			return nil
		}
		if !e.confirmed(k.Words) {
			return &failure{code: exitFailed, key: "error.kit_unconfirmed"}
		}
		if err := c.Send(ctx, http.MethodDelete, "/v1/kit", nil, nil); err != nil {
			return err
		}
		if !e.json {
			e.say.line(e, "kit.deleted")
		}
		return nil
	})
}

func (e *env) kit(k api.Kit) {
	e.say.line(e, "kit.head", k.Name)
	for i, w := range k.Words {
		e.printf("  %2d. %-12s", i+1, w)
		if i%4 == 3 || i == len(k.Words)-1 {
			e.printf("\n")
		}
	}
}

// canAsk tells whether somebody sits at a terminal.
func (e *env) canAsk() bool {
	f, ok := e.stdin.(*os.File)
	return ok && !e.json && term.IsTerminal(int(f.Fd()))
}

// confirmed asks for two of the words, as they stand on the paper. Where nobody
// can be asked, the command itself is the confirmation.
func (e *env) confirmed(words []string) bool {
	if !e.canAsk() {
		return true
	}
	in := bufio.NewReader(e.stdin)
	for _, i := range rand.Perm(len(words))[:2] {
		e.printf("%s ", e.say.text("kit.ask", i+1))
		said, err := in.ReadString('\n')
		if err != nil || !strings.EqualFold(strings.TrimSpace(said), words[i]) {
			return false
		}
	}
	return true
}

// restoreKit reads the words from standard input.
func restoreKit(ctx context.Context, e *env, args []string) error {
	if _, err := parse(flags("kit"), args, 0, 0); err != nil {
		return err
	}
	if e.canAsk() {
		e.say.line(e, "kit.type")
	}
	words, err := readWords(e.stdin)
	if err != nil {
		return fmt.Errorf("read the words: %w", err)
	}
	return e.with(ctx, offline, func(c *api.Client) error {
		var k api.Kit
		if err := c.Send(ctx, http.MethodPut, "/v1/kit", api.Kit{Words: words}, &k); err != nil {
			return err
		}
		return e.show(k, func() { e.say.line(e, "kit.restored", k.Name, e.self()) })
	})
}

// kitWords is how many words a kit has.
const kitWords = 24

// readWords reads as many words as a kit has, or all there are; numbers that
// stand before them, as on paper, are passed over.
func readWords(r io.Reader) (words []string, err error) {
	s := bufio.NewScanner(io.LimitReader(r, 4<<10))
	s.Split(bufio.ScanWords)
	for len(words) < kitWords && s.Scan() {
		if w := strings.TrimLeft(s.Text(), "0123456789.)"); w != "" {
			words = append(words, w)
		}
	}
	return words, s.Err()
}

// kitPage writes the kit as a page of HTML that a browser prints: the words,
// and a code of them.
func (e *env) kitPage(k api.Kit, path string) error {
	code, err := qr.Of(strings.Join(k.Words, " "))
	if err != nil {
		return err
	}
	var rows [][]string // numbered, down the columns
	for i := range kitWords / 3 {
		var row []string
		for c := i; c < len(k.Words); c += kitWords / 3 {
			row = append(row, fmt.Sprintf("%d. %s", c+1, k.Words[c]))
		}
		rows = append(rows, row)
	}
	return durable.Write(path, func(w io.Writer) error {
		return kitTemplate.Execute(w, map[string]any{
			"Lang": [...]string{"fr", "en"}[e.say.lang], "Title": e.say.text("kit.title", k.Name),
			"Lines": slices.Collect(strings.SplitSeq(e.say.text("kit.advice", e.self()), "\n")),
			"Rows":  rows, "Code": template.HTML(code.SVG(e.say.text("kit.title", k.Name))), "Commons": k.Commons,
		})
	})
}

// kitTemplate needs nothing from anywhere: the page is printed offline.
var kitTemplate = template.Must(template.New("kit").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<style>
body { font: 12pt/1.5 sans-serif; max-width: 17cm; margin: 2cm auto; color: #000; background: #fff }
table { border-collapse: collapse; width: 100%; font: 14pt/1.8 monospace }
td { border: 1px solid #999; padding: 0 .5em }
svg { width: 6cm; height: 6cm; margin: 1em 0 }
small { color: #444; overflow-wrap: anywhere }
</style>
<h1>{{.Title}}</h1>
{{range .Lines}}<p>{{.}}</p>
{{end}}<table>
{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</table>
{{.Code}}
<p><small>{{.Commons}}</small></p>
</html>
`))
