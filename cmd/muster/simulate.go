package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"muster/model"
	"muster/model/run"
	"muster/reports"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/guest"
	"muster/sim/trace"
)

// simulateFlags are the flags of `muster simulate`.
type simulateFlags struct {
	seed   uint64
	seeds  int
	jobs   int
	out    string
	verify bool
	broken defects
	trace  string
	node   string
	next   string
	// last is how much of a full trace is kept; 0: all.
	last time.Duration
	// alone has runs not share their beginnings.
	alone bool
	// checkpoints has runs leave checkpoints.
	checkpoints bool
	// protocol that clients are to speak; empty: the scenario's.
	protocol string
	// profile that nodes are to have; empty: the scenario's first.
	profile string
}

const simulateHelp = `Runs the named scenarios, or the whole catalog, with one seed or several, on all processors. A scenario of your own is
named by its file (.json; muster scenarios --help says how to make one). Each run leaves a folder OUT/SCENARIO-seedN; an
index page and a JUnit file stand beside them, about all runs in OUT, those of earlier commands included. A run with the
same seed is the same run, bit for bit; --verify makes sure of it.
Speed is simulated seconds per second of processor time of the thread that ran the world; what judging, reports
and the harness's own garbage collection cost is not in it.

Interrupted with Ctrl-C, it keeps the finished runs and their index, and of the others what there is; Ctrl-C again
ends it at once.

Runs that differ from the ordinary ones of their scenario stand in folders of their own, named for what differs:
SCENARIO-grpc-seedN, SCENARIO-nacos1-seedN, SCENARIO-neverExpire-seedN, SCENARIO-node-PROGRAM-DIGITS-seedN and
SCENARIO-next-PROGRAM-DIGITS-seedN, where the digits stand for the program's whole path.

--defect switches on what is known to be wrong, to see what notices it: distro/skipSync shows in calm,
liveness/neverExpire and liveness/beatWrongInstance in silent-clients, probe/neverProbe in servers-die, and
consensus/ackBeforeCommit in far-leader, there with one seed of a few, since it takes a write at the wrong moment.
muster scenarios --defects tells of all.

--node puts another registry's node in the place of ours: any main package with the open API of Nacos that takes our
flags, --addr IP:PORT, --members IP:PORT,…, --data FOLDER and --insecure. Faults that strike a role, such as the
leader, need it to log who has it, as cmd/registry does (package model/run lists the events); what clients see is
judged anyway.

Runs with one seed, cluster and load are the same until the first fault strikes: that part is simulated once and the
world forked, which changes nothing but the time that it takes. --alone does without. --checkpoints leaves in each run
folder how the world stood every two simulated seconds, so that already the first muster replay --until or muster fork
goes on from there; runs then cost twice as much and take some ten times the room, so by default it is the first visit
that leaves them.

Exit codes: 0 every verdict is as the scenario expects; 1 one is not; 2 undecided, or it could not run.`

