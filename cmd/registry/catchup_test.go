package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClientsAreServedOnceNothingIsMissing(t *testing.T) {
	const never = time.Hour
	for _, c := range []struct {
		name string
		// applied is when the node holds what Raft committed, led from when on until when it knows a leader; loaded is when its peers have told
		// all, and told until when they have more to tell.
		applied, ledFrom, ledUntil, loaded, told time.Duration
		want                                     time.Duration
	}{
		{"all is there", 0, 0, never, 0, 0, 0},
		{"Raft applies for long", time.Minute, time.Second, never, 0, 0, time.Minute},
		{"peers tell for long", 0, 0, never, time.Minute, time.Minute, time.Minute},
		{"both", 20 * time.Second, 0, never, time.Minute, time.Minute, time.Minute},
		{"nobody is there", never, never, never, never, 0, catchUpTime},
		{"no majority, peers tell for long", never, never, never, time.Minute, time.Minute, time.Minute},
		{"the leader goes", never, 0, 20 * time.Second, 0, 0, 20 * time.Second},
		{"the peer goes in the midst of it", 0, 0, never, never, 20 * time.Second, 20 * time.Second},
		{"a peer comes in time", 0, 0, never, catchUpTime - time.Second, never, catchUpTime - time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, loaded := time.Now(), make(chan struct{})
				if c.loaded != never {
					time.AfterFunc(c.loaded, func() { close(loaded) })
				}
				passed := func(moment time.Duration) bool { return time.Since(began) >= moment }
				catchUp(t.Context(), sources{
					barrier: func(context.Context) error {
						if !passed(c.applied) {
							return errors.New("not applied")
						}
						return nil
					},
					led:    func() bool { return passed(c.ledFrom) && !passed(c.ledUntil) },
					loaded: loaded, loading: func() bool { return !passed(c.told) },
				}, slog.New(slog.DiscardHandler))
				require.InDelta(t, c.want.Seconds(), time.Since(began).Seconds(), 0.11)
			})
		})
	}
}

func TestStoppedNodeDoesNotCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		catchUp(ctx, sources{barrier: func(context.Context) error { return errors.New("no leader") }, led: func() bool { return true }}, slog.New(slog.DiscardHandler))
		require.Equal(t, time.Second, time.Since(began))
	})
}
