package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"navette/crdt"
	"navette/node"
)

// Event is what GET /v1/events says at each commit: which resources changed.
// It comes as a server-sent event whose id is a mark of the feed; a client that
// comes back with it as Last-Event-ID hears of all that changed since. Where
// the mark isn't honoured, as after the store came back older from a power cut,
// the first event is of the type "resync": what the client has may be stale.
type Event struct {
	Resources []EventResource `json:"resources"`
}

// EventResource is a resource that changed.
type EventResource struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	mark, pos := c.Mark()
	kind := ""
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		if since, ok := c.ReadMark(last); ok {
			mark, pos = last, since
		} else {
			kind = "resync"
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	send := func(kind, mark string, data any) error {
		b, err := json.Marshal(data)
		if err != nil {
			return err
		}
		if kind != "" {
			kind = "event: " + kind + "\n"
		}
		if _, err := fmt.Fprintf(w, "%sid: %s\ndata: %s\n\n", kind, mark, b); err != nil {
			return err
		}
		return out.Flush()
	}
	if err := send(kind, mark, Event{Resources: []EventResource{}}); err != nil {
		return nil, nil // the client went away: there is nobody to tell
	}
	for {
		changed := c.Changed()
		ids, end, err := c.Touched(pos)
		if err != nil {
			return nil, nil // the stream ends, and the client asks again
		}
		if end > pos {
			pos = end
			if err := send("", c.MarkAt(pos), Event{Resources: resourcesOf(c, ids)}); err != nil {
				return nil, nil
			}
		}
		select {
		case <-r.Context().Done():
			return nil, nil
		case <-changed:
		}
	}
}

func resourcesOf(c *node.Commons, ids []crdt.ID) []EventResource {
	out := []EventResource{}
	for _, id := range ids {
		kind := ""
		if d, err := c.Doc(id); err == nil {
			kind = d.Kind()
		}
		out = append(out, EventResource{ID: id.String(), Kind: kind})
	}
	return out
}
