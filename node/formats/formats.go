// Package formats reads and writes the files that people already have: tables
// as spreadsheets write them (CSV), calendars (iCalendar, RFC 5545) and folders
// of Markdown pages with front matter.
//
// [Read] makes records of files, which [navette/crdt/commons.Plan] compares
// with what is there; a record that can't be taken is named by file and line
// with a code and its arguments, so that it can be said in any language, and
// doesn't stop the others. [WriteCSV], [WriteICS] and [WritePage] write what
// Read reads: what went out comes back unchanged.
//
// Functions are pure over bytes. The package neither opens files nor commits
// anything, and it doesn't know who may see what it writes.
package formats

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"navette/crdt/commons"
)

// MaxFile is the most bytes that a file may have.
const MaxFile = 32 << 20

// Why a file as a whole can't be read.
var (
	ErrTooLarge = errors.New("formats: the file is too large")
	ErrFormat   = errors.New("formats: not a format that can be read")
	ErrEmpty    = errors.New("formats: nothing in the file")
	ErrBinary   = errors.New("formats: not a text file")
	ErrColumn   = errors.New("formats: no such column")
	ErrNoName   = errors.New("formats: no column says what things are called")
)

// A File is a file to read, with the path it has in the folder that is
// imported, "/" between its parts.
type File struct {
	Name string
	Data []byte
}

// Options say how to read files. The zero Options go by the files' names.
type Options struct {
	// As is the kind that a table has, or the format: "tools", "places",
	// "events", "pages". Default: by the name's ending; of a table, tools.
	As string
	// Map says which column of a table a field is in: field to heading.
	Map map[string]string
}

// A Result is what was read.
type Result struct {
	Records  []commons.Record
	Problems []Problem
	Columns  []Column // of tables: how each column was understood
}

// A Column of a table and the field it goes to; Field is "" if it is left out,
// for it is empty.
type Column struct {
	File, Heading, Field string
}

// A Problem is something that was left out, and why.
type Problem struct {
	File string
	Line int    // from 1; 0 is the file as a whole
	Code string // one of the Code constants
	Args []string
	Err  error // the reason, for a programmer
}

// The codes of problems, with what their arguments are.
const (
	CodeFile     = "file"      // the file as a whole can't be read; the reason
	CodeQuote    = "quote"     // a quote isn't closed, or text follows one; -
	CodeCells    = "cells"     // more cells than columns; how many, how many columns
	CodeNoName   = "no_name"   // nothing in the name's column; -
	CodeValue    = "value"     // not a value of the column's type; column, value, what is wanted
	CodeLine     = "line"      // a line of a calendar that can't be read; its text
	CodeUnclosed = "unclosed"  // a part of a calendar that isn't closed; its name
	CodeNotEvent = "not_event" // a part of a calendar that is no event; its name
	CodeStart    = "start"     // an event without a readable start; the event, the start
	CodeRepeat   = "repeat"    // the same event again, older; the event
)

// Error says where, what and why.
func (p *Problem) Error() string {
	where := p.File
	if p.Line > 0 {
		where = strings.TrimPrefix(fmt.Sprintf("%s, line %d", p.File, p.Line), ", ")
	}
	return fmt.Sprintf("%s: %s %q: %v", where, p.Code, p.Args, p.Err)
}

// Unwrap returns the reason.
func (p *Problem) Unwrap() error { return p.Err }

// Read reads files. A file that can't be read is a problem like any other.
func Read(files []File, o Options) Result {
	var out Result
	var pages []File
	for _, f := range files {
		format, kind := o.format(f.Name)
		var r Result
		var err error
		switch format {
		case "csv":
			r, err = ReadCSV(f, kind, o.Map)
		case "ics":
			r, err = ReadICS(f)
		case "md":
			pages = append(pages, f)
		default:
			err = ErrFormat
		}
		if err != nil {
			r.Problems = append(r.Problems, Problem{File: f.Name, Code: CodeFile, Args: []string{err.Error()}, Err: err})
		}
		out.add(r)
	}
	out.add(ReadPages(pages))
	return out
}

func (r *Result) add(s Result) {
	r.Records = append(r.Records, s.Records...)
	r.Problems = append(r.Problems, s.Problems...)
	r.Columns = append(r.Columns, s.Columns...)
}

// format returns the format of a file and the kind of what is in it.
func (o Options) format(name string) (format, kind string) {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv", ".tsv", ".txt":
		format = "csv"
	case ".ics", ".ical", ".ifb", ".icalendar":
		format = "ics"
	case ".md", ".markdown", ".mdown":
		format = "md"
	}
	kind = "tool"
	switch as := strings.ToLower(o.As); as {
	case "":
		return format, kind
	case "csv", "ics", "md":
		return as, kind
	}
	k, known := commons.Lookup(o.As)
	switch {
	case known && format == "":
		format = map[string]string{"event": "ics", "page": "md"}[k.Name]
		if format == "" {
			format = "csv"
		}
	case !known:
		return "", o.As
	}
	return format, k.Name
}
