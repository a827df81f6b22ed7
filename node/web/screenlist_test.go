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
	{"home-steward", at("/"), aSteward},
	{"exchanges", at("/exchanges"), aVisitor},
	{"exchanges-member", at("/exchanges"), aMember},
	{"people", at("/people"), aMember},
	{"people-steward", at("/people"), aSteward},
	{"devices", at("/devices"), aSteward},
	{"invite", at("/invite"), aSteward},
	{"health", at("/health-check"), aSteward},
	{"versions", at("/versions"), aMember},
	{"inventory", at("/share"), aVisitor},
	{"inventory-member", at("/share"), aMember},
}
