// Package web is what people see in a browser: the pages of a place, rendered
// here, from a node.
//
//	s, err := web.New(n, web.Options{})
//	err = s.Serve(ctx, listener, nil) // plain HTTP, loopback or the place's Wi-Fi
//
// # A screen
//
// A screen is a line in a table of routes, a function, a template, and words:
//
//	var homeRoutes = []route{
//		{"GET", "/", anybody, everywhere, (*visit).home},
//	}
//
//	func (v *visit) home() error {
//		return v.render("home", homePage{…})
//	}
//
// The table is named in allRoutes (routes.go). The template is
// templates/home.html; it defines "title" and "main", sees its data as .Data
// and everything around it (see frame) as $, and says nothing itself: {{t
// "home.title"}} is the text of a key in the reader's language. The words
// stand in words.go and the files beside it, in French and English; a test
// looks for keys that are missing or used nowhere, and for text that a
// template says without a key.
//
// What changes things is a form that POSTs. It contains {{token $}}, and its
// handler ends in v.done, which goes on to another page and says there what
// was done. An error that a handler returns is shown in plain words, with what
// the person had typed, so that nothing is lost.
//
// All works without JavaScript. Elements with an id and the attribute
// data-live are brought up to date by static/live.js when another place
// changes something; nothing else depends on a script.
//
// Lists and searches go over shelves (shelf.go): what they need to know of each
// thing, kept in memory from when a kind is first asked for and brought up to
// date from the feed. A page shows what it reads anew. A form of a thing
// (forms.go) says what stood there when it was made, so that only what was
// changed in it is written, and comes back as it was typed if it can't be taken.
//
// # Who is let in
//
// Every request passes, in this order: limits, the Host, the method and the
// form of the body, its origin, the session, the role that the route needs,
// the handler. Which of the routes exist depends on where a request comes
// from: this machine (loopback), the place's network, or that network with
// TLS. Stewards act from the first and the last only. See guard.go.
//
// A visitor has no account and sees what isn't for members only. A person who
// signs in has one here: see accounts.go. What they do is written in their
// name.
//
// The package knows no other face: what programs ask is node/api, what
// calendars ask is node/dav. It makes no request, and its pages ask for
// nothing from another origin.
package web
