package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"navette/node"
	"navette/storage/blob"
)

// The codes of attachments.
const (
	CodeNoFile   = "no_such_file" //
	CodeNotHere  = "not_here"     // the CID: it is in another place
	CodeTooLarge = "too_large"    // the most megabytes that a file may have
)

// Attachment is a file of a resource: GET /v1/resources/{id}/attachments.
type Attachment struct {
	CID     string `json:"cid"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Size    int64  `json:"size"`
	Preview string `json:"preview,omitempty"` // the CID of a small picture of it
	Here    bool   `json:"here"`
	Come    int    `json:"come"`   // pieces of it that have come, if it is on its way
	Pieces  int    `json:"pieces"` // of so many; 0 if it isn't
	Asked   bool   `json:"asked"`  // it will be fetched, whatever its size
}

// Attachments sums up the files of the node: GET /v1/attachments.
type Attachments struct {
	Files   int   `json:"files"`
	Bytes   int64 `json:"bytes"`
	Wanted  int   `json:"wanted"`
	Fetched int64 `json:"fetched"` // pieces, since the start
	NoRoom  bool  `json:"no_room"`
}

// attachmentRoutes are the routes of attachments whose requests are small.
func (s *Server) attachmentRoutes() map[string]handler {
	return map[string]handler{
		"GET /v1/resources/{id}/attachments":          s.attached,
		"DELETE /v1/resources/{id}/attachments/{cid}": s.detach,
		"GET /v1/attachments":                         s.filesHere,
		"GET /v1/attachments/{cid}":                   s.file,
		"POST /v1/attachments/{cid}/fetch":            s.fetchFile,
		"DELETE /v1/attachments/{cid}":                s.releaseFile,
	}
}

// attach takes a file as long as it is: it goes to the disk as it comes.
func (s *Server) attach(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	if query.Get("name") == "" {
		return nil, refuse(CodeBadRequest, "name")
	}
	a, err := c.Attach(r.Context(), node.Author{Person: c.Person()}, id, query.Get("name"), query.Get("type"), r.Body)
	if err != nil {
		return nil, err
	}
	return Attachment{CID: a.CID, Name: a.Name, Type: a.Type, Size: a.Size, Preview: a.Preview, Here: true}, nil
}

func (s *Server) attached(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, err
	}
	list, err := c.Attached(id)
	if err != nil {
		return nil, err
	}
	out := []Attachment{}
	for _, a := range list {
		out = append(out, Attachment{a.CID, a.Name, a.Type, a.Size, a.Preview, a.Here, a.Come, a.Leaves, a.Asked})
	}
	return out, nil
}

func (s *Server) detach(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, id, err := s.at(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, c.Detach(r.Context(), node.Author{Person: c.Person()}, id, r.PathValue("cid"))
}

func (s *Server) filesHere(_ http.ResponseWriter, _ *http.Request) (any, error) {
	h, err := s.node.FilesHere()
	return Attachments{h.Files, h.Bytes, h.Wanted, h.Fetched, h.NoRoom}, err
}

func (s *Server) file(w http.ResponseWriter, r *http.Request) (any, error) {
	f, err := s.node.OpenFile(r.PathValue("cid"))
	if errors.Is(err, blob.ErrAbsent) {
		return nil, refuse(CodeNotHere, r.PathValue("cid"))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	_, err = io.Copy(w, f)
	return nil, err
}

func (s *Server) fetchFile(_ http.ResponseWriter, r *http.Request) (any, error) {
	return struct{}{}, s.node.FetchFile(r.PathValue("cid"))
}

func (s *Server) releaseFile(_ http.ResponseWriter, r *http.Request) (any, error) {
	return struct{}{}, s.node.ReleaseFile(r.PathValue("cid"))
}

// Attach attaches what file gives to a resource, under a name.
func (c *Client) Attach(ctx context.Context, resource, name string, file io.Reader) (a Attachment, err error) {
	resp, err := c.send(ctx, http.MethodPost, "/v1/resources/"+url.PathEscape(resource)+"/attachments", url.Values{"name": {name}}, file, "application/octet-stream")
	if err != nil {
		return a, err
	}
	return a, decode(resp, &a)
}
