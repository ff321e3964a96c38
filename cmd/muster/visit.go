package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

// visit is what somebody wants to see of a run: how the world stands at a moment, or what happens from one on.
type visit struct {
	until       moment
	checkpoints bool
	level       string
	shown       shown
}

// defaultStretch is how much --from shows if nothing says up to when.
const defaultStretch = time.Second

func (v *visit) flagOn(command *cobra.Command) {
	command.Flags().Var(&v.until, "until", "show how the world stands at this true time")
	command.Flags().BoolVar(&v.checkpoints, "checkpoints", false, "leave checkpoints of the whole run, for visits")
	command.Flags().StringVar(&v.level, "trace", trace.Full.String(), "with --from: how much to show, a `level`: "+trace.LevelNames())
	completeFlag(command, "trace", levels()...)
	v.shown.flagOn(command)
}

// levels are how much of a trace can be asked for.
func levels() []string {
	var names []string
	for _, level := range trace.Levels() {
		names = append(names, level.String())
	}
	return names
}

// check says which flags of a replay do not go together.
func (v *visit) check(command *cobra.Command) error {
	given := command.Flags().Changed
	switch {
	case given("from") && given("until"):
		return errors.New("--from and --until: want one of them; --from goes up to --to")
	case v.wanted(command) && given("out"):
		return errors.New("--out keeps a run that is made again: want it without --from, --until and --checkpoints")
	case given("from"):
		return nil
	}
	for _, name := range []string{"to", "machine", "kind", "json", "trace"} {
		if given(name) {
			return fmt.Errorf("--%s is about what --from shows: want --from, too", name)
		}
	}
	return nil
}

func (v *visit) wanted(command *cobra.Command) bool {
	return command.Flags().Changed("until") || command.Flags().Changed("from") || v.checkpoints
}

// make goes there and shows it.
func (v *visit) make(command *cobra.Command, folder run.Folder) error {
	level, err := trace.ParseLevel(v.level)
	if err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	if err := v.shown.parse(); err != nil {
		return err
	}
	before, err := runAt(folder)
	if err != nil {
		return fmt.Errorf("%s: no run to visit: %w", folder, err)
	}
	if before.Stage != scenarios.StageSimulated {
		return fmt.Errorf("%s: it ran on the %s stage, in real time: only simulated runs can be visited", folder, before.Stage)
	}
	happening := command.Flags().Changed("from")
	for name, given := range map[string]*moment{"until": &v.until, "from": &v.shown.from} {
		if command.Flags().Changed(name) && (given.Duration < 0 || given.Duration > before.Lasted) {
			return fmt.Errorf("%s: --%s %v: want a time from 0 to %s, the run's end", folder, name, given, inSeconds(before.Lasted))
		}
	}
	at := v.until.Duration
	switch {
	case happening:
		if v.shown.filter.To == 0 {
			v.shown.filter.To = v.shown.filter.From + defaultStretch
		}
		at = min(v.shown.filter.To, before.Lasted)
	case !command.Flags().Changed("until"):
		at = before.Lasted
	}
	if err := folder.Intact(before); err != nil {
		return err
	}
	programs, err := programsOf(command, before)
	if err != nil {
		return err
	}
	traveller, err := simulated.NewTraveller(programs, folder)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "muster-visit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	play, err := v.travel(command, traveller, at, happening, level, run.Folder(scratch))
	if err != nil {
		return err
	}
	switch {
	case happening:
		if err := errors.Join(play.Abandon(), play.Stage().Close()); err != nil {
			return err
		}
		file, err := simulated.OpenTrace(run.Folder(scratch))
		if err != nil {
			return err
		}
		defer file.Close()
		return v.shown.show(command.OutOrStdout(), command.ErrOrStderr(), file, string(folder))
	case command.Flags().Changed("until"):
		err = standing{folder: folder, before: before, play: play, at: v.until}.write(command.OutOrStdout())
	}
	return errors.Join(err, play.Abandon(), play.Stage().Close())
}

// travel visits, and says how it got there.
func (v *visit) travel(command *cobra.Command, traveller *simulated.Traveller, at time.Duration, happening bool, level trace.Level,
	into run.Folder) (*scenarios.Play, error) {
	if happening {
		// The trace begins at the checkpoint before the first moment, so it holds all that is to be shown.
		play, _, err := traveller.Visit(command.Context(), v.shown.filter.From, simulated.Options{Trace: level}, into)
		if err != nil {
			return nil, err
		}
		// What happens at the last moment itself is shown, too, but for what a fault brings about then.
		if err := play.To(command.Context(), at); err != nil {
			return nil, errors.Join(err, play.Abandon(), play.Stage().Close())
		}
		return play, nil
	}
	play, journey, err := traveller.Visit(command.Context(), at, simulated.Options{}, into)
	if err != nil {
		return nil, err
	}
	if journey.Refused != nil {
		fmt.Fprintln(command.ErrOrStderr(), ofNoUse(journey))
	}
	if v.checkpoints {
		times, err := traveller.Checkpoints()
		if err != nil {
			return nil, errors.Join(err, play.Stage().Close())
		}
		fmt.Fprintf(command.OutOrStdout(), "%d checkpoints up to %s\n", len(times), inSeconds(at))
	}
	return play, nil
}

// programsOf finds the programs that a run had. Those that are not there any more are built from the source tree as it is.
func programsOf(command *cobra.Command, before run.Run) (*simulated.Programs, error) {
	if simulated.NodeOf(before) == "" {
		root, err := scenarios.ModuleRoot(".")
		if err != nil {
			return nil, err
		}
		if programs, err := simulated.FindPrograms(command.Context(), root, before.Guests); err == nil {
			return programs, nil
		}
	}
	return simulatedPrograms(command, simulated.NodeOf(before), simulated.NextOf(before))
}

// ofNoUse says of a journey that could not go on from a checkpoint why.
func ofNoUse(j simulated.Journey) string {
	from := "its beginning"
	if j.From > 0 {
		from = inSeconds(j.From)
	}
	return fmt.Sprintf("the run was simulated again from %s, for later checkpoints are of no use: %v", from, j.Refused)
}
