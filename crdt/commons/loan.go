package commons

import (
	"time"

	"navette/crdt"
)

const (
	fieldLoanTool = 32
	fieldRenewals = 39
)

// loanKind is a tool that somebody took along: a loan is made when it goes out,
// renewed by another day to be back by, and holds when it came back.
var loanKind = &Kind{
	Name: "loan", Plural: "loans",
	Fields: shared("title",
		Field{ID: fieldLoanTool, Name: "tool", Type: RegisterType, Form: Reference, Of: "tool", Needed: true},
		Field{ID: 33, Name: "borrower", Type: RegisterType, Form: Who, Bound: Short, Needed: true},
		Field{ID: 34, Name: "out", Type: RegisterType, Form: Instant},
		Field{ID: 35, Name: "due", Type: RegisterType, Form: Date},
		Field{ID: 36, Name: "condition-out", Type: RegisterType, Form: Choice, Choices: conditions},
		Field{ID: 37, Name: "back", Type: RegisterType, Form: Instant},
		Field{ID: 38, Name: "condition-in", Type: RegisterType, Form: Choice, Choices: conditions},
		Field{ID: fieldRenewals, Name: "renewals", Type: ListType, Form: Date},
	),
}

// A LoanState says where what was lent is.
type LoanState string

// The states of a loan.
const (
	LoanOut  LoanState = "out"
	LoanLate LoanState = "late" // out, and the day to be back by is over
	LoanBack LoanState = "back"
)

// A Loan is how a loan stands on some day.
type Loan struct {
	Tool     crdt.ID // zero if it names none
	Borrower string  // see Who
	Due      string  // the last day, as in 2026-12-05; "" is none
	State    LoanState
}

// LoanOf returns how a loan stands on the day of now, in now's time zone.
func LoanOf(d *crdt.Doc, now time.Time) Loan {
	l := Loan{Borrower: Text(d, "borrower"), Due: day(Text(d, "due")), State: LoanOut}
	l.Tool, _ = reference(d, fieldLoanTool)
	for _, it := range d.List(fieldRenewals) {
		s, _ := it.Entries[0].Value.Text()
		l.Due = max(l.Due, day(s))
	}
	if l.Due != "" && now.Format(time.DateOnly) > l.Due {
		l.State = LoanLate
	}
	if _, err := time.Parse(time.RFC3339, Text(d, "back")); err == nil {
		l.State = LoanBack
	}
	return l
}

// day returns a date as it is, "" for what is none.
func day(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}
