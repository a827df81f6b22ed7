package web

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// maxForm bounds what a form may bring, unless its path takes more.
const maxForm = 64 << 10

// roomFor is how much a form of that path may bring.
func roomFor(path string) int64 {
	switch {
	case path == "/share/import":
		return maxTable
	case strings.HasPrefix(path, "/things/") && strings.HasSuffix(path, "/files"):
		return maxFile
	case strings.HasPrefix(path, "/know/") && strings.HasSuffix(path, "/edit"):
		return maxPage
	case path == valisePath:
		return maxValise
	}
	return maxForm
}

// filesTake is how long a file may be on its way over a bad Wi-Fi.
const filesTake = 20 * time.Minute

// headers are what every answer carries.
//
// Referrer-Policy isn't no-referrer: under that, browsers send "Origin: null"
// with the forms of these very pages, and over plain HTTP the origin is all
// there is to tell them from a stranger's.
var headers = map[string]string{
	"Content-Security-Policy":      "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cache-Control":                "no-store",
}

// sideOf tells where a request comes from. What a machine asks of itself by
// another name, as a proxy on it does for others, is from the network.
func sideOf(r *http.Request) side {
	if r.TLS != nil {
		return secure
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	host, _ := splitHost(r.Host)
	if err == nil && remote.Addr().Unmap().IsLoopback() && isLoopback(host) {
		return loopback
	}
	return plain
}

// splitHost takes the port off a Host, and the brackets of IPv6.
func splitHost(hostport string) (host, port string) {
	if h, p, err := net.SplitHostPort(hostport); err == nil {
		return h, p
	}
	return strings.Trim(hostport, "[]"), ""
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// hostIsOurs tells whether a Host is exactly a name of this machine, or the
// very address that the connection came to, with its port. A page elsewhere
// that makes its own name point here is told by this.
func (s *Server) hostIsOurs(r *http.Request) bool {
	host, port := splitHost(r.Host)
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	at, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return false
	}
	if port == "" {
		port = map[bool]string{true: "443", false: "80"}[r.TLS != nil]
	}
	if port != portText(at.Port()) {
		return false
	}
	if slices.ContainsFunc(s.o.Names, func(name string) bool { return strings.EqualFold(name, host) }) {
		return true
	}
	if isLoopback(host) {
		return at.Addr().Unmap().IsLoopback()
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.WithZone("") == at.Addr().Unmap().WithZone("")
}

// guard is what every request passes before a screen sees it.
func (s *Server) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if !s.hostIsOurs(r) {
			http.Error(w, "421 Misdirected Request: this address isn't one of this place. Cette adresse n'est pas celle de ce lieu.", http.StatusMisdirectedRequest)
			return
		}
		if s.o.Calendars != nil && forCalendars(r.URL.Path) {
			s.calendars(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, roomFor(r.URL.Path))
		if sideOf(r) != loopback && !s.pace.spend(time.Now(), addressOf(r)) {
			w.Header().Set("Retry-After", "3")
			http.Error(w, "429 Too Many Requests: wait for a moment. Attendez un instant.", http.StatusTooManyRequests)
			return
		}
		switch r.Method {
		case http.MethodGet, http.MethodHead:
		case http.MethodPost:
			if p := form(r); p != nil {
				s.show(w, r, p)
				return
			}
			if err := cross.Check(r); err != nil || !fromHere(r) {
				s.show(w, r, &problem{status: http.StatusForbidden, key: "problem.origin"})
				return
			}
		default:
			s.show(w, r, &problem{status: http.StatusMethodNotAllowed, key: "problem.method"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forCalendars tells the addresses that calendar programs know from those that
// browsers do: no cookie counts there, and no page of another origin has the
// password.
func forCalendars(path string) bool {
	return path == "/.well-known/caldav" || strings.HasPrefix(path, "/dav/") || strings.HasPrefix(path, "/cal/")
}

// calendars answers calendar programs. Their password doesn't come where others
// could read it: where anybody is on the Wi-Fi, an account needs TLS, as signing
// in does.
func (s *Server) calendars(w http.ResponseWriter, r *http.Request) {
	_, wifi := s.book.setUp()
	switch {
	case r.Header.Get("Sec-Fetch-Site") == "cross-site": // a browser, led here by a page elsewhere
		s.show(w, r, &problem{status: http.StatusForbidden, key: "problem.origin"})
	case wifi == anyone && sideOf(r) == plain && !strings.HasPrefix(r.URL.Path, "/cal/"):
		s.show(w, r, &problem{status: http.StatusForbidden, key: "problem.secure"})
	default:
		s.o.Calendars.ServeHTTP(w, r)
	}
}

// form refuses a body that isn't a form.
func form(r *http.Request) *problem {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data") {
		return nil
	}
	return &problem{status: http.StatusUnsupportedMediaType, key: "problem.form"}
}

// fromHere tells whether a browser says that a form is of one of these pages.
// One that says nothing isn't believed: every browser that can show the pages
// sends an Origin with a form.
func fromHere(r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	scheme := map[bool]string{true: "https://", false: "http://"}[r.TLS != nil]
	switch {
	case origin != "" && origin != scheme+r.Host:
		return false
	case site != "" && site != "same-origin":
		return false
	}
	return origin != "" || site != ""
}
