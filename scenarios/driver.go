package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"muster/model"
	"muster/model/run"
)

// tick is how often clocks are sampled and the driver looks whether a program has ended.
const tick = 500 * time.Millisecond

// Drive plays a scenario on a stage and leaves a run folder. It returns what it wrote to run.json.
//
// The folder's growing files can be read at any time. If the context ends, a program dies that no fault struck, or the stage
// breaks, the run ends there: the folder is completed as far as it got, run.json says why under "interrupted", and Drive returns
// an error that says the same. The folder must be new, empty, or an earlier run's, which is then replaced.
func Drive(ctx context.Context, stage Stage, scenario Scenario, seed uint64, folder run.Folder) (run.Run, error) {
	play, err := Begin(ctx, stage, scenario, seed, folder)
	if err != nil {
		return run.Run{}, err
	}
	return play.End(ctx)
}

// driver is one run under way.
type driver struct {
	stage    Stage
	scenario Scenario
	seed     uint64
	folder   run.Folder
	header   model.Header
	recorder *Recorder
	run      run.Run
	// plan holds the strike of number n at place n-1; those are the steps of the scenario's plan that have been done.
	plan run.Plan
	// seen is how many ended programs have been looked at.
	seen int
	// flapping are the cuts in force that come and go.
	flapping []flapping
}

// newDriver makes a driver without a recorder.
func newDriver(stage Stage, scenario Scenario, seed uint64, folder run.Folder) (*driver, error) {
	if err := scenario.Validate(); err != nil {
		return nil, err
	}
	scenario = scenario.Drawn(seed)
	details, err := scenario.JSON()
	if err != nil {
		return nil, err
	}
	d := &driver{stage: stage, scenario: scenario, seed: seed, folder: folder}
	d.header = model.Header{
		Format: model.HistoryFormat, Scenario: scenario.Name, Seed: seed, Stage: stage.Name(), Profile: string(scenario.Profiles[0]),
	}
	for number := 1; number <= scenario.Cluster.Nodes; number++ {
		d.header.Nodes = append(d.header.Nodes, NodeName(number))
	}
	d.run = run.Run{
		Format: run.Format, Scenario: scenario.Name, Claim: scenario.Claim, Seed: seed, Stage: stage.Name(),
		Profile: d.header.Profile, Interrupted: "not over: it still runs, or was killed", Options: map[string]string{},
		Replay: replayCommand(stage.Name(), scenario, seed), Expect: map[string]string{}, Details: details,
	}
	if stage.Name() != StageSimulated {
		d.run.Began = time.Now()
	}
	if scenario.Load.Protocol != model.HTTP {
		d.run.Protocol = string(scenario.Load.Protocol)
	}
	for property, outcome := range scenario.Expect {
		d.run.Expect[string(property)] = string(outcome)
	}
	if defects := scenario.Cluster.Defects(); len(defects) > 0 {
		d.run.Options[run.OptionDefects] = strings.Join(defects, ", ")
	}
	d.plan = run.Plan{Format: run.Format, Strikes: []run.Strike{}}
	return d, nil
}

// Names of the stages.
const (
	StageSimulated = "simulated"
	StageLive      = "live"
)

// replayCommand is the command that runs a run again.
func replayCommand(stage string, scenario Scenario, seed uint64) string {
	command := "simulate"
	if stage == StageLive {
		command = "live"
	}
	if scenario.Command != "" {
		command = scenario.Command
	}
	words := []string{"muster", command, cmp.Or(scenario.File, scenario.Name), "--seed", strconv.FormatUint(seed, 10)}
	if scenario.Command == "" {
		if listed, _ := Find(scenario.Name); listed.Load.Protocol != scenario.Load.Protocol {
			words = append(words, "--protocol", string(scenario.Load.Protocol))
		}
		if scenario.Profiles[0] == Nacos1 {
			words = append(words, "--profile", string(Nacos1))
		}
	}
	for _, defect := range scenario.Cluster.Defects() {
		words = append(words, "--defect", defect)
	}
	return run.CommandLine(words...)
}

// deployment is what the stage is to start.
func (d *driver) deployment() Deployment {
	return Deployment{
		Scenario: d.scenario.Name, Profile: d.scenario.Profiles[0], Seed: d.seed, Cluster: d.scenario.Cluster,
		Load: d.scenario.Load, Faults: d.scenario.Plan.Kinds(), Lasts: d.scenario.Lasts, Folder: d.folder,
	}
}