func newSimulateCommand() *cobra.Command {
	var flags simulateFlags
	command := &cobra.Command{
		Use:   "simulate [SCENARIO...]",
		Short: "Run scenarios on simulated machines, and judge them",
		Long:  simulateHelp,
		Example: `  muster simulate
  muster simulate leader-isolated --seed 7
  muster simulate leader-isolated clock-skew --seeds 20 --jobs 4 --out sweep
  muster simulate silent-clients --defect liveness/neverExpire
  muster simulate far-leader --seeds 8 --defect consensus/ackBeforeCommit
  muster simulate leader-killed --protocol grpc    # clients of the 2.x line in the place of 1.x
  muster simulate crash-restart --profile nacos1   # nodes like Nacos 1.4 in the place of 2.5
  muster simulate zone.json                        # a scenario of your own: muster scenarios --help says how to make one
  muster simulate --verify                         # every run twice, traces compared
  muster simulate calm --node ../other/registry    # another registry's nodes in the place of ours`,
		ValidArgsFunction: completeScenarios,
		RunE: func(command *cobra.Command, names []string) error {
			chosen, err := choose(names)
			if err != nil {
				return err
			}
			if chosen, err = flags.broken.in(chosen); err != nil {
				return err
			}
			if chosen, err = over(chosen, flags.protocol); err != nil {
				return err
			}
			if chosen, err = as(chosen, flags.profile, len(names) == 0); err != nil {
				return err
			}
			if flags.next != "" && !slices.ContainsFunc(chosen, upgrades) {
				return errors.New("--node-next is for scenarios that upgrade nodes, and none of these does: want one such as rolling-upgrade")
			}
			jobs, err := flags.plan(chosen)
			if err != nil {
				return err
			}
			level, err := trace.ParseLevel(flags.trace)
			if err != nil {
				return fmt.Errorf("--trace: %w", err)
			}
			programs, err := simulatedPrograms(command, flags.node, flags.next)
			if err != nil {
				return err
			}
			defer endAtSecondSignal(command.ErrOrStderr())()
			b := batch{
				newStage: simulatedStages(programs, flags.last), level: level, parallel: flags.jobs,
				shared: !flags.alone && !flags.checkpoints, verify: flags.verify, checkpoints: flags.checkpoints,
			}
			return b.report(command, flags.out, jobs)
		},
	}
	seedFlag(command, &flags.seed, 1, "the first seed")
	countFlag(command, &flags.seeds, "seeds", "", 1, "how many seeds, counted on from the first")
	countFlag(command, &flags.jobs, "jobs", "j", runtime.NumCPU(), "how many runs to make at a time")
	command.Flags().StringVarP(&flags.out, "out", "o", "runs", "`folder` for the run folders")
	flags.broken.flagOn(command)
	command.Flags().BoolVar(&flags.verify, "verify", false, "make each run twice and name the first trace record that differs")
	command.Flags().StringVar(&flags.trace, "trace", trace.Normal.String(),
		"how much of the traces to write, a `level`: "+trace.LevelNames()+" (packets, wake-ups, disks; compressed)")
	command.Flags().DurationVar(&flags.last, "trace-last", 0, "with --trace full: keep only so much of each run's end")
	command.Flags().BoolVar(&flags.alone, "alone", false, "boot a cluster for every run, even for those that begin alike")
	command.Flags().BoolVar(&flags.checkpoints, "checkpoints", false, "leave checkpoints of each run, for visits and forks")
	command.Flags().StringVar(&flags.protocol, "protocol", "", "what clients speak: http or grpc (otherwise what the scenario says)")
	command.Flags().StringVar(&flags.profile, "profile", "",
		"which generation of Nacos the nodes are like: nacos1 or nacos2 (otherwise what the scenario says first)")
	command.Flags().StringVar(&flags.node, "node", "", "main `package` of another registry to put in the place of ours")
	command.Flags().StringVar(&flags.next, "node-next", "",
		"main `package` of the build that nodes are upgraded to (otherwise ours, under another name)")
	completeFlag(command, "trace", levels()...)
	completeFlag(command, "protocol", string(model.HTTP), string(model.GRPC))
	completeFlag(command, "profile", string(scenarios.Nacos1), string(scenarios.Nacos2))
	return command
}

// upgrades says whether a scenario has nodes run another build.
func upgrades(s scenarios.Scenario) bool { return slices.Contains(s.Plan.Kinds(), run.KindUpgrade) }

