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
	// members are the addresses of those that are members, and disks those that can be filled, by machine.
	members []string
	disks   map[string]disk
	closed  bool
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
	names := make([]string, deployment.Cluster.Nodes+deployment.Cluster.Spares)
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
	var urls []string
	for i, name := range names {
		address := s.host.address(name)
		if i < deployment.Cluster.Nodes {
			s.members = append(s.members, address)
		}
		urls = append(urls, name+"=http://"+address)
		machines = append(machines, run.Machine{Name: name, Address: address, Role: "node"})
	}
	if err := s.list(s.members); err != nil {
		return nil, err
	}
	if slices.Contains(deployment.Faults, run.KindFullDisk) {
		s.disks = mountDisks(ctx, s.scratch, names)
	}
	if accounts := deployment.Cluster.Accounts; accounts != nil {
		if err := os.WriteFile(s.accountsFile(), []byte(accounts.File), 0o600); err != nil {
			return nil, fmt.Errorf("live stage: accounts: %w", err)
		}
	}
	running := names[:deployment.Cluster.Nodes]
	for _, name := range names {
		s.processes[name] = s.newProcess(name, s.nodeArguments(name, deployment), deployment.Cluster.FailpointEnvironment()...)
	}
	for _, name := range running {
		if err := s.processes[name].start(); err != nil {
			return nil, err
		}
	}
	for _, name := range running {
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
		"--seed", strconv.FormatUint(deployment.Seed, 10)})
	s.processes[workloadName].environment = append(environment(deployment.Cluster.Login()), deployment.Cluster.FailpointEnvironment()...)
	if err := s.processes[workloadName].start(); err != nil {
		return nil, err
	}
	return append(machines, run.Machine{Name: workloadName, Address: s.host.address(workloadName), Role: "workload"}), nil
}

// nodeArguments are the command line of a node, with what the faults to come need.
func (s *Stage) nodeArguments(name string, deployment scenarios.Deployment) []string {
	arguments := []string{s.options.Programs.Registry, "--addr", s.host.address(name), "--data", s.dataFolder(name), "--insecure"}
	if slices.ContainsFunc(deployment.Faults, func(kind run.Kind) bool { return kind.Family() == run.MembershipFamily }) {
		arguments = append(arguments, "--members-file", s.membersFile())
	} else {
		arguments = append(arguments, "--members", strings.Join(s.members, ","))
	}
	if slices.Contains(deployment.Faults, run.KindFailpoint) {
		arguments = append(arguments, "--failpoints", s.failpointsFile(name))
	}
	if deployment.Cluster.Accounts != nil {
		arguments = append(arguments, "--accounts", s.accountsFile())
	}
	return append(arguments, deployment.Cluster.Arguments...)
}

func (s *Stage) dataFolder(name string) string { return filepath.Join(s.scratch, name) }
func (s *Stage) membersFile() string           { return filepath.Join(s.scratch, "members") }
func (s *Stage) accountsFile() string          { return filepath.Join(s.scratch, "accounts") }
func (s *Stage) failpointsFile(name string) string {
	return filepath.Join(s.scratch, name+".failpoints")
}

// newProcess describes a program that is to run on one of the host's machines.
func (s *Stage) newProcess(name string, arguments []string, environment ...string) *process {
	return &process{
		name:        name,
		arguments:   s.host.command(name, arguments),
		environment: append(os.Environ(), environment...),
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
	for _, name := range sortedNames(s.disks) {
		failed = append(failed, s.disks[name].close())
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
