package simulated

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"muster/model/run"
	"muster/scenarios"
)

// Again begins a run again, for replays. A future of another run begins where it parted from that. It is closed with Play.Stage.
func Again(ctx context.Context, programs *Programs, before run.Run, options Options, folder run.Folder) (*scenarios.Play, error) {
	scenario, err := scenarios.Parse(before.Details)
	if err != nil {
		return nil, err
	}
	if before.Fork == nil {
		return scenarios.Begin(ctx, New(programs, options), scenario, before.Seed, folder)
	}
	scratch, err := os.MkdirTemp("", "muster-past-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	beginning := before
	beginning.Seed, beginning.Fork = before.Fork.Seed, before.Fork.Of
	past, err := Again(ctx, programs, beginning, options, run.Folder(scratch))
	if err != nil {
		return nil, err
	}
	if before.Fork.Folder != "" { // runs of older builds do not say
		past.KnownAs(run.Folder(before.Fork.Folder))
	}
	var future *scenarios.Play
	if err = past.To(ctx, before.Fork.At); err == nil {
		future, err = past.Fork(scenario, before.Seed, folder)
	}
	return future, errors.Join(err, past.Abandon(), past.Stage().Close())
}

// interval is how much time lies between two checkpoints of a run. To go on from one takes some 0.5 s, to simulate two loaded seconds
// 0.2 s; a checkpoint of three nodes takes 2 MB and 0.1 s, so that a run which leaves them takes twice as long.
const interval = 2 * time.Second

// extension is that of checkpoints' files, which are named for the time: "35s.checkpoint".
const extension = ".checkpoint"

// Traveller visits moments of a run, soon if it has been there before: it leaves checkpoints in the run folder on its way.
type Traveller struct {
	programs *Programs
	folder   run.Folder
	before   run.Run
}

// ErrOtherBuild is the error about a run whose programs were other builds than those at hand.
var ErrOtherBuild = errors.New("the run had another build of the guest")

// NewTraveller returns the traveller through the run of a folder. The programs must be the run's own: ErrOtherBuild says that they are not.
func NewTraveller(programs *Programs, folder run.Folder) (*Traveller, error) {
	before, err := folder.ReadRun()
	if err != nil {
		return nil, err
	}
	for i, guest := range programs.guests {
		if i >= len(before.Guests) || before.Guests[i].SHA256 != guest.SHA256 {
			return nil, fmt.Errorf("%s: %w %s: it cannot be visited, only be made again", folder, ErrOtherBuild, guest.Name)
		}
	}
	return &Traveller{programs: programs, folder: folder, before: before}, nil
}

// Journey is how a moment was reached.
type Journey struct {
	// From is the time of the checkpoint that it began with; 0: it began with the run.
	From time.Duration
	// Refused says why a checkpoint could not be used; nil: none was refused.
	Refused error
}

// Visit goes to a moment: after everything that happened by itself until then, and before the faults of that very moment. What happens on
// the way, from the checkpoint that it begins with, is recorded into a folder. The caller closes the stage of the play.
func (t *Traveller) Visit(ctx context.Context, at time.Duration, options Options, into run.Folder) (*scenarios.Play, Journey, error) {
	return t.goTo(ctx, at, options, into, "")
}

// Relive goes to a moment as Visit does, and its folder holds all that the run left until then: futures can be forked from there.
func (t *Traveller) Relive(ctx context.Context, at time.Duration, into run.Folder) (*scenarios.Play, Journey, error) {
	return t.goTo(ctx, at, Options{Trace: TraceLevelOf(t.before)}, into, t.folder)
}

// goTo goes to a moment. What the run left before the checkpoint that it begins with is copied from past, if that is not empty.
func (t *Traveller) goTo(ctx context.Context, at time.Duration, options Options, into, past run.Folder) (*scenarios.Play, Journey, error) {
	if at < 0 || at > t.before.Lasted {
		return nil, Journey{}, fmt.Errorf("%s: %v: want a time from 0 to %v, the run's end", t.folder, at, t.before.Lasted)
	}
	if fork := t.before.Fork; fork != nil && at < fork.At {
		return nil, Journey{}, fmt.Errorf("%s: %v: until %v it is the run with seed %d: visit that", t.folder, at, fork.At, fork.Seed)
	}
	var journey Journey
	if past != "" {
		// Checkpoints are no worse for a trace that cannot be gone on with: they stay, for visits.
		if err := traceIsWhole(past); err != nil {
			journey.Refused = err
		}
	}
	var play *scenarios.Play
	var err error
	if journey.Refused == nil {
		if play, err = t.nearest(at, options, into, past, &journey); err != nil {
			return nil, journey, err
		}
	}
	if play == nil {
		if play, err = Again(ctx, t.programs, t.before, options, into); err != nil {
			return nil, journey, err
		}
	}
	play.KnownAs(t.folder)
	if err := leaveCheckpoints(ctx, play, at, t.folder); err != nil {
		return nil, journey, errors.Join(err, play.Abandon(), play.Stage().Close())
	}
	return play, journey, nil
}

// LeaveCheckpoints lets a play go on to a time, and leaves checkpoints in its run folder on the way, for visits.
func LeaveCheckpoints(ctx context.Context, play *scenarios.Play, until time.Duration) error {
	return leaveCheckpoints(ctx, play, until, play.Folder())
}

func leaveCheckpoints(ctx context.Context, play *scenarios.Play, until time.Duration, folder run.Folder) error {
	for next := (play.Now()/interval + 1) * interval; next <= until; next += interval {
		if err := play.To(ctx, next); err != nil {
			return err
		}
		if err := keep(play, folder); err != nil {
			return err
		}
	}
	return play.To(ctx, until)
}

// Checkpoints are the moments that have been kept.
func (t *Traveller) Checkpoints() ([]time.Duration, error) {
	entries, err := os.ReadDir(t.folder.Path(run.CheckpointsFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var times []time.Duration
	for _, entry := range entries {
		text, found := strings.CutSuffix(entry.Name(), extension)
		if at, err := time.ParseDuration(text); found && err == nil {
			times = append(times, at)
		}
	}
	return times, nil
}

// nearest goes on from the last checkpoint that is not after a time; nil if there is none that can be used. One that cannot is removed.
func (t *Traveller) nearest(at time.Duration, options Options, into, past run.Folder, journey *Journey) (*scenarios.Play, error) {
	times, err := t.Checkpoints()
	if err != nil {
		return nil, err
	}
	for {
		last := time.Duration(0)
		for _, kept := range times {
			if kept <= at && kept > last {
				last = kept
			}
		}
		if last == 0 {
			return nil, nil
		}
		play, err := t.restore(last, options, into, past)
		if err == nil {
			journey.From = last
			return play, nil
		}
		journey.Refused = err
		at = last - 1
		if err := os.Remove(checkpointFile(t.folder, last)); err != nil {
			return nil, err
		}
	}
}

func checkpointFile(folder run.Folder, at time.Duration) string {
	return folder.Path(run.CheckpointsFolder, at.String()+extension)
}

func (t *Traveller) restore(at time.Duration, options Options, into, past run.Folder) (*scenarios.Play, error) {
	scenario, err := scenarios.Parse(t.before.Details)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(checkpointFile(t.folder, at))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	stage := New(t.programs, options)
	play, err := scenarios.Restore(bufio.NewReaderSize(file, 1<<16), stage, scenario, t.before.Seed, into, past)
	if err != nil {
		return nil, errors.Join(err, stage.Close())
	}
	return play, nil
}

// keep leaves a checkpoint in a run folder.
func keep(play *scenarios.Play, folder run.Folder) error {
	path := checkpointFile(folder, play.Now())
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	pending, err := renameio.NewPendingFile(path)
	if err != nil {
		return err
	}
	defer pending.Cleanup()
	out := bufio.NewWriterSize(pending, 1<<16)
	if err := errors.Join(play.Keep(out), out.Flush()); err != nil {
		return fmt.Errorf("checkpoint at %v: %w", play.Now(), err)
	}
	return pending.CloseAtomicallyReplace()
}