// boot boots the machines.
func (d *driver) boot(ctx context.Context) error {
	machines, err := d.stage.Boot(ctx, d.deployment(), d.recorder)
	if err != nil {
		return fmt.Errorf("booting the %s stage: %w", d.stage.Name(), err)
	}
	d.run.Machines = machines
	d.recorder.machines(machines)
	return d.writeState()
}

// play goes through the plan, up to a time and what happens by itself then, or to what interrupts it.
func (d *driver) play(ctx context.Context, until time.Duration) error {
	for done := len(d.plan.Strikes); done < len(d.scenario.Plan); done++ {
		step := d.scenario.Plan[done]
		at := d.draw(done+1, step)
		if at >= until {
			break
		}
		if err := d.advance(ctx, at); err != nil {
			return err
		}
		if err := d.strike(ctx, done+1, step.Fault); err != nil {
			return err
		}
	}
	return d.advance(ctx, until)
}

// Names of options in run.json: what a strike came to, and when it was drawn to come.
func strikeOption(number int) string     { return fmt.Sprintf("strike-%d", number) }
func strikeTimeOption(number int) string { return fmt.Sprintf("strike-%d-at", number) }

// draw says when a step strikes.
func (d *driver) draw(number int, step Step) time.Duration {
	at := step.drawn(seeding{d.seed, d.scenario.Name}, number)
	if step.Within > 0 {
		d.run.Options[strikeTimeOption(number)] = at.String()
	}
	return at
}

// drawn is when a step, of that number from 1, strikes in a run.
func (s Step) drawn(from seeding, number int) time.Duration {
	if s.Within <= 0 {
		return s.At
	}
	random := from.stream(fmt.Sprintf("strike %d: time", number))
	return s.At + time.Duration(random.Int64N(int64(s.Within))).Truncate(time.Millisecond)
}

// advance lets the machines run until a time, looking around at every tick.
func (d *driver) advance(ctx context.Context, until time.Duration) error {
	for now := d.stage.Now(); now < until; now = d.stage.Now() {
		next := min(until, (now/tick+1)*tick, d.nextToggle())
		if err := d.stage.Advance(ctx, next); err != nil {
			return fmt.Errorf("at %v: %w", d.stage.Now(), err)
		}
		if d.stage.Now() <= now {
			return fmt.Errorf("at %v: the %s stage stands still", now, d.stage.Name())
		}
		if next%tick == 0 {
			d.recorder.sampled(d.stage.Clocks())
		}
		if err := d.toggle(ctx); err != nil {
			return fmt.Errorf("at %v: %w", d.stage.Now(), err)
		}
		if err := d.recorder.flush(); err != nil {
			return fmt.Errorf("at %v: run folder: %w", d.stage.Now(), err)
		}
		if err := d.died(); err != nil {
			return err
		}
	}
	return nil
}

// died is an error if a program has ended that should not have: a node, whatever it said, or a workload that failed.
func (d *driver) died() error {
	exits := d.recorder.ended()
	for ; d.seen < len(exits); d.seen++ {
		e := exits[d.seen]
		if e.orderly && d.isWorkload(e.machine) {
			continue
		}
		return fmt.Errorf("the program on %s ended at %v though no fault struck it: %s (what it said is in %s)",
			e.machine, e.t, e.reason, path.Join(run.LogsFolder, e.machine+".jsonl"))
	}
	return nil
}

func (d *driver) isWorkload(name string) bool {
	for _, machine := range d.run.Machines {
		if machine.Name == name {
			return machine.Role == roleWorkload
		}
	}
	return false
}

// strike resolves a fault's roles, has the stage strike it and records what became of it.
func (d *driver) strike(ctx context.Context, number int, fault Fault) error {
	strike, text, err := d.recorder.resolve(number, fault)
	record := run.Strike{At: d.stage.Now(), Kind: fault.Kind, Text: text, Machines: strike.Machines}
	switch {
	case err != nil:
		record.Text = describeUnresolved(fault)
		record.Skipped = err.Error()
	default:
		d.gather(strike.Undone)
		record.At, err = d.stage.Strike(ctx, strike)
		switch {
		case errors.Is(err, ErrUnsupported):
			record.At, record.Skipped = d.stage.Now(), err.Error()
		case err != nil:
			return fmt.Errorf("at %v: strike %d, %s: %w", d.stage.Now(), number, text, err)
		default:
			d.recorder.struck(strike)
			d.undo(&record, strike)
			d.flap(record.At, strike)
			if !strike.Kind.Lasts() && !strike.Kind.Ends() {
				record.Until = record.At
			}
		}
	}
	d.run.Options[strikeOption(number)] = record.Text
	d.plan.Strikes = append(d.plan.Strikes, record)
	return d.writeState()
}

