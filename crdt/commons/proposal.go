package commons

import "navette/crdt"

const (
	fieldProposalBody = 34
	fieldSupports     = 35
)

// The states of a proposal that its fields leave open.
const (
	DefaultProposalType  = "idea"
	DefaultProposalState = "published"
)

// proposalKind is an idea, a proposal or a petition: what somebody wants to be
// done, who supports it, and what became of it. Comments are notes about it.
var proposalKind = &Kind{
	Name: "proposal", Plural: "proposals",
	Fields: needTitle(shared("title",
		Field{ID: 32, Name: "type", Type: RegisterType, Form: Choice, Choices: []string{"idea", "proposal", "petition"}},
		Field{ID: 33, Name: "state", Type: RegisterType, Form: Choice, Choices: []string{"draft", "published", "in evaluation", "accepted", "rejected", "withdrawn"}},
		Field{ID: fieldProposalBody, Name: "body", Type: TextType, Form: Words, Bound: Whole},
		Field{ID: fieldSupports, Name: "supports", Type: SetType, Form: Reference, Of: "person"},
		Field{ID: 36, Name: "answer", Type: RegisterType, Form: Words, Bound: Long},
		Field{ID: 37, Name: "threshold", Type: RegisterType, Form: Integer, Bound: Short},
		Field{ID: 38, Name: "deadline", Type: RegisterType, Form: Date},
	)),
}

func needTitle(fields []Field) []Field {
	fields[0].Needed = true
	return fields
}

// Support adds a person to those who support a proposal, or takes them out.
// No edits mean that it is so already.
func Support(d *crdt.Doc, person crdt.ID, yes bool) ([][]crdt.Edit, error) {
	w, err := of(d, proposalKind)
	if err != nil {
		return nil, err
	}
	f, _ := proposalKind.field(fieldSupports)
	how := Include
	if !yes {
		how = Exclude
	}
	w.setTo(f, how, []crdt.Value{crdt.Bytes(person[:])})
	return w.changes(), nil
}

// Supports returns who supports a proposal, each once, sorted by id.
func Supports(d *crdt.Doc) []crdt.ID {
	var out []crdt.ID
	for _, v := range d.Set(fieldSupports) {
		if b, ok := v.Bytes(); ok && len(b) == len(crdt.ID{}) {
			out = append(out, crdt.ID(b))
		}
	}
	return out
}

// of returns a writer for a resource of that kind that is there.
func of(d *crdt.Doc, k *Kind) (*writer, error) {
	w, err := known(d, Env{})
	if err == nil && w.kind != k {
		err = ErrKind
	}
	return w, err
}
