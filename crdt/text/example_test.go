package text_test

import (
	"fmt"

	"navette/crdt/text"
)

// Two people edit one page apart, then exchange what they did.
func Example() {
	name := func(log, change byte) text.Name {
		return text.Name{Log: [16]byte{log}, Change: [32]byte{change}}
	}
	anything := func(text.Name) bool { return true }
	onlyTheFirst := func(n text.Name) bool { return n == name(1, 1) }

	page := text.New(nil)
	must(page.Apply(name(1, 1), 1, anything, []text.Splice{{Ins: "The laser is free."}}, false))
	// Both had seen only the first event when they wrote.
	must(page.Apply(name(1, 2), 2, onlyTheFirst, []text.Splice{{Pos: 13, Del: 4, Ins: "broken"}}, false))
	must(page.Apply(name(2, 3), 2, onlyTheFirst, []text.Splice{{Pos: 3, Ins: " big"}}, false))
	fmt.Println(page)
	for n, passage := range page.Spans() {
		fmt.Printf("%d: %q\n", n.Log[0], passage)
	}
	// Output:
	// The big laser is broken.
	// 1: "The"
	// 2: " big"
	// 1: " laser is "
	// 1: "broken"
	// 1: "."
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
