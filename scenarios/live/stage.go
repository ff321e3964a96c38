package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"muster/model/run"
	"muster/scenarios"
)

// orderlyEnd is how long a program may take to end after SIGTERM before it is killed.
const orderlyEnd = 10 * time.Second

// workloadName is the name of the machine that the clients run on.
const workloadName = "clients"

// Options says what the stage runs.
type Options struct {
	// Programs are the executables that it starts.
	Programs Programs
	// Loopback keeps all processes on the loopback interface even where network namespaces could be made.
	Loopback bool
}

// Stage runs a scenario on processes of this host. Make one with New for each run.
type Stage struct {
	options Options
	host    host
	// scratch holds the nodes' data folders.
	scratch   string
	recorder  *scenarios.Recorder
	began     time.Time
	processes map[string]*process
	// news is what the recorder is told; it is held back until the driver knows all machines.
	news news
	// inForce are the strikes that have not been undone, and struck all there have been, by number.
	inForce []scenarios.Strike
	struck  map[int]*strikeState
	closed  bool
}

// strikeState is what the stage remembers of a strike, to say in the end whether it bit.
type strikeState struct {
	strike scenarios.Strike
	// lostBefore is the count of swallowed packets when it struck, and lost how many it has swallowed, once it was undone.
	lostBefore uint64
	// hit says that every machine it names was running when it struck.
	hit bool
	// away says that a cut that comes and goes is not there now.
	away bool
}

// New makes a stage.
func New(options Options) *Stage {
	return &Stage{
		options:   options,
		processes: map[string]*process{},
		struck:    map[int]*strikeState{},
	}
}

// Name is "live".
func (s *Stage) Name() string { return scenarios.StageLive }

// Now is the time since Boot began.
func (s *Stage) Now() time.Duration {
	if s.began.IsZero() {
		return 0
	}
	return time.Since(s.began)
}

// Boot starts the nodes, waits until each accepts connections, and starts the workload.
func (s *Stage) Boot(ctx context.Context, deployment scenarios.Deployment, recorder *scenarios.Recorder) ([]run.Machine, error) {
	names := make([]string, deployment.Cluster.Nodes)
	for i := range names {
		names[i] = scenarios.NodeName(i + 1)
	}
	var err error
	if s.scratch, err = os.MkdirTemp("", "muster-live-"); err != nil {
		return nil, fmt.Errorf("live stage: data folders: %w", err)
	}
	if s.host, err = newHost(ctx, names, workloadName, s.options.Loopback); err != nil {
		return nil, fmt.Errorf("live stage: %w", err)
	}
	s.recorder, s.began = recorder, time.Now()

	var machines []run.Machine
	var members, urls []string
	for _, name := range names {
		address := s.host.address(name)
		members = append(members, address)
		urls = append(urls, name+"=http://"+address)
		machines = append(machines, run.Machine{Name: name, Address: address, Role: "node"})
	}
	failpoints := deployment.Cluster.FailpointTerms()
	for _, name := range names {
		arguments := append([]string{s.options.Programs.Registry,
			"--addr", s.host.address(name),
			"--members", strings.Join(members, ","),
			"--data", filepath.Join(s.scratch, name)}, deployment.Cluster.Arguments...)
		s.processes[name] = s.newProcess(name, arguments, failpoints)
		if err := s.processes[name].start(); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if err := s.processes[name].awaitReady(ctx); err != nil {
			return nil, err
		}
	}

	load, err := json.Marshal(deployment.Load)
	if err != nil {
		return nil, fmt.Errorf("live stage: load as JSON: %w", err)
	}
	s.processes[workloadName] = s.newProcess(workloadName, []string{s.options.Programs.Workload,
		"--nodes", strings.Join(urls, ","),
		"--load", string(load),
		"--seed", strconv.FormatUint(deployment.Seed, 10)}, "")
	if err := s.processes[workloadName].start(); err != nil {
		return nil, err
	}
	return append(machines, run.Machine{Name: workloadName, Address: s.host.address(workloadName), Role: "workload"}), nil
}

