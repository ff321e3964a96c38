package simulated

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/model/run"
	"muster/scenarios"
	"muster/sim"
	"muster/sim/disk"
	"muster/sim/trace"
)

const (
	// nodePort is Nacos's own.
	nodePort = 8848
	// dataFolder is where a node keeps Raft's log and snapshots, on its machine's disk.
	dataFolder = "/data"
	// workloadName is the name of the machine that the clients run on.
	workloadName = "clients"
	// step is how much simulated time passes at most before the stage looks whether the run is to be interrupted.
	step = 100 * time.Millisecond
)

// Options of a stage.
type Options struct {
	// Trace is how much of the trace is written to the run folder; the hash always covers all of it.
	Trace trace.Level
	// Last, if not zero, keeps of a full trace only so much before the end, for runs of months.
	Last time.Duration
}

// Stage plays one run on simulated machines. Make one with New for each run; use it from one goroutine.
type Stage struct {
	programs *Programs
	options  Options

	world     *sim.World
	recorder  *scenarios.Recorder
	traceFile *os.File
	trace     *trace.Writer
	machines  []*sim.Machine
	memory
	meter meter
	// past is the world as it stands since the last fork; nil if it has gone on since. shared is the processor time until then.
	past   *sim.Snapshot
	shared time.Duration
}

// memory is all that a stage remembers, besides its world, from one call to the next. It is plain data, which names machines: it is forked
// and kept with the world.
type memory struct {
	// told holds the boot number of the last program of each machine whose end the recorder was told.
	told map[string]int
	// changed are the ways that strikes in force made slow, lossy or otherwise bad; cutting are the numbers of the cuts in force.
	changed []scenarios.Way
	cutting []int
	// unresolving are the machines whose resolver is silent or fails.
	unresolving []string
	// members are the nodes' addresses as the nodes' files list them; empty where members do not change.
	members []string
	// failpoints are the lines of each machine's file of failpoints; enabled counts how often a machine said that it switched one on.
	failpoints map[string][]string
	enabled    map[string]int
	// struck is what the stage knows of each strike, by number.
	struck map[int]*struck
}

// New makes a stage.
func New(programs *Programs, options Options) *Stage {
	return &Stage{
		programs: programs, options: options,
		memory: memory{
			told: map[string]int{}, failpoints: map[string][]string{}, enabled: map[string]int{}, struck: map[int]*struck{},
		},
	}
}

// Name is "simulated".
func (s *Stage) Name() string { return scenarios.StageSimulated }

// Boot makes the world and boots all machines. Nothing runs before Advance.
func (s *Stage) Boot(ctx context.Context, deployment scenarios.Deployment, recorder *scenarios.Recorder) ([]run.Machine, error) {
	s.recorder = recorder
	s.meter.start()
	if err := s.makeReady(ctx, deployment.Faults); err != nil {
		return nil, err
	}
	err := s.createTrace(deployment)
	if err != nil {
		return nil, err
	}
	s.world, err = sim.New(sim.Options{Seed: deployment.Seed, Output: s.printed, Trace: s.trace})
	if err != nil {
		return nil, err
	}
	machines, err := s.bootNodes(deployment)
	if err != nil {
		return nil, err
	}
	clients, err := s.bootWorkload(deployment, machines)
	if err != nil {
		return nil, err
	}
	return append(machines, clients), nil
}

// bootNodes boots the registry nodes.
func (s *Stage) bootNodes(deployment scenarios.Deployment) ([]run.Machine, error) {
	program := s.programs.registry
	program.Env = slices.Concat(program.Env, deployment.Cluster.FailpointEnvironment())
	var machines []run.Machine
	var members []string
	for number := 1; number <= deployment.Cluster.Nodes+deployment.Cluster.Spares; number++ {
		address := fmt.Sprintf("10.0.0.%d:%d", number, nodePort)
		if number <= deployment.Cluster.Nodes {
			members = append(members, address)
		}
		machines = append(machines, run.Machine{Name: scenarios.NodeName(number), Address: address, Role: "node"})
	}
	for number, machine := range machines {
		arguments := []string{"--addr", machine.Address, "--members", strings.Join(members, ","), "--data", dataFolder, "--insecure"}
		if changesMembers(deployment.Faults) {
			arguments[2], arguments[3] = "--members-file", membersFile
		}
		arguments = append(arguments, s.forFaults(deployment.Faults)...)
		if deployment.Cluster.Accounts != nil {
			arguments = append(arguments, "--accounts", accountsFile)
		}
		arguments = append(arguments, deployment.Cluster.Arguments...)
		booted, err := s.world.Boot(machine.Name, program, arguments...)
		if err != nil {
			return nil, err
		}
		if at := net.JoinHostPort(booted.Address().String(), strconv.Itoa(nodePort)); at != machine.Address {
			return nil, fmt.Errorf("%s has the address %s, not %s as its peers were told", machine.Name, at, machine.Address)
		}
		if err := giveAccounts(booted, deployment.Cluster.Accounts); err != nil {
			return nil, err
		}
		s.machines = append(s.machines, booted)
		if number >= deployment.Cluster.Nodes {
			if err := booted.Kill(); err != nil { // a spare: it has an address, and does not run yet
				return nil, err
			}
		}
	}
	if changesMembers(deployment.Faults) {
		return machines, s.list(members)
	}
	return machines, nil
}

