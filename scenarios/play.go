package scenarios

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"muster/model/run"
)

// Play is a run under way. It can be led to any time, go on from there in several ways (Fork), and be put away to go on later (Keep,
// Restore). It is used from one goroutine; forks stand on their own. End completes its run folder; whoever made the stage closes it.
type Play struct {
	driver
	began        time.Time
	interruption error // what ended it early
	// known is the folder by which commands find the run.
	known run.Folder
}

// Begin boots the machines of a run. An error says that there is none; that machines could not boot, To and End tell, as they tell of all
// that interrupts a run. See Drive for the rest.
func Begin(ctx context.Context, stage Stage, scenario Scenario, seed uint64, folder run.Folder) (*Play, error) {
	p, err := prepare(stage, scenario, seed, folder)
	if err != nil {
		return nil, err
	}
	if p.recorder, err = newRecorder(folder, p.header); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	p.interruption = p.boot(ctx)
	return p, nil
}

// prepare makes a play without a recorder, in an empty folder.
func prepare(stage Stage, scenario Scenario, seed uint64, folder run.Folder) (*Play, error) {
	d, err := newDriver(stage, scenario, seed, folder)
	if err != nil {
		return nil, err
	}
	if err := clearFolder(folder); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	return &Play{driver: *d, began: time.Now(), known: folder}, nil
}

// KnownAs says which folder holds the run that this play makes again, in another folder: the one that commands for its futures name.
func (p *Play) KnownAs(folder run.Folder) { p.known = folder }

// Now is the true time that has been reached.
func (p *Play) Now() time.Duration { return p.stage.Now() }

// Folder is the run folder.
func (p *Play) Folder() run.Folder { return p.folder }

// Strikes are the faults that have been struck or skipped so far.
func (p *Play) Strikes() []run.Strike { return slices.Clone(p.plan.Strikes) }

// Next is when the next fault of the plan strikes; false if there is none left.
func (p *Play) Next() (time.Duration, bool) {
	done := len(p.plan.Strikes)
	if done >= len(p.scenario.Plan) {
		return 0, false
	}
	return p.draw(done+1, p.scenario.Plan[done]), true
}

// To lets the machines run until a time, and strikes the faults that come before it; those of that very moment are still to come. The
// error is what interrupted the run, now or earlier.
func (p *Play) To(ctx context.Context, until time.Duration) error {
	if p.interruption == nil {
		p.interruption = p.play(ctx, min(until, p.scenario.Lasts))
	}
	return p.interruption
}

// End plays the run to its end, completes its folder, and returns what it wrote to run.json.
func (p *Play) End(ctx context.Context) (run.Run, error) {
	interruption := p.To(ctx, p.scenario.Lasts)
	// What there is must be written even if the context has ended, and whatever went wrong before.
	ending, err := p.stage.Finish(context.WithoutCancel(ctx))
	if err != nil && interruption == nil {
		interruption = fmt.Errorf("ending the run: %w", err)
	}
	if err := p.complete(ending, time.Since(p.began), interruption); err != nil {
		return p.run, errors.Join(interruption, fmt.Errorf("run folder: %w", err))
	}
	return p.run, interruption
}

// Abandon lets go of a run that need not come to its end. Its folder stays as it is.
func (p *Play) Abandon() error { return p.recorder.close() }

// Fork returns a run of the same past, in a folder of its own and on a stage of its own, which End does not close: Stage has it. The
// scenario is the same up to now: what comes later may be another. With another seed, everything that is left to chance from now on is
// different, the times and victims of faults to come included.
func (p *Play) Fork(scenario Scenario, seed uint64, folder run.Folder) (*Play, error) {
	f, err := p.fork(scenario, seed, folder)
	if err != nil {
		return nil, fmt.Errorf("forking %s with seed %d at %v: %w", p.scenario.Name, p.seed, p.Now(), err)
	}
	return f, nil
}

func (p *Play) fork(scenario Scenario, seed uint64, folder run.Folder) (*Play, error) {
	forker, can := p.stage.(Forker)
	if !can {
		return nil, fmt.Errorf("what has run on the %s stage cannot be forked", p.stage.Name())
	}
	if p.interruption != nil {
		return nil, fmt.Errorf("it was interrupted: %w", p.interruption)
	}
	done := len(p.plan.Strikes)
	if !SameBeginning(p.scenario, scenario) || !samePlan(p.scenario.Plan, scenario.Plan, done) {
		return nil, fmt.Errorf("%s does not begin as it did: want the same cluster, load and profile, and the same faults so far", scenario.Name)
	}
	f, err := prepare(p.stage, scenario, seed, folder)
	if err != nil {
		return nil, err
	}
	f.run.Machines, f.seen, f.flapping = p.run.Machines, p.seen, slices.Clone(p.flapping)
	f.plan.Strikes = slices.Clone(p.plan.Strikes)
	for i := range f.plan.Strikes {
		f.plan.Strikes[i].Machines = slices.Clone(f.plan.Strikes[i].Machines)
		for _, option := range []string{strikeOption(i + 1), strikeTimeOption(i + 1)} {
			if value, there := p.run.Options[option]; there {
				f.run.Options[option] = value
			}
		}
	}
	f.run.Fork = p.run.Fork
	if seed != p.seed {
		f.run.Fork = &run.Fork{Seed: p.seed, At: p.Now(), Folder: string(p.known), Of: p.run.Fork}
		f.run.Replay = run.CommandLine("muster", "fork", string(p.known), "--at", p.Now().String(), "--seed", strconv.FormatUint(seed, 10))
	} else if at, more := f.Next(); more && at < p.Now() {
		return nil, fmt.Errorf("%s has a fault at %v", scenario.Name, at)
	}
	// Until there is a run.json no other run could take the folder, so nothing is left there.
	if f.recorder, err = p.recorder.fork(folder, f.header); err != nil {
		return nil, errors.Join(err, emptyFolder(folder))
	}
	if f.stage, err = forker.Fork(seed, folder, f.recorder); err != nil {
		return nil, errors.Join(err, f.recorder.close(), emptyFolder(folder))
	}
	return f, f.writeState()
}

