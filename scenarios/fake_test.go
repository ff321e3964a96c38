package scenarios

import (
	"context"
	"fmt"
	"time"

	"muster/checker"
	"muster/model"
	"muster/model/run"
)

// fakeStage plays scenarios without machines: it does what a test's script says at given times.
type fakeStage struct {
	name     string
	now      time.Duration
	recorder *Recorder
	script   []scripted
	booted   Deployment
	strikes  []Strike
	toggled  []string
	asked    []int
	finished bool
	// refuse says why a kind of fault cannot be struck.
	refuse map[run.Kind]error
}

// scripted is something that happens on stage at a time.
type scripted struct {
	at time.Duration
	do func(*fakeStage)
}

func (s *fakeStage) Name() string { return s.name }

func (s *fakeStage) Boot(_ context.Context, deployment Deployment, recorder *Recorder) ([]run.Machine, error) {
	s.booted, s.recorder = deployment, recorder
	var machines []run.Machine
	for number := 1; number <= deployment.Cluster.Nodes; number++ {
		machines = append(machines, run.Machine{Name: NodeName(number), Address: fmt.Sprintf("10.0.0.%d:8848", number), Role: "node"})
	}
	return append(machines, run.Machine{Name: "w1", Address: "10.0.1.1", Role: "workload"}), nil
}

func (s *fakeStage) Advance(ctx context.Context, until time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for len(s.script) > 0 && s.script[0].at <= until {
		s.now = s.script[0].at
		s.script[0].do(s)
		s.script = s.script[1:]
	}
	s.now = until
	return nil
}

func (s *fakeStage) Now() time.Duration { return s.now }

func (s *fakeStage) Strike(_ context.Context, strike Strike) (time.Duration, error) {
	if err := s.refuse[strike.Kind]; err != nil {
		return 0, err
	}
	s.strikes = append(s.strikes, strike)
	return s.now, nil
}

func (s *fakeStage) Toggle(_ context.Context, number int, there bool) error {
	s.toggled = append(s.toggled, fmt.Sprintf("%v: %d %t", s.now, number, there))
	return nil
}

func (s *fakeStage) Evidence(number int) Evidence {
	s.asked = append(s.asked, number)
	return Evidence{Bit: true, Text: fmt.Sprintf("bit %d by %v", number, s.now)}
}

func (s *fakeStage) Clocks() []run.ClockSample {
	return []run.ClockSample{{T: s.now, Machine: "n1", Offset: time.Millisecond}}
}

func (s *fakeStage) Finish(context.Context) (Ending, error) {
	s.finished = true
	return Ending{TraceHash: "abc", TraceRecords: 3, Versions: map[string]string{"go": "go1"}, Options: map[string]string{"loss": "0.1"}}, nil
}

func (s *fakeStage) Close() error { return nil }

// prints has a machine print a line on standard output (1) or standard error (2).
func prints(at time.Duration, machine string, stream int, format string, arguments ...any) scripted {
	return scripted{at, func(s *fakeStage) {
		s.recorder.Printed(machine, run.LogLine{T: at, Boot: 1, Stream: stream, Text: fmt.Sprintf(format, arguments...)})
	}}
}

// leads has a node log that it leads in a term.
func leads(at time.Duration, machine string, term int) scripted {
	return prints(at, machine, 2, `{"msg":"raft.state","state":"leader","term":%d}`, term)
}

// exits has a machine's program end.
func exits(at time.Duration, machine, reason string, orderly bool) scripted {
	return scripted{at, func(s *fakeStage) { s.recorder.Exited(machine, at, reason, orderly) }}
}

// small is a scenario that is right as it stands.
func small(plan ...Step) Scenario {
	return Scenario{
		Name: "small", Claim: "Nothing much happens.", Source: "tests", Profiles: []Profile{Nacos1}, Cluster: Nodes(3),
		Load: model.Load{
			EphemeralClients: 1, EphemeralServices: 1, OperationsPerSecond: 1, Timeout: time.Second, BeatInterval: 5 * time.Second,
			Stop: 5 * time.Second,
		},
		Plan: plan, Lasts: 10 * time.Second, Expect: Expect{checker.Converged: checker.Holds},
	}
}
