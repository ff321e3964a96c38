package main

import (
	"context"
	"testing"
	"time"

	"muster/model/run"
	"muster/scenarios"
)

// quietStage has one node, on which nothing happens.
type quietStage struct {
	now time.Duration
	// advanced is told of each step; nil: nobody is.
	advanced func(time.Duration)
	// stops is what ends the run at its first step; nil: nothing does.
	stops error
	// hash names the run.
	hash string
}

func newCancel(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

func (s *quietStage) Name() string { return scenarios.StageSimulated }

func (s *quietStage) Boot(context.Context, scenarios.Deployment, *scenarios.Recorder) ([]run.Machine, error) {
	return []run.Machine{{Name: "n1", Address: "10.0.0.1:8848", Role: "node"}}, nil
}

func (s *quietStage) Advance(ctx context.Context, until time.Duration) error {
	if s.stops != nil {
		return s.stops
	}
	s.now = until
	if s.advanced != nil {
		s.advanced(until)
	}
	return ctx.Err()
}

func (s *quietStage) Now() time.Duration { return s.now }

func (s *quietStage) Toggle(context.Context, int, bool) error { return nil }

func (s *quietStage) Strike(context.Context, scenarios.Strike) (time.Duration, error) {
	return s.now, nil
}

func (s *quietStage) Evidence(int) scenarios.Evidence { return scenarios.Evidence{} }

func (s *quietStage) Clocks() []run.ClockSample { return nil }

func (s *quietStage) Finish(context.Context) (scenarios.Ending, error) {
	return scenarios.Ending{TraceHash: s.hash}, nil
}

func (s *quietStage) Close() error { return nil }