// newProcess describes a program that is to run on one of the host's machines.
func (s *Stage) newProcess(name string, arguments []string, failpoints string) *process {
	environment := os.Environ()
	if failpoints != "" {
		environment = append(environment, "GO_FAILPOINTS="+failpoints)
	}
	return &process{
		name:        name,
		arguments:   s.host.command(name, arguments),
		environment: environment,
		since:       s.began,
		printed: func(line run.LogLine) {
			s.news.tell(func() { s.recorder.Printed(name, line) })
		},
		exited: func(t time.Duration, reason string, orderly bool) {
			s.news.tell(func() { s.recorder.Exited(name, t, reason, orderly) })
		},
	}
}

// Advance waits until that true time.
func (s *Stage) Advance(ctx context.Context, until time.Duration) error {
	s.news.release()
	return wait(ctx, until-s.Now())
}

// wait lets real time pass.
func wait(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Strike does what can be done to processes and to the network between them.
func (s *Stage) Strike(ctx context.Context, strike scenarios.Strike) (time.Duration, error) {
	state := &strikeState{strike: strike, hit: true}
	state.lostBefore, _ = s.host.swallowed(ctx)
	for _, name := range strike.Machines {
		if s.processes[name] == nil {
			return 0, fmt.Errorf("%s: there is no machine %q on this stage", strike.Kind, name)
		}
	}
	before := s.inForce
	s.struck[strike.Number] = state
	s.inForce = slices.DeleteFunc(slices.Clone(before), func(other scenarios.Strike) bool { return slices.Contains(strike.Undone, other.Number) })
	if strike.Kind.Lasts() {
		s.inForce = append(s.inForce, strike)
	}
	if err := s.strike(ctx, strike, state); err != nil {
		delete(s.struck, strike.Number)
		s.inForce = before
		return 0, err
	}
	return s.Now(), nil
}

func (s *Stage) strike(ctx context.Context, strike scenarios.Strike, state *strikeState) error {
	each := func(do func(*process) error) error {
		for _, name := range strike.Machines {
			if err := do(s.processes[name]); err != nil {
				return fmt.Errorf("%s %s: %w", strike.Kind, name, err)
			}
		}
		return nil
	}
	switch strike.Kind {
	case run.KindIsolate, run.KindPartition, run.KindBridge, run.KindMajorityRing, run.KindCut, run.KindHeal:
		if strike.Rejects {
			return fmt.Errorf("%w: its cuts swallow what they stop", scenarios.ErrUnsupported)
		}
		return s.host.cut(ctx, s.cuts())
	case run.KindKill:
		return each(func(p *process) error {
			state.hit = state.hit && p.running()
			return p.kill()
		})
	case run.KindRestart:
		return each(func(p *process) error {
			state.hit = state.hit && !p.running()
			return p.start()
		})
	case run.KindPause:
		return each(func(p *process) error {
			state.hit = state.hit && p.running()
			return p.pause()
		})
	case run.KindResume:
		return each((*process).resume)
	case run.KindCrash:
		return fmt.Errorf("%w: the power of a process cannot be cut: what it wrote is in the kernel's hands (kill ends a process)", scenarios.ErrUnsupported)
	}
	if strike.Kind.Family() == run.ClockFamily {
		return fmt.Errorf("%w: all processes of a host share its clock", scenarios.ErrUnsupported)
	}
	return fmt.Errorf("%w: %s is unknown to the live stage", scenarios.ErrUnsupported, strike.Kind)
}

// cuts are the ways on which packets must vanish: those of all cuts in force that are there now.
func (s *Stage) cuts() []scenarios.Way {
	var cuts []scenarios.Way
	for _, strike := range s.inForce {
		if isCut(strike.Kind) && !s.struck[strike.Number].away {
			cuts = append(cuts, strike.Ways...)
		}
	}
	return cuts
}

// isCut says whether a kind makes packets vanish.
func isCut(kind run.Kind) bool {
	switch kind {
	case run.KindIsolate, run.KindPartition, run.KindBridge, run.KindMajorityRing, run.KindCut:
		return true
	}
	return false
}

// Toggle has a cut go, or come back.
func (s *Stage) Toggle(ctx context.Context, number int, there bool) error {
	state := s.struck[number]
	if state == nil || !isCut(state.strike.Kind) {
		return fmt.Errorf("strike %d cannot come and go: it is no cut in force", number)
	}
	state.away = !there
	return s.host.cut(ctx, s.cuts())
}

// Evidence counts packets that vanished since a cut, or says whether the programs that a strike named were there to be struck.
func (s *Stage) Evidence(number int) scenarios.Evidence {
	state := s.struck[number]
	if state == nil {
		return scenarios.Evidence{Text: "not struck"}
	}
	switch state.strike.Kind {
	case run.KindIsolate, run.KindPartition, run.KindBridge, run.KindMajorityRing, run.KindCut:
		swallowed, err := s.host.swallowed(context.Background())
		if err != nil {
			return scenarios.Evidence{Text: "packets were not counted: " + err.Error()}
		}
		lost := swallowed - state.lostBefore
		return scenarios.Evidence{Bit: lost > 0, Text: fmt.Sprintf("%d packets dropped", lost)}
	case run.KindKill, run.KindPause:
		if !state.hit {
			return scenarios.Evidence{Text: "a program was not running when it struck"}
		}
		return scenarios.Evidence{Bit: true, Text: "the program was running when it struck"}
	case run.KindRestart:
		for _, name := range state.strike.Machines {
			if !s.processes[name].running() {
				return scenarios.Evidence{Text: name + " does not run"}
			}
		}
		return scenarios.Evidence{Bit: state.hit, Text: "the program runs again"}
	}
	return scenarios.Evidence{Bit: true, Text: "done"}
}

// Clocks says nothing: the processes share this host's clock, which cannot be compared with a better one.
func (s *Stage) Clocks() []run.ClockSample { return nil }

// Finish ends all programs in good order, the clients first, so that open operations are completed.
func (s *Stage) Finish(ctx context.Context) (scenarios.Ending, error) {
	s.news.release()
	ctx, cancel := context.WithTimeout(ctx, 2*orderlyEnd)
	defer cancel()
	var failed []error
	if workload := s.processes[workloadName]; workload != nil {
		failed = append(failed, workload.end(orderlyEnd))
	}
	var ending sync.WaitGroup
	errs := make([]error, len(s.processes))
	for i, name := range sortedNames(s.processes) {
		ending.Go(func() { errs[i] = s.processes[name].end(orderlyEnd) })
	}
	ending.Wait()
	guests, err := s.options.Programs.identify()
	failed = append(failed, append(errs, err)...)
	var spent time.Duration
	for _, name := range sortedNames(s.processes) {
		spent += s.processes[name].spent()
	}
	return scenarios.Ending{
		Guests:   guests,
		Versions: map[string]string{"go": runtime.Version()},
		Options:  map[string]string{"network": s.host.describe()},
		Flags:    s.flags(),
		CPU:      spent,
	}, errors.Join(append(failed, ctx.Err())...)
}

// flags are those of the command that runs on such a stage.
func (s *Stage) flags() []string {
	if s.options.Loopback {
		return []string{"--loopback"}
	}
	return nil
}

// Close kills what still runs and removes the machines and their data.
func (s *Stage) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	var failed []error
	for _, name := range sortedNames(s.processes) {
		failed = append(failed, s.processes[name].kill())
	}
	if s.host != nil {
		failed = append(failed, s.host.close())
	}
	if s.scratch != "" {
		failed = append(failed, os.RemoveAll(s.scratch))
	}
	return errors.Join(failed...)
}

// news passes on what happens, in the order in which it was told, but nothing before its release.
type news struct {
	mutex    sync.Mutex
	released bool
	held     []func()
}

func (n *news) tell(item func()) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if !n.released {
		n.held = append(n.held, item)
		return
	}
	item()
}

func (n *news) release() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.released = true
	for _, item := range n.held {
		item()
	}
	n.held = nil
}

// sortedNames are a map's keys in order.
func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
