package api

import (
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"navette/crdt/commons"
	"navette/node"
	"navette/node/editing"
)

// An operation is what the description of the API says of a route: in words,
// and by the types of what goes in and comes out.
type operation struct {
	says    string
	query   string // names of parameters, with spaces between
	in, out any    // nil: nothing
	// media is what comes out where it isn't one JSON value: lines of them, or
	// something else.
	media string
}

// The media types of answers that aren't one JSON value.
const (
	mediaLines  = "application/jsonl"
	mediaEvents = "text/event-stream"
	mediaBytes  = "application/octet-stream"
)

type none struct{}

// operations has every route of the server: a test holds the two together.
var operations = map[string]operation{
	"GET /v1/openapi.json":                 {says: "this description", out: map[string]any{}},
	"GET /v1/status":                       {says: "how the node and its commons are; with watch=1 a line at every change", query: "watch", out: Status{}},
	"GET /v1/events":                       {says: "which resources change, as they do; Last-Event-ID goes on from there", out: Event{}, media: mediaEvents},
	"GET /v1/peers":                        {says: "the other devices", out: []Peer{}},
	"POST /v1/commons":                     {says: "found a commons", in: Founding{}, out: CommonsStatus{}},
	"POST /v1/join":                        {says: "join a commons with an invitation", in: Joining{}, out: Joined{}},
	"GET /v1/members":                      {says: "the people of the commons", out: []Member{}},
	"PATCH /v1/members/{id}":               {says: "promote or demote a person", in: RoleChange{}, out: Member{}},
	"DELETE /v1/members/{id}":              {says: "put a person out, or try what that would do", in: Removal{}, out: Removed{}},
	"POST /v1/members/{id}/successor":      {says: "let the new key of a person take the place of the old one", in: Succession{}, out: Member{}},
	"POST /v1/leave":                       {says: "leave the commons", in: Leaving{}, out: CommonsStatus{}},
	"GET /v1/devices":                      {says: "the devices of all people", out: []Device{}},
	"PATCH /v1/devices/{id}":               {says: "call a device otherwise", in: Renaming{}, out: Device{}},
	"DELETE /v1/devices/{id}":              {says: "revoke a device", out: Device{}},
	"POST /v1/devices/{id}/undo":           {says: "make void what a device wrote since a moment", in: Undoing{}, out: Undoing{}},
	"GET /v1/invitations":                  {says: "the invitations that were made", out: []Invitation{}},
	"DELETE /v1/invitations/{id}":          {says: "revoke an invitation", out: Invitation{}},
	"GET /v1/undone":                       {says: "what was done among people and doesn't count any more", out: []Undone{}},
	"POST /v1/undone":                      {says: "say that it was looked at", out: none{}},
	"PUT /v1/kit":                          {says: "put the recovery kit back by its words", in: Kit{}, out: Kit{}},
	"POST /v1/invitations":                 {says: "make an invitation; its link is shown once", in: Invitation{}, out: Invitation{}},
	"GET /v1/kit":                          {says: "the words of the recovery kit, as long as they are here", out: Kit{}},
	"DELETE /v1/kit":                       {says: "wipe the recovery kit from this machine", out: none{}},
	"GET /v1/passes":                       {says: "what lets calendar programs in", out: []Pass{}},
	"POST /v1/passes":                      {says: "let a calendar program in; the secret is shown once", in: Pass{}, out: Pass{}},
	"DELETE /v1/passes/{id}":               {says: "end what lets a calendar program in", out: Pass{}},
	"GET /v1/kinds":                        {says: "the kinds of resources and their fields", out: []*commons.Kind{}},
	"GET /v1/resources":                    {says: "resources of a kind; where=FIELD=VALUE may come several times", query: "kind where search removed", out: []commons.Resource{}},
	"POST /v1/resources":                   {says: "add a resource", in: Assignments{}, out: Resource{}},
	"GET /v1/resources/{id}":               {says: "a resource, as it is or as it was at a version", query: "version", out: Resource{}},
	"PATCH /v1/resources/{id}":             {says: "change fields of a resource", in: Assignments{}, out: Resource{}},
	"DELETE /v1/resources/{id}":            {says: "take a resource away; it can be brought back", out: Resource{}},
	"POST /v1/resources/{id}/restore":      {says: "bring back what was taken away, or the values of a version", in: map[string]string{}, out: Resource{}},
	"GET /v1/resources/{id}/text":          {says: "the text of a page, and the version it is of", out: PageText{}},
	"PUT /v1/resources/{id}/text":          {says: "make the text of a page read as one began from a version does", in: PageEdit{}, out: Resource{}},
	"GET /v1/resources/{id}/log":           {says: "who changed a resource, where and when", out: []Entry{}},
	"GET /v1/resources/{id}/diff":          {says: "what differs between two versions", query: "from to", out: Diff{}},
	"POST /v1/resources/{id}/versions":     {says: "settle two versions of a field", in: Resolution{}, out: Resource{}},
	"GET /v1/resources/{id}/revisions":     {says: "the sittings in which a page was written, the newest first", query: "n", out: []Revision{}},
	"GET /v1/resources/{id}/blame":         {says: "from which revision each passage of a page comes", out: Blame{}},
	"GET /v1/resources/{id}/links":         {says: "which pages a page links to, and which link to it", out: Links{}},
	"GET /v1/resources/{id}/translations":  {says: "the translations of a page, and which are to be updated", out: []Translation{}},
	"POST /v1/resources/{id}/translations": {says: "begin a translation", in: NewTranslation{}, out: Resource{}},
	"POST /v1/resources/{id}/follow":       {says: "say that a translation follows its original as it is", out: Resource{}},
	"GET /v1/resources/{id}/live":          {says: "what happens to an open page: events text, step and people", query: "client version", out: editing.Step{}, media: mediaEvents},
	"POST /v1/resources/{id}/live":         {says: "what was typed in an open page, against the version that was seen", in: editing.Typing{}, out: editing.Saved{}},
	"POST /v1/resources/{id}/live/cursor":  {says: "where the cursor is in an open page", in: editing.Cursor{}, out: none{}},
	"GET /v1/templates":                    {says: "what pages can begin from", out: []Template{}},
	"GET /v1/valise":                       {says: "what a place lacks, or all, in a file to carry", query: "for", media: mediaBytes},
	"POST /v1/valise":                      {says: "take in what a valise brings, sent as it is", query: "look", out: UnpackLine{}, media: mediaLines},
	"GET /v1/log":                          {says: "the newest changes", query: "n", out: []Entry{}},
	"GET /v1/versions":                     {says: "the fields that two versions stand in", out: []Versions{}},
	"POST /v1/import":                      {says: "take in files", in: ImportRequest{}, out: ImportLine{}, media: mediaLines},
	"GET /v1/export":                       {says: "give out a kind as a file", query: "kind format lang", media: mediaBytes},
	"GET /v1/fingerprint":                  {says: "what two nodes compare to know that they hold the same", out: Fingerprint{}},
	"POST /v1/check":                       {says: "examine the store", in: CheckRequest{}, out: CheckLine{}, media: mediaLines},
	"GET /v1/doctor":                       {says: "what a person should look at", out: []Notice{}},
	"GET /v1/backup":                       {says: "a backup of all commons, without a key", media: mediaBytes},
	"POST /v1/backup":                      {says: "say that a backup was put away", in: Backup{}, out: none{}},

	"GET /v1/resources/{id}/attachments":          {says: "the files of a resource, and which are here", out: []Attachment{}},
	"POST /v1/resources/{id}/attachments":         {says: "attach a file, sent as it is, under a name", query: "name type", out: Attachment{}},
	"DELETE /v1/resources/{id}/attachments/{cid}": {says: "take a file off a resource", out: none{}},
	"GET /v1/attachments":                         {says: "how many files are here, and awaited", out: Attachments{}},
	"GET /v1/attachments/{cid}":                   {says: "the content of a file that is here", media: mediaBytes},
	"POST /v1/attachments/{cid}/fetch":            {says: "ask other places for a file", out: none{}},
	"DELETE /v1/attachments/{cid}":                {says: "free the room that a file takes on this disk", out: none{}},
}

