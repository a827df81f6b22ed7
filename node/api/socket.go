package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Serve serves handler on the unix socket of the data folder until ctx ends.
// listening is called once the socket answers. The folder is made private, and
// of other users only root is heard.
func Serve(ctx context.Context, dir string, handler http.Handler, listening func()) error {
	path := filepath.Join(dir, SocketName)
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder private: %w", err)
	}
	// Who serves holds the store's lock, so a socket that is there is left over.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove an old socket: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return fmt.Errorf("listen on the socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	return ServeHTTP(ctx, &ownListener{l}, handler, listening)
}

// ServeHTTP serves handler on l until ctx ends; requests under way may finish.
func ServeHTTP(ctx context.Context, l net.Listener, handler http.Handler, listening func()) error {
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	s := &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	listening()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	end() // streams end, requests that wait give up
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := s.Shutdown(grace)
	<-done
	return err
}

// ownListener accepts connections of this process' user, and of root.
type ownListener struct{ *net.UnixListener }

// Accept waits for the next permitted connection.
func (l *ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if user, known := userOf(c); !known || user == os.Getuid() || user == 0 {
			return c, nil
		}
		c.Close()
	}
}
