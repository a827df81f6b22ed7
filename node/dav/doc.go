// Package dav serves the events of a commons to calendar programs: CalDAV
// (RFC 4791) with sync-collection (RFC 6578), for reading and writing, and
// calendars to subscribe to by a secret address.
//
//	server := dav.New(n)
//	mux.Handle("/dav/", server)
//	mux.Handle("/.well-known/caldav", server)
//	mux.Handle("/cal/", server)
//
// The tree that a program discovers is the same for everyone; whom it is for,
// and which commons, the password says (node.Pass, HTTP Basic):
//
//	/dav/                         where to begin
//	/dav/principal/               the person
//	/dav/calendars/               their calendars
//	/dav/calendars/commons/       events without a place
//	/dav/calendars/{place}/       events of a place; put there, it is theirs
//	/dav/calendars/{…}/{name}.ics an event with its instances
//	/cal/{secret}.ics             all events, or those of a place, to read only
//
// What a program puts is compared with what is there and written property by
// property, in the same commit as everything else, so that an event edited in
// two places keeps both edits; an event taken away elsewhere is said to be gone
// at the next look. A sync token is a mark of the feed (node.Commons.Mark): one
// that this store doesn't honour is refused, and the program begins anew.
//
// An event of the class PRIVATE or CONFIDENTIAL is whole for who made it; for
// others it is a time when something is. That is courtesy and no secrecy: every
// device of the commons holds it.
//
// There is no scheduling (RFC 6638), no tasks, no journals, no sharing, and no
// calendars but those that the places make. Which hosts and listeners may be
// asked, and whether a password may come without TLS, is decided before a
// request gets here.
package dav
