package commons

// personKind is an entry of the directory, which people have only if they want
// one. What a person may do stands in no field of it.
var personKind = &Kind{
	Name: "person", Plural: "persons",
	Fields: bound(Name, shared("name",
		Field{ID: 32, Name: "skills", Type: SetType, Form: Words, Bound: Short},
		Field{ID: 33, Name: "contact", Aliases: []string{"contacts"}, Type: MapType, Form: Words, Bound: Short},
		Field{ID: 34, Name: "languages", Type: SetType, Form: Words, Bound: Short},
		Field{ID: 35, Name: "consent", Type: RegisterType, Form: Date}, // since when the person agrees to be listed
	)),
}
