package commons

import (
	"slices"
	"strings"
	"testing"
)

func TestDiffLines(t *testing.T) {
	long := strings.Repeat("même\n", 10)
	tests := []struct {
		name, was, is string
		want          []string
	}{
		{"equal and short", "a\n", "a\n", []string{" …"}},
		{"one line changed", "a\nb\nc\n", "a\nB\nc\n", []string{" a", "-b", "+B", " c"}},
		{"nothing before", "", "a\nb\n", []string{"+a", "+b"}},
		{"all gone", "a\n", "", []string{"-a"}},
		{"far apart", long + "x\n" + long + "y\n", long + "X\n" + long + "Y\n", []string{
			" …", " même", " même", " même", "-x", "+X", " même", " même", " même", " …", " même", " même", " même", "-y", "+Y"}},
	}
	for _, tt := range tests {
		if got := DiffLines(tt.was, tt.is); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