// accountsFile is where nodes find the accounts, if they have any.
const accountsFile = "/accounts"

// giveAccounts puts the accounts, if there are any, on a node's disk.
func giveAccounts(m *sim.Machine, accounts *scenarios.Accounts) error {
	if accounts == nil {
		return nil
	}
	if err := m.Disk().WriteFile(accountsFile, []byte(accounts.File), m.Clock().Wall().UnixNano()); err != disk.OK {
		return fmt.Errorf("writing %s on the disk of %s: error %d", accountsFile, m.Name(), err)
	}
	return nil
}

// bootWorkload boots the machine that the clients run on.
func (s *Stage) bootWorkload(deployment scenarios.Deployment, nodes []run.Machine) (run.Machine, error) {
	load, err := json.Marshal(deployment.Load)
	if err != nil {
		return run.Machine{}, fmt.Errorf("load as JSON: %w", err)
	}
	var urls []string
	for _, node := range nodes {
		if slices.ContainsFunc(deployment.Faults, needsNames) {
			urls = append(urls, fmt.Sprintf("%s=http://%s:%d", node.Name, node.Name, nodePort))
			continue
		}
		urls = append(urls, node.Name+"=http://"+node.Address)
	}
	program := s.programs.workload
	program.Env = slices.Concat(program.Env, deployment.Cluster.Login().Environment(), deployment.Cluster.FailpointEnvironment())
	booted, err := s.world.Boot(workloadName, program,
		"--nodes", strings.Join(urls, ","), "--load", string(load), "--seed", strconv.FormatUint(deployment.Seed, 10))
	if err != nil {
		return run.Machine{}, err
	}
	s.machines = append(s.machines, booted)
	return run.Machine{Name: workloadName, Address: booted.Address().String(), Role: "workload"}, nil
}

// needsNames says whether clients must know nodes by name for a kind of fault: because addresses change, or because it befalls the names.
func needsNames(kind run.Kind) bool {
	return kind == run.KindMove || kind == run.KindSilentResolver || kind == run.KindFailingResolver
}

// printed passes on what a program printed.
func (s *Stage) printed(line sim.Line) {
	s.listen(line)
	s.recorder.Printed(line.Machine, run.LogLine{T: line.At, Boot: line.Boot, Stream: line.Stream, Text: line.Text})
}

// Now is virtual time.
func (s *Stage) Now() time.Duration {
	if s.world == nil {
		return 0
	}
	return s.world.Now()
}

// Advance lets virtual time pass.
func (s *Stage) Advance(ctx context.Context, until time.Duration) error {
	s.goOn()
	for s.world.Now() < until {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.world.Run(min(step, until-s.world.Now())); err != nil {
			return err
		}
		s.lookForEnds()
	}
	return nil
}

// lookForEnds tells the recorder of programs that have ended by themselves.
func (s *Stage) lookForEnds() {
	for _, m := range s.machines {
		if m.Status() != sim.Exited || s.told[m.Name()] == m.BootNumber() {
			continue
		}
		s.told[m.Name()] = m.BootNumber()
		exit := m.Exit()
		reason := fmt.Sprintf("exit status %d", exit.Code)
		if exit.Reason != "" {
			reason += ", " + exit.Reason
		}
		if words := m.LastWords(); exit.Code != 0 && len(words) > 0 {
			reason += ": " + words[len(words)-1]
		}
		s.recorder.Exited(m.Name(), exit.At, reason, exit.Code == 0 && exit.Reason == "")
	}
}

// Clocks says how far each machine's wall clock is off.
func (s *Stage) Clocks() []run.ClockSample {
	var samples []run.ClockSample
	for _, m := range s.machines {
		samples = append(samples, run.ClockSample{T: s.world.Now(), Machine: m.Name(), Offset: m.Clock().Skew()})
	}
	return samples
}

// Finish closes the trace and names the run by its hash.
func (s *Stage) Finish(context.Context) (scenarios.Ending, error) {
	ending := scenarios.Ending{
		Guests:   s.guests(),
		Versions: versions(),
		Options:  s.optionsGiven(),
		Flags:    s.flagsGiven(),
	}
	if s.world == nil {
		return ending, nil
	}
	ending.TraceHash, ending.TraceRecords = trace.FormatHash(s.world.TraceHash()), s.world.TraceRecords()
	s.goOn()
	err := s.world.Close()
	ending.CPU, ending.Shared = s.shared+s.meter.stop(), s.shared
	return ending, err
}

// Close drops the world, whatever state it is in.
func (s *Stage) Close() error {
	var err error
	s.forget()
	if s.world != nil {
		err = s.world.Close()
	}
	if s.traceFile != nil {
		err = errors.Join(err, s.traceFile.Close())
		s.traceFile = nil
	}
	s.meter.stop()
	return err
}

// versions of what a simulated run depends on besides its guests.
func versions() map[string]string {
	found := map[string]string{"go": runtime.Version()}
	if build, ok := debug.ReadBuildInfo(); ok {
		if own := build.Main.Version; own != "" && own != "(devel)" { // else it was not built in its repository
			found["muster"] = own
		}
		for _, module := range build.Deps {
			if module.Path == "github.com/tetratelabs/wazero" {
				found["wazero"] = module.Version
			}
		}
	}
	return found
}