// plan lists the runs that the flags ask for.
func (f simulateFlags) plan(chosen []scenarios.Scenario) ([]scenarios.Job, error) {
	if f.seeds < 1 {
		return nil, fmt.Errorf("--seeds %d: want at least 1", f.seeds)
	}
	if f.jobs < 1 {
		return nil, fmt.Errorf("--jobs %d: want at least 1", f.jobs)
	}
	if f.last < 0 || f.last > 0 && f.trace != trace.Full.String() {
		return nil, fmt.Errorf("--trace-last %v with --trace %s: want a stretch above zero, with --trace full", f.last, f.trace)
	}
	variants := f.variants()
	var jobs []scenarios.Job
	for _, s := range chosen {
		for i := range f.seeds {
			seed := f.seed + uint64(i)
			name := strings.Join(append([]string{s.Name}, variants...), "-")
			folder := run.Folder(filepath.Join(f.out, fmt.Sprintf("%s-seed%d", name, seed)))
			jobs = append(jobs, scenarios.Job{Scenario: s, Seed: seed, Folder: folder})
		}
	}
	return jobs, nil
}

// variants are what the names of run folders say of how the runs differ from the ordinary ones of their scenarios, which they must not
// replace.
func (f simulateFlags) variants() []string {
	var named []string
	for _, variant := range []string{f.protocol, f.profile, f.broken.short(), programName("node", f.node), programName("next", f.next)} {
		if variant != "" {
			named = append(named, variant)
		}
	}
	return named
}

// programName is how the name of a run folder tells of a main package that took the place of another, by its last word and some digits
// for the whole path, since many a registry's is called server; "" if none did.
func programName(place, pack string) string {
	if pack == "" {
		return ""
	}
	pack = fromAnywhere(pack)
	sum := sha256.Sum256([]byte(pack))
	return fmt.Sprintf("%s-%s-%x", place, wordOf(filepath.Base(pack)), sum[:3])
}

// wordOf makes a text fit for the name of a folder.
func wordOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, text)
}

// over has the clients of scenarios speak a protocol, if one is named.
func over(chosen []scenarios.Scenario, protocol string) ([]scenarios.Scenario, error) {
	switch model.Protocol(protocol) {
	case "":
		return chosen, nil
	case model.HTTP, model.GRPC:
		changed := make([]scenarios.Scenario, len(chosen))
		for i, s := range chosen {
			changed[i] = s.Over(model.Protocol(protocol))
		}
		return changed, nil
	}
	return nil, fmt.Errorf("--protocol %q: want %s or %s", protocol, model.HTTP, model.GRPC)
}

// as has the nodes of scenarios be of a profile, if one is named; of the whole catalog, those that make sense with it.
func as(chosen []scenarios.Scenario, profile string, catalog bool) ([]scenarios.Scenario, error) {
	switch scenarios.Profile(profile) {
	case "":
		return chosen, nil
	case scenarios.Nacos1, scenarios.Nacos2:
	default:
		return nil, fmt.Errorf("--profile %q: want %s or %s", profile, scenarios.Nacos1, scenarios.Nacos2)
	}
	var changed []scenarios.Scenario
	for _, s := range chosen {
		if catalog && !slices.Contains(s.Profiles, scenarios.Profile(profile)) {
			continue
		}
		s, err := s.As(scenarios.Profile(profile))
		if err != nil {
			return nil, fmt.Errorf("--profile: %w", err)
		}
		changed = append(changed, s)
	}
	return changed, nil
}

// simulatedPrograms builds the guests of the source tree around the working directory, with another registry in the place of ours if node
// names one, and another build to upgrade to if next does. If that takes a while, it says so.
func simulatedPrograms(command *cobra.Command, node, next string) (*simulated.Programs, error) {
	root, err := scenarios.ModuleRoot(".")
	if err != nil {
		return nil, err
	}
	// What somebody else wrote comes first: it is likelier to have mistakes, and sooner built.
	var nodeBuilt, nextBuilt guest.Program
	if node != "" {
		if nodeBuilt, err = namedGuest(command, "--node", node); err != nil {
			return nil, err
		}
	}
	if next != "" {
		if nextBuilt, err = namedGuest(command, "--node-next", next); err != nil {
			return nil, err
		}
	}
	built := sayIfSlow(command.ErrOrStderr(),
		"building the programs for simulated machines, as far as they have changed; the first time that takes a few minutes …")
	programs, err := simulated.BuildPrograms(command.Context(), root)
	built()
	if err != nil {
		return nil, err
	}
	if node != "" {
		if err := programs.UseNode(command.Context(), fromAnywhere(node), nodeBuilt); err != nil {
			return nil, err
		}
	}
	if next != "" {
		programs.UseNext(fromAnywhere(next), nextBuilt)
	}
	return programs, nil
}