// Stage is what the play is played on.
func (p *Play) Stage() Stage { return p.stage }

// FirstStrike is when the first fault of a run strikes; a run without faults ends before there is one.
func FirstStrike(scenario Scenario, seed uint64) time.Duration {
	scenario = scenario.Drawn(seed)
	if len(scenario.Plan) == 0 {
		return scenario.Lasts
	}
	return scenario.Plan[0].drawn(seeding{seed, scenario.Name}, 1)
}

// SameBeginning tells whether two scenarios, run with one seed, are the same until the first fault strikes.
func SameBeginning(one, other Scenario) bool {
	return one.Profiles[0] == other.Profiles[0] && slices.Equal(one.Plan.prepared(), other.Plan.prepared()) &&
		reflect.DeepEqual(one.Cluster, other.Cluster) && reflect.DeepEqual(one.Load, other.Load)
}

// samePlan tells whether two plans are the same for so many steps.
func samePlan(one, other Plan, steps int) bool {
	if len(one) < steps || len(other) < steps {
		return false
	}
	for i := range steps {
		if !reflect.DeepEqual(one[i], other[i]) {
			return false
		}
	}
	return true
}

// kept is what is kept of a run besides the stage: who plays which role, and what has been struck.
type kept struct {
	Machines []run.Machine `json:"machines"`
	Strikes  []run.Strike  `json:"strikes"`
	// Options of the run that strikes have drawn.
	Options   map[string]string `json:"options"`
	Names     map[string]string `json:"names"`
	Leader    string            `json:"leader"`
	Term      float64           `json:"term"`
	Suffering []Strike          `json:"suffering"`
	Flapping  []flapping        `json:"flapping"`
	Fork      *run.Fork         `json:"fork,omitempty"`
	Taken     taken             `json:"taken"`
}

// Keep writes how the run stands, so that Restore can go on from there.
func (p *Play) Keep(w io.Writer) error {
	keeper, can := p.stage.(Keeper)
	if !can {
		return fmt.Errorf("what has run on the %s stage cannot be kept", p.stage.Name())
	}
	if p.interruption != nil {
		return fmt.Errorf("keeping a run that was interrupted: %w", p.interruption)
	}
	state := kept{Machines: p.run.Machines, Strikes: p.plan.Strikes, Options: p.run.Options, Flapping: p.flapping, Fork: p.run.Fork}
	p.recorder.keep(&state)
	if err := json.NewEncoder(w).Encode(state); err != nil {
		return fmt.Errorf("keeping a run: %w", err)
	}
	return keeper.Keep(w)
}

// Restore goes on with a run that was kept, of that scenario and seed. What it records from there on goes into a folder; what came before
// is copied there from past, the folder that the run left, or lacks if that is empty. If it fails, the folder is as it was.
func Restore(r *bufio.Reader, stage Keeper, scenario Scenario, seed uint64, folder, past run.Folder) (*Play, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("restoring a run: %w", err)
	}
	var state kept
	if err := json.Unmarshal(line, &state); err != nil {
		return nil, fmt.Errorf("restoring a run: %w", err)
	}
	p, err := prepare(stage, scenario, seed, folder)
	if err != nil {
		return nil, err
	}
	if len(state.Strikes) > len(scenario.Plan) {
		return nil, fmt.Errorf("restoring a run: %d faults have been struck, but %s has only %d", len(state.Strikes), scenario.Name, len(scenario.Plan))
	}
	if p.recorder, err = newRecorder(folder, p.header); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	p.run.Machines, p.run.Fork, p.plan.Strikes, p.flapping = state.Machines, state.Fork, state.Strikes, state.Flapping
	maps.Copy(p.run.Options, state.Options)
	deployment := p.deployment()
	deployment.Past = past
	err = p.recorder.restore(state, past)
	if err == nil {
		err = stage.Restore(r, deployment, p.recorder)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("restoring a run: %w", err), p.recorder.close(), emptyFolder(folder))
	}
	return p, nil
}
