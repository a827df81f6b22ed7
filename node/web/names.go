package web

import "navette/crdt/oplog"

// by says who did something, and where: "Ana, La Fabrique". For whom they did
// it is named too.
func (v *visit) by(w oplog.Writer, onBehalf *oplog.Key) string {
	person, place := v.commons.PersonName(w.Person), v.commons.PlaceName(w.Device)
	if person == "" {
		person = v.say.text("by.somebody")
	}
	if onBehalf != nil {
		if name := v.commons.PersonName(*onBehalf); name != "" {
			person = v.say.text("by.for", person, name)
		}
	}
	if place == "" {
		return person
	}
	return person + ", " + place
}
