//go:build chromium

package web

// screens are looked at by TestScreens. A new screen gets a line here.
var screens = []screen{
	{"home", at("/"), aVisitor},
	{"home-member", at("/"), aMember},
	{"login", at("/login"), aVisitor},
	{"code", at("/code"), aVisitor},
	{"join", at("/join"), aVisitor},
	{"me", at("/me"), aMember},
	{"help", at("/help"), aMember},
	{"nothing", at("/nowhere"), aVisitor},
	{"inventory", at("/share"), aVisitor},
	{"inventory-member", at("/share"), aMember},
}
