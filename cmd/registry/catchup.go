package main

import (
	"context"
	"log/slog"
	"time"
)

// catchUpTime is how long a node that starts waits for somebody to tell it what others know. Where nobody does, since all are dead or cut
// off, it serves what it has by itself: ephemeral instances need no majority.
const catchUpTime = 5 * time.Second

// catchUpPause is between two looks at what is still missing.
const catchUpPause = catchUpTime / 50

// sources are where a node that starts learns what it missed.
type sources struct {
	// barrier returns without an error once the node holds all that Raft had committed; led says whether it knows a leader.
	barrier func(context.Context) error
	led     func() bool
	// loaded is closed when the node has its peers' ephemeral clients; loading says whether peers that can be reached have more to tell.
	loaded  <-chan struct{}
	loading func() bool
}

// catchUp waits until the node knows what others know, however long that takes: who serves earlier shows clients that instances have gone
// which have not. For those who cannot be reached it waits catchUpTime, or until each was asked once, which may take longer where many are gone.
func catchUp(ctx context.Context, from sources, log *slog.Logger) {
	limit := time.Now().Add(catchUpTime)
	patient := func() bool { return time.Now().Before(limit) }
	defer time.AfterFunc(2*catchUpTime, func() { log.Warn("clients are not served yet: others know more than is known here") }).Stop()
	for from.barrier(ctx) != nil && (patient() || from.led()) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(catchUpPause):
		}
	}
	for pause := time.Until(limit); patient() || from.loading(); pause = catchUpPause {
		select {
		case <-ctx.Done():
			return
		case <-from.loaded:
			return
		case <-time.After(pause):
		}
	}
}
