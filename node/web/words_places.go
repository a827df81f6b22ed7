package web

// placeWords are those of the places and their map.
var placeWords = map[string][2]string{
	"places.title":    {"Lieux", "Places"},
	"places.add":      {"Ajouter un lieu", "Add a place"},
	"places.none":     {"Pas encore de lieux.", "No places yet."},
	"places.here":     {"ici", "here"},
	"places.position": {"position", "position"},
	"map.title":       {"Où sont les lieux ; la liste dit la même chose", "Where the places are; the list says the same"},
	"map.hint":        {"Le nord est en haut. Les numéros sont ceux de la liste.", "North is at the top. The numbers are those of the list."},
	"map.km":          {"km", "km"},
}
