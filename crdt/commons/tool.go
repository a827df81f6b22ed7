package commons

// toolKind is something to work with, that people use where it stands or
// borrow. The tag is the inventory number on it.
var toolKind = &Kind{
	Name: "tool", Plural: "tools",
	Fields: shared("name",
		Field{ID: 32, Name: "tag", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: 33, Name: "other-names", Type: SetType, Form: Words, Bound: Short},
		Field{ID: 34, Name: "category", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: 35, Name: "brand", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: 36, Name: "model", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: 37, Name: "serial", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: 38, Name: "location", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: 39, Name: "condition", Type: RegisterType, Form: Choice, Choices: conditions},
		Field{ID: 40, Name: "bookable", Type: RegisterType, Form: Flag},
		Field{ID: 41, Name: "loanable", Type: RegisterType, Form: Flag},
		Field{ID: 42, Name: "rules", Type: RegisterType, Form: Words, Bound: Long},
		Field{ID: 43, Name: "clearance", Type: RegisterType, Form: Words, Bound: Short},
		Field{ID: 44, Name: "manual", Type: RegisterType, Form: Link, Bound: Short},
		Field{ID: 45, Name: "photos", Type: SetType, Form: Link, Bound: Short},
		Field{ID: 46, Name: "price", Type: RegisterType, Form: Number, Bound: Short},
		Field{ID: 47, Name: "bought", Aliases: []string{"bought-on"}, Type: RegisterType, Form: Date},
		Field{ID: 48, Name: "log", Aliases: []string{"maintenance-log"}, Type: ListType, Form: Words, Bound: Long},
		Field{ID: 49, Name: "notes", Type: RegisterType, Form: Words, Bound: Long},
	),
}

// conditions are what a tool may be in.
var conditions = []string{"good", "to check", "broken", "retired"}
