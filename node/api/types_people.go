package api

import "time"

// Member is a person of the commons: GET /v1/members, stewards by seniority
// first, then by role and name.
type Member struct {
	Person string     `json:"person"` // the key
	Name   string     `json:"name,omitempty"`
	Role   string     `json:"role"`
	Self   bool       `json:"self,omitempty"`
	Rank   int        `json:"rank,omitempty"`  // of a steward: 1 is the most senior
	Since  *time.Time `json:"since,omitempty"` // by the clock of who gave the role
	By     string     `json:"by,omitempty"`    // who gave it
	ByKit  bool       `json:"by_kit,omitempty"`
	// Succeeds is whose place they took.
	Succeeds string     `json:"succeeds,omitempty"`
	Met      *time.Time `json:"met,omitempty"` // the last exchange of this node with a device of theirs
	Devices  []Device   `json:"devices"`
}

// RoleChange gives a member another role: PATCH /v1/members/{id}.
type RoleChange struct {
	Role string `json:"role"`
}

// Removal is DELETE /v1/members/{id}.
type Removal struct {
	// Expel: what they do from now on counts nowhere, and what they did and
	// hasn't come here doesn't either. Without it they have simply left: what
	// they wrote stays, wherever it is.
	Expel bool `json:"expel,omitempty"`
	// Annul undoes what they did to the membership. It takes Expel.
	Annul bool `json:"annul,omitempty"`
	// Invitations of theirs are revoked too.
	Invitations bool `json:"invitations,omitempty"`
	// DryRun only says what would happen.
	DryRun bool `json:"dry_run,omitempty"`
}

// Removed is what became of a Removal, or would.
type Removed struct {
	Member      Member       `json:"member"`
	Expelled    bool         `json:"expelled"`
	Annulled    int          `json:"annulled"`    // acts that are undone
	Stands      int          `json:"stands"`      // acts that aren't, and could be
	Invitations []Invitation `json:"invitations"` // open ones of theirs; State says which are revoked now
	// Stale: the last exchange with them is so old that what they did since in
	// good faith may be much. It counts for nobody after an Expel.
	Stale bool `json:"stale"`
}

// Succession gives a member's role to another: POST
// /v1/members/{id}/successor.
type Succession struct {
	Successor string `json:"successor"`
}

// Leaving is POST /v1/leave. Force leaves a commons without any steward.
type Leaving struct {
	Force bool `json:"force,omitempty"`
}

// Device is what a member works with: GET /v1/devices.
type Device struct {
	Device string     `json:"device"` // its peer id
	Place  string     `json:"place,omitempty"`
	Person string     `json:"person,omitempty"` // the key; left out within a Member
	Name   string     `json:"name,omitempty"`   // the person's
	Hosted bool       `json:"hosted,omitempty"` // it is a place's, where the person signs in
	Self   bool       `json:"self,omitempty"`
	Here   bool       `json:"here,omitempty"` // there is an exchange with it now
	Met    *time.Time `json:"met,omitempty"`  // when this node exchanged with it last
}

// Renaming is PATCH /v1/devices/{id}.
type Renaming struct {
	Name string `json:"name"`
}

// Undoing is POST /v1/devices/{id}/undo: all that the device has written since a
// moment, by its clock, counts no more. The answer has how many changes.
type Undoing struct {
	Since   time.Time `json:"since"`
	DryRun  bool      `json:"dry_run,omitempty"`
	Changes int       `json:"changes,omitempty"`
}

// Invitation is an invitation: GET and POST /v1/invitations.
type Invitation struct {
	ID   string `json:"id"`
	Link string `json:"link,omitempty"` // only when it is made
	// Reachable tells, when it is made, whether the link says where to knock.
	Reachable bool       `json:"reachable"`
	Role      string     `json:"role"`
	Uses      int        `json:"uses"` // 0: any number
	Until     string     `json:"until,omitempty"`
	Note      string     `json:"note,omitempty"`
	By        string     `json:"by,omitempty"`
	Made      *time.Time `json:"made,omitempty"`
	Used      int        `json:"used"`
	State     string     `json:"state,omitempty"` // open | used | expired | revoked | void: its author may invite no more
}

// Undone is something that was done to the membership and doesn't count: GET
// /v1/undone. POST says that people have looked at all of it.
type Undone struct {
	Change  string     `json:"change"`
	Did     string     `json:"did"` // role_… | removed | demoted | left | invited | uninvited | revoked | reverted | other
	Time    *time.Time `json:"time,omitempty"`
	Person  string     `json:"person,omitempty"` // who did it
	About   string     `json:"about,omitempty"`  // to whom
	Because string     `json:"because"`          // what it doesn't count because of, in the words of Did
	By      string     `json:"by,omitempty"`     // who did that
	Seen    bool       `json:"seen"`
}

// Kit is the recovery kit: GET /v1/kit. PUT puts it back on the machine.
type Kit struct {
	Commons string   `json:"commons"`
	Name    string   `json:"name"`
	Words   []string `json:"words"`
}
