package commons

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"navette/crdt"
)

// A Seat is what somebody who signed up for an event has: a seat, or a number
// on the waiting list.
type Seat struct {
	Who     string // the 32 digits of a person's id, or a name
	Waiting int    // from 1; 0 has a seat
	Origin         // of the sign-up
}

// Seats returns who signed up for an event, or for one instance of one that
// repeats (its ical key, as in 20261205T190000/Europe/Paris), in the order that
// settles who has a seat: see KINDS.md. It is a function of the document alone.
func Seats(d *crdt.Doc, instance string) []Seat {
	return settle(Capacity(d), d.Map(fieldSignUps), instance)
}

// settle gives the seats of an instance out; a negative capacity is one for
// everybody.
func settle(capacity int, signUps []crdt.MapEntry, instance string) []Seat {
	type claim struct {
		who   string
		first crdt.Entry
	}
	var claims []claim
	for _, m := range signUps {
		key, _ := m.Key.Text()
		who, at := splitSignUp(key)
		if at != instance || who == "" {
			continue
		}
		if yes := slices.DeleteFunc(slices.Clone(m.Entries), func(e crdt.Entry) bool { return !isYes(e) }); len(yes) > 0 {
			claims = append(claims, claim{who, slices.MinFunc(yes, earlier)})
		}
	}
	slices.SortFunc(claims, func(a, b claim) int { return earlier(a.first, b.first) })
	out := make([]Seat, len(claims))
	for i, c := range claims {
		out[i] = Seat{Who: c.who, Origin: origin(c.first.Dot.Change, c.first.Stamp)}
		if capacity >= 0 && i >= capacity {
			out[i].Waiting = i - capacity + 1
		}
	}
	return out
}

func isYes(e crdt.Entry) bool {
	yes, _ := e.Value.Bool()
	return yes
}

// earlier orders entries by (lamport, change, index), which nobody's clock
// decides.
func earlier(a, b crdt.Entry) int {
	return cmp.Or(cmp.Compare(a.Stamp.Lamport, b.Stamp.Lamport), a.Dot.Compare(b.Dot))
}

// Capacity returns how many seats an event has, each time; -1 if it doesn't say.
func Capacity(d *crdt.Doc) int {
	n, err := strconv.Atoi(Text(d, "capacity"))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// SignUp signs somebody up for an event, or for one instance of it. No edits
// mean that they are. who is as in Seat; a name is brought into its form.
func SignUp(d *crdt.Doc, who, instance string) ([][]crdt.Edit, error) {
	w, key, err := signUp(d, who, instance)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(d.MapEntry(fieldSignUps, key), isYes) {
		w.putEntry("sign-ups", fieldSignUps, key, crdt.Bool(true))
	}
	return w.changes(), nil
}

// CancelSignUp takes it back: whoever waits moves up.
func CancelSignUp(d *crdt.Doc, who, instance string) ([][]crdt.Edit, error) {
	w, key, err := signUp(d, who, instance)
	if err != nil {
		return nil, err
	}
	w.drop("sign-ups", fieldSignUps, key)
	return w.changes(), nil
}

func signUp(d *crdt.Doc, who, instance string) (*writer, crdt.Value, error) {
	w, err := of(d, eventKind)
	if err != nil {
		return nil, nil, err
	}
	f, _ := eventKind.field(fieldSignUps)
	if f.Form = Who; len(instance) > Short.Bytes {
		return nil, nil, &FieldError{Kind: "event", Field: f.Name, Text: clip(instance), Want: wants[Time], Err: ErrValue}
	}
	v, err := f.value("event", who, Env{})
	if err != nil {
		return nil, nil, err
	}
	key, _ := v.Text()
	if instance != "" {
		key += "@" + instance
	}
	if named, at := splitSignUp(key); at != instance || named+instance == "" {
		return nil, nil, &FieldError{Kind: "event", Field: f.Name, Text: clip(key), Want: wants[Who], Err: ErrValue}
	}
	return w, crdt.Text(key), nil
}

// splitSignUp takes a key of the sign-ups apart.
func splitSignUp(key string) (who, instance string) {
	i := strings.LastIndexByte(key, '@')
	if i < 0 || len(key) < i+9 || strings.Trim(key[i+1:i+9], "0123456789") != "" {
		return key, ""
	}
	return key[:i], key[i+1:]
}

// SignedUp counts the sign-ups for an event, by instance; "" is the event
// itself. It costs less than Seats of each.
func SignedUp(d *crdt.Doc) map[string]int {
	out := make(map[string]int)
	for _, m := range d.Map(fieldSignUps) {
		key, _ := m.Key.Text()
		if who, at := splitSignUp(key); who != "" && slices.ContainsFunc(m.Entries, isYes) {
			out[at]++
		}
	}
	return out
}
