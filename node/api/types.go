package api

import (
	"time"

	"navette/crdt/commons"
	"navette/node"
)

// The JSON that the node speaks. Names and meanings stay; fields may be added.
// Times are RFC 3339 in UTC, ids hexadecimal.

// Status is what a node says of itself: GET /v1/status.
type Status struct {
	Version string          `json:"version"`
	Peer    string          `json:"peer"`
	Data    string          `json:"data"`
	Listen  []string        `json:"listen"`
	Commons []CommonsStatus `json:"commons"`
	Notices []Notice        `json:"notices"`
}

// CommonsStatus is how one of the node's commons stands.
type CommonsStatus struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Current     bool           `json:"current"` // what is meant where none is named
	Place       string         `json:"place"`
	Person      string         `json:"person"`
	Role        string         `json:"role"`
	Members     int            `json:"members"`
	Resources   map[string]int `json:"resources"` // by kind, without removed ones
	Changes     uint64         `json:"changes"`
	Exchange    Exchange       `json:"exchange"`
	Fingerprint string         `json:"fingerprint"`
}

// Exchange sums up how a commons stands with the peers in reach.
type Exchange struct {
	State   string `json:"state"`   // alone | exchanging | up_to_date
	Peers   int    `json:"peers"`   // with whom there is a session
	Missing int    `json:"missing"` // changes that peers are known to have and we lack
	ToGive  int    `json:"to_give"` // changes of ours that no peer has confirmed yet
	Waiting int    `json:"waiting"` // changes that wait for what they build on
}

// A Notice is something to look at: a code with what it is about.
type Notice struct {
	Code string   `json:"code"`
	Args []string `json:"args,omitempty"`
}

// Peer is another device: GET /v1/peers.
type Peer struct {
	Peer    string     `json:"peer"`
	Place   string     `json:"place,omitempty"`
	Person  string     `json:"person,omitempty"`
	Commons []string   `json:"commons"` // those shared, by name
	Address string     `json:"address,omitempty"`
	State   string     `json:"state"` // up_to_date | exchanging | stranger | away
	Missing int        `json:"missing"`
	ToGive  int        `json:"to_give"`
	Seen    *time.Time `json:"seen,omitempty"`
}

// Writer is who writes a log, by the names that the commons has for them.
type Writer struct {
	Person string `json:"person,omitempty"`
	Place  string `json:"place,omitempty"`
	Device string `json:"device"`
}

// Resource is one thing held in common: GET /v1/resources/{id}.
type Resource struct {
	commons.Resource
	// Writers has the writer of every log that the resource names. Lists of
	// resources leave it out.
	Writers map[string]Writer `json:"writers,omitempty"`
	// Updating: it is being brought up to date with who belongs, and may show
	// for a moment what no longer counts.
	Updating bool `json:"updating,omitempty"`
}

// Versions is a resource with fields that several people set without having
// seen each other: GET /v1/versions.
type Versions struct {
	ID     string     `json:"id"`
	Kind   string     `json:"kind"`
	Title  string     `json:"title"`
	Fields []Conflict `json:"fields"`
}

// Conflict is one such field.
type Conflict struct {
	Field    string    `json:"field"`    // FIELD or FIELD.KEY
	Versions []Version `json:"versions"` // the shown one first
}

// Version is one of its values: by whom, where and when.
type Version struct {
	Value  any        `json:"value"`
	Change string     `json:"change"`
	Person string     `json:"person,omitempty"`
	Place  string     `json:"place,omitempty"`
	Time   *time.Time `json:"time,omitempty"` // what the writer's clock said, if it had one
}

// Resolution settles one of them: POST /v1/resources/{id}/versions.
type Resolution struct {
	Field string `json:"field,omitempty"` // may be left out where there is only one
	Keep  int    `json:"keep,omitempty"`  // number of the version, from 1
	Both  bool   `json:"both,omitempty"`
}

// Assignments is what is asked of a new or a known resource: POST and PATCH.
type Assignments struct {
	Kind   string   `json:"kind,omitempty"`
	Fields []string `json:"fields"` // FIELD=VALUE, FIELD.KEY=VALUE, FIELD+=VALUE, FIELD-=VALUE
}

// PageText is the text of a page, with the version that an edit is made
// against: GET /v1/resources/{id}/text.
type PageText struct {
	ID      string           `json:"id"`
	Title   string           `json:"title"`
	Version node.TextVersion `json:"version"` // names it for PageEdit, on any node that has it
	Text    string           `json:"text"`
}

// PageEdit replaces the text that Base had: PUT /v1/resources/{id}/text. What
// others wrote since stays.
type PageEdit struct {
	Base node.TextVersion `json:"base"`
	Text string           `json:"text"`
}

// Entry is one step of a history: GET /v1/log, /v1/resources/{id}/log.
type Entry struct {
	Change    string     `json:"change"`
	Time      *time.Time `json:"time,omitempty"` // what the writer's clock said, if it had one
	By        Writer     `json:"by"`
	OnBehalf  string     `json:"on_behalf,omitempty"` // the person it was done for
	Void      bool       `json:"void,omitempty"`      // it doesn't count, as things are now
	Resources []Entity   `json:"resources"`
}

// Entity names a resource and says what became of it.
type Entity struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Title  string   `json:"title"`
	Did    string   `json:"did"` // created | changed | removed | restored
	Fields []string `json:"fields,omitempty"`
}

// Diff is what differs between two versions of a resource.
type Diff struct {
	ID     string      `json:"id"`
	Kind   string      `json:"kind"`
	Title  string      `json:"title"`
	From   string      `json:"from,omitempty"` // a change; empty is before the first
	To     string      `json:"to"`
	Fields []FieldDiff `json:"fields"`
}

