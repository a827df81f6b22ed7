package commons

// placeKind is where people meet: a fablab, a community centre, a village hall.
var placeKind = &Kind{
	Name: "place", Plural: "places",
	Fields: bound(Name, shared("name",
		Field{ID: 32, Name: "type", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: 33, Name: "address", Type: RegisterType, Form: Words, Bound: Long},
		Field{ID: 34, Name: "latitude", Aliases: []string{"lat"}, Type: RegisterType, Form: Latitude, Bound: Short},
		Field{ID: 35, Name: "longitude", Aliases: []string{"lon"}, Type: RegisterType, Form: Longitude, Bound: Short},
		Field{ID: 36, Name: "osm", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: 37, Name: "hours", Aliases: []string{"opening-hours"}, Type: RegisterType, Form: Words, Bound: Long},
		Field{ID: 38, Name: "contacts", Aliases: []string{"contact"}, Type: MapType, Form: Words, Bound: Short},
		Field{ID: 39, Name: "shares", Type: RegisterType, Form: Words, Bound: Long},
		Field{ID: 40, Name: "zone", Aliases: []string{"time-zone"}, Type: RegisterType, Form: Words, Bound: Short},
	)),
}

// bound gives the title another bound.
func bound(b Bound, fields []Field) []Field {
	fields[0].Bound = b
	return fields
}
