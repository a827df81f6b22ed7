package markdown

import "strings"

// Bounds of what is taken for Markdown. Far beyond what people write, the
// parser's work grows with the square of it.
const (
	maxMarks = 5000 // brackets and marks of emphasis without an empty line between
	maxDepth = 400  // spaces and marks of quotations, before anything else in a line
)

// wild tells whether a text would keep the parser busy for too long. It is
// shown as it stands, then.
func wild(source string) bool {
	marks := 0
	for line := range strings.Lines(source) {
		if strings.TrimSpace(line) == "" {
			marks = 0
			continue
		}
		depth := 0
		for i, r := range line {
			switch r {
			case '[', '*', '_', '~':
				marks++
			}
			if depth == i && strings.ContainsRune(" \t>-+*.)0123456789", r) {
				depth++
			}
		}
		if marks > maxMarks || strings.Count(line[:depth], " ")+strings.Count(line[:depth], ">") > maxDepth {
			return true
		}
	}
	return false
}
