package text_test

import (
	"fmt"

	"navette/crdt/text"
)

// A browser typed while others did: it sends what it typed with the version that
// it typed it in, and gets back what it lacks.
func ExampleText_Rebase() {
	name := func(log, change byte) text.Name {
		return text.Name{Log: [16]byte{log}, Change: [32]byte{change}}
	}
	anything := func(text.Name) bool { return true }
	page := text.New(nil)
	must(page.Apply(name(1, 1), 1, anything, []text.Splice{{Ins: "Coffee at three."}}, false))

	inBrowser, version := page.String(), page.Heads()
	must(page.Apply(name(2, 2), 2, anything, []text.Splice{{Pos: 0, Del: 6, Ins: "Tea"}}, false))

	typed := []text.Splice{{Pos: 15, Ins: " o'clock"}}
	now, rest, err := page.Rebase(version, typed)
	must(err)
	raw, err := page.ToRaw(now)
	must(err)
	must(page.Apply(name(1, 3), 3, anything, raw, false))

	fmt.Printf("%q and what was typed, and %v, is\n%q\n", inBrowser, rest, page)
	// Output:
	// "Coffee at three." and what was typed, and [{0 6 Tea false}], is
	// "Tea at three o'clock."
}
