package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// An Error is a refusal, in a form that a program can act on and that whoever
// shows it can put into any language: a code, and what the code is about.
type Error struct {
	Code string   `json:"code"`
	Args []string `json:"args,omitempty"` // what the text of this code names, in order
	// Detail is for developers, in English.
	Detail string `json:"detail,omitempty"`
}

// Error implements error.
func (e *Error) Error() string {
	s := e.Code
	if len(e.Args) > 0 {
		s += " (" + strings.Join(e.Args, ", ") + ")"
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// The codes. Each has its text where text is: see cmd/navette/words.go.
const (
	CodeAmbiguous    = "ambiguous"     // what was asked for, how many match
	CodeAssign       = "assign"        // what isn't FIELD=VALUE
	CodeBadField     = "bad_field"     // field, value, what a value looks like
	CodeBadKit       = "bad_kit"       // why: other, or mistyped and what is wrong
	CodeBadInvite    = "bad_invite"    // why: truncated, checksum, newer; or nothing
	CodeBadRequest   = "bad_request"   // what
	CodeBoth         = "both"          // field
	CodeDamaged      = "damaged"       //
	CodeDiskFull     = "disk_full"     //
	CodeFieldLimit   = "field_limit"   // field, limit, its unit
	CodeFormat       = "format"        // format, kind
	CodeInternal     = "internal"      //
	CodeJoinRefused  = "join_refused"  // why: see reason
	CodeLastSteward  = "last_steward"  //
	CodeMissing      = "missing"       // kind, field
	CodeNoCommons    = "no_commons"    //
	CodeNoDevice     = "no_device"     // what was asked for
	CodeNoField      = "no_field"      // kind, field, the kind's fields
	CodeNoInvitation = "no_invitation" // what was asked for
	CodeNoKind       = "no_kind"       // kind, the kinds
	CodeNoOriginal   = "no_original"   // title
	CodeNoRole       = "no_role"       // role
	CodeNoText       = "no_text"       // kind
	CodeNobody       = "nobody"        // who was asked for
	CodeNotAllowed   = "not_allowed"   // what is needed: steward, member, kit; or ended
	CodeNotFound     = "not_found"     // what was asked for
	CodeNoVersion    = "no_version"    // version
	CodeNoVersions   = "no_versions"   // field
	CodeOldDevice    = "old_device"    // the device
	CodeOrder        = "order"         //
	CodeRemoved      = "removed"       // title
	CodeSelf         = "self"          //
	CodeSenior       = "senior"        // the person
	CodeSplices      = "splices"       //
	CodeThere        = "there"         // title
	CodeUnreachable  = "unreachable"   // whom: invitation
	CodeVersionGone  = "version_gone"  //
)

// The codes of a valise.
const (
	CodeCutValise     = "cut_valise"     //
	CodeForeignValise = "foreign_valise" //
	CodeNewerValise   = "newer_valise"   //
	CodeNoPlace       = "no_place"       // place, the places that are known
	CodeNotValise     = "not_valise"     //
)

// httpStatus is the HTTP status that goes with each code.
var httpStatus = map[string]int{
	CodeDamaged:      http.StatusInternalServerError,
	CodeDiskFull:     http.StatusInsufficientStorage,
	CodeInternal:     http.StatusInternalServerError,
	CodeJoinRefused:  http.StatusForbidden,
	CodeNoCommons:    http.StatusConflict,
	CodeNobody:       http.StatusNotFound,
	CodeNoDevice:     http.StatusNotFound,
	CodeNoInvitation: http.StatusNotFound,
	CodeSenior:       http.StatusForbidden,
	CodeOldDevice:    http.StatusForbidden,
	CodeNotAllowed:   http.StatusForbidden,
	CodeNotFound:     http.StatusNotFound,
	CodeNoVersion:    http.StatusNotFound,
	CodeUnreachable:  http.StatusBadGateway,
}

func refuse(code string, args ...string) *Error { return &Error{Code: code, Args: args} }

// writeError sends err as JSON: an Error as it is, anything else as internal.
func writeError(w http.ResponseWriter, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Code: CodeInternal, Detail: err.Error()}
	}
	code, ok := httpStatus[e.Code]
	if !ok {
		code = http.StatusBadRequest
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(errorBody{e}) // the client went away: there is nobody to tell
}

type errorBody struct {
	Error *Error `json:"error"`
}

// readError makes an error of a response that isn't a success.
func readError(status string, body []byte) error {
	var b errorBody
	if err := json.Unmarshal(body, &b); err != nil || b.Error == nil {
		return fmt.Errorf("the node answered %s: %.200s", status, body)
	}
	return b.Error
}
