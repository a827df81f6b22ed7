package transport

import (
	"context"
	"reflect"
	"time"
)

const (
	// watchPoll is how often the interfaces are listed if the system doesn't
	// say by itself that they have changed, or says it and is missed.
	watchPoll = 3 * time.Second
	// watchSettle gathers what the system says in one go.
	watchSettle = 20 * time.Millisecond
)

// WatchInterfaces calls changed with this machine's interfaces, at once and
// whenever they or their addresses are others, until ctx ends. On Linux the
// kernel tells; elsewhere they are looked at every few seconds.
func WatchInterfaces(ctx context.Context, changed func([]Interface)) {
	told := make(chan struct{}, 1)
	listening, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		listenForChanges(listening, func() {
			select {
			case told <- struct{}{}:
			default:
			}
		})
	}()
	defer func() { cancel(); <-done }()
	poll := time.NewTicker(watchPoll)
	defer poll.Stop()
	var last []Interface
	for first := true; ; first = false {
		if now, err := Interfaces(); err == nil && (first || !reflect.DeepEqual(now, last)) {
			last = now
			changed(now)
		}
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		case <-told:
			settle := time.NewTimer(watchSettle)
			select {
			case <-settle.C:
			case <-ctx.Done():
				settle.Stop()
				return
			}
		}
	}
}