// namedGuest builds the main package that a flag names.
func namedGuest(command *cobra.Command, flag, pack string) (guest.Program, error) {
	err := checkGuests(command.Context(), pack)
	if err != nil {
		return guest.Program{}, fmt.Errorf("%s: %w", flag, err)
	}
	built, err := buildGuest(command.Context(), command.ErrOrStderr(), pack)
	if err != nil {
		return guest.Program{}, fmt.Errorf("%s: %w", flag, err)
	}
	return built, nil
}

// fromAnywhere is how a package is found from other folders too: a folder by its whole path, and others by the import path that they are.
func fromAnywhere(pack string) string {
	if _, err := os.Stat(pack); err != nil {
		return pack
	}
	path, err := filepath.Abs(pack)
	if err != nil {
		return pack
	}
	return path
}

// simulatedStages makes simulated stages that share guests, and keep of full traces only the last stretch, if that is not zero.
func simulatedStages(programs *simulated.Programs, last time.Duration) func(trace.Level) scenarios.Stage {
	return func(level trace.Level) scenarios.Stage {
		return simulated.New(programs, simulated.Options{Trace: level, Last: last})
	}
}

// report makes the runs, shows how far they are, and writes the table and the overview.
func (b *batch) report(command *cobra.Command, out string, jobs []scenarios.Job) error {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	ctx := command.Context()
	b.progress = newProgress(command.ErrOrStderr(), len(jobs))
	outcomes := b.run(ctx, jobs)
	b.progress.close()

	var folders []run.Folder
	var results []reports.Result
	var failed []error
	status := exitAsExpected
	for _, o := range outcomes {
		status = worse(status, o.status())
		if o.err != nil && !o.endedEarly() { // the table tells of those
			failed = append(failed, fmt.Errorf("%s: %w", o.job, o.err))
		}
		if o.result.Judged {
			folders = append(folders, o.job.Folder)
			results = append(results, o.result)
		}
	}
	if len(results) > 0 {
		if err := reports.Table(command.OutOrStdout(), results, isTerminal(command.OutOrStdout())); err != nil {
			return err
		}
		if err := writeOverview(context.WithoutCancel(ctx), out, folders); err != nil {
			return err
		}
		if err := nameSkipped(command.OutOrStdout(), folders); err != nil {
			return err
		}
		fmt.Fprintf(command.OutOrStdout(), "%s\n", filepath.Join(out, reports.IndexFile))
	}
	if err := ctx.Err(); err != nil {
		return &statusError{exitFailed, fmt.Errorf("interrupted: %d of %d runs finished%s", len(results), len(jobs), halfDone(jobs))}
	}
	if status != exitAsExpected {
		return &statusError{status, errors.Join(failed...)}
	}
	return nil
}

// halfDone says, for the end of a line, which of the jobs have left a folder of a run that did not get to its end; "" if none has.
func halfDone(jobs []scenarios.Job) string {
	var left []run.Folder
	for _, j := range jobs {
		if r, err := j.Folder.ReadRun(); err == nil && r.Interrupted != "" {
			left = append(left, j.Folder)
		}
	}
	if len(left) == 0 {
		return ""
	}
	return fmt.Sprintf("; unfinished runs kept in %s: %d; %s shows how far the first came",
		filepath.Dir(string(left[0])), len(left), run.CommandLine("muster", "check", string(left[0])))
}
