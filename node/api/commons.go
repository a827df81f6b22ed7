package api

import (
	"encoding/json"
	"net/http"
	"time"

	"navette/node"
)

func (s *Server) status(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.URL.Query().Get("watch") == "" {
		return s.statusNow()
	}
	out := newLines(w)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := ""
	for {
		now, err := s.statusNow()
		if err != nil {
			out.fail(err)
			return nil, nil
		}
		b, err := json.Marshal(now)
		if err != nil {
			return nil, nil
		}
		if string(b) != last {
			if err := out.send(now); err != nil {
				return nil, nil // the client went away
			}
			last = string(b)
		}
		select {
		case <-r.Context().Done():
			return nil, nil
		case <-tick.C:
		}
	}
}

func (s *Server) statusNow() (*Status, error) {
	out := &Status{
		Version: node.Version, Peer: s.node.Self().String(), Data: s.node.Dir(),
		Listen: s.node.Addrs(), Commons: []CommonsStatus{}, Notices: notices(s.node.Notices()),
	}
	for i, c := range s.node.All() {
		st, err := commonsStatus(c)
		if err != nil {
			return nil, err
		}
		st.Current = i == 0
		out.Commons = append(out.Commons, *st)
	}
	return out, nil
}

func notices(list []node.Notice) []Notice {
	out := make([]Notice, len(list))
	for i, n := range list {
		out[i] = Notice{n.Code, n.Args}
	}
	return out
}

func commonsStatus(c *node.Commons) (*CommonsStatus, error) {
	counts, err := c.Counts()
	if err != nil {
		return nil, err
	}
	x := c.Exchange()
	return &CommonsStatus{
		ID: c.ID().String(), Name: c.Name(), Place: c.PlaceName(c.Device()), Person: c.PersonName(c.Person()),
		Role: c.Role().String(), Members: len(c.MemberList()), Resources: counts, Changes: c.Changes(),
		Exchange:    Exchange{State: x.State, Peers: x.Peers, Missing: x.Missing, ToGive: x.ToGive, Waiting: x.Waiting},
		Fingerprint: c.Fingerprint().String(),
	}, nil
}

func (s *Server) peers(http.ResponseWriter, *http.Request) (any, error) {
	out := []Peer{}
	for _, p := range s.node.Peers() {
		x := Peer{
			Peer: p.ID.String(), Place: p.Place, Person: p.Person, Commons: []string{}, Address: p.Address,
			State: p.Exchange.State, Missing: p.Exchange.Missing, ToGive: p.Exchange.ToGive,
		}
		for _, c := range p.Commons {
			x.Commons = append(x.Commons, c.Name())
		}
		if !p.Seen.IsZero() {
			seen := p.Seen.UTC()
			x.Seen = &seen
		}
		out = append(out, x)
	}
	return out, nil
}

func (s *Server) found(_ http.ResponseWriter, r *http.Request) (any, error) {
	in, err := read[Founding](r)
	if err != nil {
		return nil, err
	}
	if in.Name == "" || in.Place == "" {
		return nil, refuse(CodeMissing, "commons", "name, place")
	}
	c, err := s.node.Found(r.Context(), in.Name, in.Place, in.Person, false)
	if err != nil {
		return nil, err
	}
	st, err := commonsStatus(c)
	if err == nil {
		st.Current = true
	}
	return st, err
}

func (s *Server) join(_ http.ResponseWriter, r *http.Request) (any, error) {
	in, err := read[Joining](r)
	if err != nil {
		return nil, err
	}
	j, err := s.node.Join(r.Context(), in.Invitation, in.Place, in.Person)
	if err != nil {
		return nil, err
	}
	out := Joined{ID: j.Commons.ID().String(), Name: j.Commons.Name(), Role: j.Role.String(), Replaced: j.Replaced, Already: j.Already, Again: j.Again}
	if j.Beside != nil {
		out.Kept = j.Beside.Name()
	}
	return out, nil
}

func (s *Server) fingerprint(_ http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	f := c.Fingerprint()
	return Fingerprint{Commons: c.ID().String(), Name: c.Name(), Words: f.String(), Full: f.Hex()}, nil
}

func (s *Server) check(w http.ResponseWriter, r *http.Request) (any, error) {
	c, err := s.commons(r)
	if err != nil {
		return nil, err
	}
	in, err := read[CheckRequest](r)
	if err != nil {
		return nil, err
	}
	out := newLines(w)
	last := time.Now()
	found, err := c.Check(r.Context(), in.ReadData, func(done, total int) {
		if time.Since(last) > 200*time.Millisecond {
			last = time.Now()
			_ = out.send(CheckLine{Progress: &Progress{done, total}}) // if the client went away, ctx ends
		}
	})
	if err != nil {
		out.fail(err)
		return nil, nil
	}
	result := &Check{Changes: found.Entries, Resources: found.Resources, Problems: []string{}}
	for _, p := range found.Problems {
		result.Problems = append(result.Problems, p.Err.Error())
	}
	_ = out.send(CheckLine{Result: result}) // the client went away: there is nobody to tell
	return nil, nil
}

func (s *Server) doctor(http.ResponseWriter, *http.Request) (any, error) {
	return notices(s.node.Examine()), nil
}
