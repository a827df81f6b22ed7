//go:build !linux

package transport

import "context"

// listenForChanges leaves it to polling.
func listenForChanges(context.Context, func()) {}
