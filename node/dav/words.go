package dav

import (
	"net/http"
	"strings"
)

// words are what people may read of this package: in the answer to a request
// that their program shows them, or in a calendar.
type words struct {
	busy     string
	password string
	nothing  string
	readOnly string
	foreign  string
	noCreate string
	oneEvent string
	badLine  string // %d: the line, %s: what stands there
	badEvent string
	removed  string
}

var french = words{
	busy:     "Occupé",
	password: "Un mot de passe d'application est demandé : il se crée dans Navette, « Agenda », « S'abonner ».",
	nothing:  "Il n'y a rien à cette adresse.",
	readOnly: "Ce calendrier se lit seulement.",
	foreign:  "Cet événement est privé : seule la personne qui l'a créé peut le changer.",
	noCreate: "Les calendriers sont ceux des lieux : on n'en crée pas d'autres ici.",
	oneEvent: "Un seul événement à la fois, avec ses occurrences.",
	badLine:  "La ligne %d ne peut pas être lue : %s",
	badEvent: "Cet événement n'a pas de début qu'on puisse lire.",
	removed:  "Cet événement a été retiré.",
}

var english = words{
	busy:     "Busy",
	password: "An app password is needed: make one in Navette, \"Agenda\", \"Subscribe\".",
	nothing:  "There is nothing at this address.",
	readOnly: "This calendar can only be read.",
	foreign:  "This event is private: only the person who made it can change it.",
	noCreate: "Calendars are those of the places: no others are made here.",
	oneEvent: "One event at a time, with its instances.",
	badLine:  "Line %d can't be read: %s",
	badEvent: "This event has no start that can be read.",
	removed:  "This event was taken away.",
}

// wordsFor goes by what the program says its owner reads; French if it says
// nothing.
func wordsFor(r *http.Request) words {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch language, _, _ := strings.Cut(strings.ToLower(tag), "-"); language {
		case "fr":
			return french
		case "en":
			return english
		}
	}
	return french
}