func (s *Server) openAPI(http.ResponseWriter, *http.Request) (any, error) { return describe(), nil }

// describe is the OpenAPI 3.1 description of the routes.
func describe() map[string]any {
	d := description{schemas: map[string]any{}}
	paths := map[string]map[string]any{}
	for pattern, op := range operations {
		method, path, _ := strings.Cut(pattern, " ")
		if paths[path] == nil {
			paths[path] = map[string]any{}
		}
		paths[path][strings.ToLower(method)] = d.operation(path, op)
	}
	return map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Navette", "version": node.Version,
			"description": "What a node speaks with the programs on its own machine: HTTP on the unix socket " + SocketName + " in its data folder.",
		},
		"servers":    []any{map[string]any{"url": "http://navette"}},
		"paths":      paths,
		"components": map[string]any{"schemas": d.schemas},
	}
}

// A description gathers the schemas of the types that it meets.
type description struct{ schemas map[string]any }

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

func (d *description) operation(path string, op operation) map[string]any {
	text := map[string]any{"type": "string"}
	parameters := []any{}
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		parameters = append(parameters, map[string]any{"name": m[1], "in": "path", "required": true, "schema": text})
	}
	for _, name := range append(strings.Fields(op.query), "commons") {
		parameters = append(parameters, map[string]any{"name": name, "in": "query", "schema": text})
	}
	done := map[string]any{"description": "done"}
	switch {
	case op.media == mediaBytes:
		done["content"] = map[string]any{op.media: map[string]any{}}
	case op.media != "":
		done["content"] = map[string]any{op.media: map[string]any{"itemSchema": d.schema(reflect.TypeOf(op.out))}}
	case op.out != nil:
		done["content"] = map[string]any{"application/json": map[string]any{"schema": d.schema(reflect.TypeOf(op.out))}}
	}
	out := map[string]any{
		"summary": op.says, "parameters": parameters,
		"responses": map[string]any{"200": done, "default": map[string]any{
			"description": "refused, with a code",
			"content":     map[string]any{"application/json": map[string]any{"schema": d.schema(reflect.TypeFor[errorBody]())}},
		}},
	}
	if op.in != nil {
		out["requestBody"] = map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": d.schema(reflect.TypeOf(op.in))}}}
	}
	return out
}

// schema describes a type as encoding/json writes it.
func (d *description) schema(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return map[string]any{"type": "string", "contentEncoding": "base64"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.Slice, reflect.Array:
		return map[string]any{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Uint32, reflect.Uint16:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Struct:
		name := strings.TrimPrefix(t.String(), "api.")
		if d.schemas[name] == nil {
			properties := map[string]any{}
			d.schemas[name] = map[string]any{"type": "object", "properties": properties}
			d.fields(t, properties)
		}
		return map[string]any{"$ref": "#/components/schemas/" + name}
	}
	return map[string]any{} // anything, null too
}

func (d *description) fields(t reflect.Type, into map[string]any) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case f.Anonymous && name == "":
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			if embedded.Kind() == reflect.Struct {
				d.fields(embedded, into)
			}
		case name == "":
			into[f.Name] = d.schema(f.Type)
		default:
			into[name] = d.schema(f.Type)
		}
	}
}