// undo closes the strikes that a strike undid.
func (d *driver) undo(record *run.Strike, strike Strike) {
	if !record.Ends() {
		return
	}
	var undone []string
	for _, number := range strike.Undone {
		earlier := &d.plan.Strikes[number-1]
		earlier.Until = record.At
		undone = append(undone, earlier.Text)
	}
	record.Bit, record.Evidence = true, "ended in part what others still suffer from"
	if len(undone) > 0 {
		record.Evidence = "ended: " + strings.Join(undone, "; ")
	}
}

// gather asks the stage what came of strikes.
func (d *driver) gather(numbers []int) {
	for _, number := range numbers {
		evidence := d.stage.Evidence(number)
		record := &d.plan.Strikes[number-1]
		record.Bit, record.Evidence = evidence.Bit, evidence.Text
	}
}

// writeState writes run.json and plan.json as they stand, so that a run that is killed can still be read.
func (d *driver) writeState() error {
	if err := d.folder.WriteJSON(run.PlanFile, d.plan); err != nil {
		return err
	}
	return d.folder.WriteJSON(run.RunFile, d.run)
}

// complete writes everything that is known only at the end.
func (d *driver) complete(ending Ending, wall time.Duration, interruption error) error {
	var open []int
	for i, record := range d.plan.Strikes {
		if record.Skipped == "" && !record.Ends() && (record.Until == 0 || !record.Kind.Lasts()) {
			open = append(open, i+1)
		}
	}
	d.gather(open)
	d.run.Lasted = d.stage.Now()
	d.run.Interrupted = ""
	switch {
	case errors.Is(interruption, context.Canceled):
		d.run.Interrupted = fmt.Sprintf("whoever ran it stopped it at %v", d.run.Lasted)
	case interruption != nil:
		d.run.Interrupted = interruption.Error()
	}
	if d.run.Fork == nil { // a fork takes everything from the run that it is of
		d.run.Replay = strings.TrimSpace(d.run.Replay + " " + run.CommandLine(ending.Flags...))
	}
	d.run.HistoryRecords = d.recorder.records()
	d.run.Guests, d.run.Versions = ending.Guests, ending.Versions
	for name, value := range ending.Options {
		d.run.Options[name] = value
	}
	d.run.TraceHash, d.run.TraceRecords = ending.TraceHash, ending.TraceRecords
	d.run.Cost = run.Cost{Wall: wall, CPU: ending.CPU, Shared: ending.Shared}
	err := d.recorder.close()
	if interruption == nil {
		err = errors.Join(err, setHistoryEnd(d.folder, d.header, d.run.Lasted))
	}
	if err = errors.Join(err, d.writeState()); err != nil || interruption != nil {
		return err
	}
	if d.run.Checksums, err = d.folder.Checksums(); err != nil {
		return err
	}
	return d.folder.WriteJSON(run.RunFile, d.run)
}

// clearFolder makes room for a run: what an earlier run left goes away, and anything else is left alone.
func clearFolder(folder run.Folder) error {
	entries, err := os.ReadDir(string(folder))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(string(folder), 0o777)
	case err != nil:
		return err
	case len(entries) == 0:
		return nil
	}
	if _, err := os.Stat(folder.Path(run.RunFile)); err != nil {
		return fmt.Errorf("%s is neither empty nor an earlier run's (it has no %s): choose another or empty it", folder, run.RunFile)
	}
	return emptyFolder(folder)
}

// emptyFolder removes what a run left.
func emptyFolder(folder run.Folder) error {
	for _, name := range []string{
		run.PlanFile, run.HistoryFile, run.TraceFile, run.FullTraceFile, run.OlderFullTraceFile, run.ClocksFile,
		run.VerdictsFile, run.FiguresFile, run.ReportFile, run.LogsFolder, run.PlotsFolder, run.CheckpointsFolder, run.RunFile,
	} {
		if err := os.RemoveAll(folder.Path(name)); err != nil {
			return err
		}
	}
	return nil
}
