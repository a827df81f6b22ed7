package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// ErrNoNode: nobody answers at the socket.
var ErrNoNode = errors.New("api: no node is running on this data folder")

// A Client speaks to a node through its socket.
type Client struct {
	http    *http.Client
	commons string
}

// NewClient returns a client of the node that listens at the unix socket. The
// commons is a name or an id; "" is the one used last.
func NewClient(socket, commons string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoNode, err)
		}
		return c, nil
	}
	return &Client{&http.Client{Transport: &http.Transport{DialContext: dial, DisableCompression: true}}, commons}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Get asks for path and decodes the answer into out.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	return c.call(ctx, http.MethodGet, path, query, nil, out)
}

// Send sends in as JSON by the given method and decodes the answer into out,
// unless that is nil.
func (c *Client) Send(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	return c.call(ctx, method, path, nil, body, out)
}

func (c *Client) call(ctx context.Context, method, path string, query url.Values, body []byte, out any) error {
	resp, err := c.do(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	if raw, ok := out.(io.Writer); ok {
		_, err = io.Copy(raw, resp.Body)
		return err
	}
	return decode(resp, out)
}

// decode reads an answer to its end.
func decode(resp *http.Response, out any) error {
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("read the node's answer: %w", err)
	}
	return nil
}

// Stream sends in as JSON and calls each with every line of the answer, as it
// comes. A line that is an error ends it.
func (c *Client) Stream(ctx context.Context, method, path string, query url.Values, in any, each func(json.RawMessage) error) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	resp, err := c.do(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	return eachLine(resp, each)
}

// eachLine hands over an answer a line at a time.
func eachLine(resp *http.Response, each func(json.RawMessage) error) error {
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 1 {
			var failed errorBody
			if json.Unmarshal(line, &failed) == nil && failed.Error != nil {
				return failed.Error
			}
			if err := each(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the node's answer: %w", err)
		}
	}
}

func (c *Client) do(ctx context.Context, method, path string, query url.Values, body []byte, header ...string) (*http.Response, error) {
	if body != nil {
		header = append(header, "Content-Type", "application/json")
	}
	return c.send(ctx, method, path, query, bytes.NewReader(body), header...)
}

// Follow asks for server-sent events, from after the one of that id on if there
// is one, and returns them as they come until ctx ends.
func (c *Client) Follow(ctx context.Context, path, last string) (io.ReadCloser, error) {
	resp, err := c.do(ctx, http.MethodGet, path, nil, nil, "Last-Event-ID", last)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// send sends a body as it comes, with headers as names and values.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body io.Reader, header ...string) (*http.Response, error) {
	if query == nil {
		query = url.Values{}
	}
	if c.commons != "" {
		query.Set("commons", c.commons)
	}
	target := "http://navette" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] != "" {
			req.Header.Set(header[i], header[i+1])
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		return nil, errors.Join(readError(resp.Status, b), err)
	}
	return resp, nil
}