// FieldDiff is one field of a Diff; of texts of several lines, Spans has them,
// word by word, and Lines line by line.
type FieldDiff struct {
	Name  string         `json:"name"`
	Was   any            `json:"was,omitempty"`
	Is    any            `json:"is,omitempty"`
	Lines []string       `json:"lines,omitempty"` // "-old", "+new", " same"
	Spans []commons.Span `json:"spans,omitempty"`
}

// File is a file sent to be imported, or one of an export. Data is base64 in
// JSON.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// ImportRequest is POST /v1/import. The answer is a stream of lines:
// ImportProgress, and last an ImportResult.
type ImportRequest struct {
	Files  []File            `json:"files"`
	As     string            `json:"as,omitempty"`
	Map    map[string]string `json:"map,omitempty"` // field to column
	DryRun bool              `json:"dry_run,omitempty"`
}

// ImportLine is a line of the answer to an import.
type ImportLine struct {
	Progress *Progress     `json:"progress,omitempty"`
	Result   *ImportResult `json:"result,omitempty"`
}

// Progress of long work.
type Progress struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

// ImportResult sums up an import.
type ImportResult struct {
	New       int             `json:"new"`
	Changed   int             `json:"changed"`
	Unchanged int             `json:"unchanged"`
	Attached  int             `json:"attached,omitempty"` // files that pages link to: the command line attaches them
	Problems  []ImportProblem `json:"problems"`
	Items     []ImportItem    `json:"items,omitempty"` // of a dry run: what would happen
	Columns   []ImportColumn  `json:"columns,omitempty"`
}

// ImportProblem is what could not be taken, and where it stands. Code and Args
// are like an Error's, with the part of it that the code belongs to before it.
type ImportProblem struct {
	File string   `json:"file"`
	Line int      `json:"line,omitempty"`
	Code string   `json:"code"`
	Args []string `json:"args,omitempty"`
}

// ImportItem is what an import does with one thing.
type ImportItem struct {
	Did    string   `json:"did"` // new | changed | unchanged
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Title  string   `json:"title"`
	Fields []string `json:"fields,omitempty"`
}

// ImportColumn says how a column of a table was understood.
type ImportColumn struct {
	Column string `json:"column"`
	Field  string `json:"field"`
}

// Fingerprint is what two nodes compare: GET /v1/fingerprint.
type Fingerprint struct {
	Commons string `json:"commons"`
	Name    string `json:"name"`
	Words   string `json:"words"` // three words and four digits, to be read aloud
	Full    string `json:"full"`  // all 256 bits, hexadecimal
}

// Founding is POST /v1/commons. The answer is a CommonsStatus.
type Founding struct {
	Name   string `json:"name"`
	Place  string `json:"place"`
	Person string `json:"person,omitempty"`
}

// Joining is POST /v1/join. The answer is a Joined. Place and Person are taken
// over from the current commons where they are left out.
type Joining struct {
	Invitation string `json:"invitation"`
	Place      string `json:"place,omitempty"`
	Person     string `json:"person,omitempty"`
}

// Backup says that the backup made at a time was put away: POST /v1/backup. A
// zero time isn't known.
type Backup struct {
	Made time.Time `json:"made"`
}

// Valise says what is in a valise: the header Navette-Valise of GET /v1/valise.
type Valise struct {
	Name    string         `json:"name"` // what it is called in a folder that several share
	Things  map[string]int `json:"things"`
	Changes int            `json:"changes"`
	Files   int            `json:"files"`
	Bytes   int64          `json:"bytes"` // of what is in it, before it is encrypted
}

// UnpackLine is a line of the answer to POST /v1/valise: how many things of how
// many have come, or what came of it.
type UnpackLine struct {
	Progress *Progress `json:"progress,omitempty"`
	Result   *Unpacked `json:"result,omitempty"`
}

// Unpacked is what came of unpacking a valise.
type Unpacked struct {
	Commons     string         `json:"commons"`
	From        string         `json:"from"` // the place that packed it
	Device      string         `json:"device"`
	Made        *time.Time     `json:"made,omitempty"`
	Own         bool           `json:"own"`           // packed here: nothing to do
	Complete    bool           `json:"complete"`      // all of it is here
	Why         string         `json:"why,omitempty"` // if not: cut, elsewhere (packed for another place), partly
	Things      map[string]int `json:"things"`        // new or changed here
	Total       int            `json:"total"`         // things that it is about
	Changes     int            `json:"changes"`       // new here
	Files       int            `json:"files"`         // attached files that came
	Unusable    int            `json:"unusable"`
	Fingerprint string         `json:"fingerprint"`
	Full        string         `json:"full"` // the fingerprint's 256 bits
}

// CheckRequest is POST /v1/check. The answer is a stream of CheckLines.
type CheckRequest struct {
	ReadData bool `json:"read_data"`
}

// Joined is what became of POST /v1/join.
type Joined struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Replaced string `json:"replaced,omitempty"` // the untouched commons that gave way
	Kept     string `json:"kept,omitempty"`     // the other commons that stays beside it
	Already  bool   `json:"already,omitempty"`  // it is a member, and nothing was asked
	Again    bool   `json:"again,omitempty"`    // it only read, and kept what it held
}

// CheckLine is a line of the answer to POST /v1/check.
type CheckLine struct {
	Progress *Progress `json:"progress,omitempty"`
	Result   *Check    `json:"result,omitempty"`
}

// Check is what an examination of the store found: POST /v1/check.
type Check struct {
	Changes   int      `json:"changes"`
	Resources int      `json:"resources"`
	Problems  []string `json:"problems"`
}
