package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"muster/model"
	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/live"
	"muster/sim/trace"
)

// liveFlags are the flags of `muster live`.
type liveFlags struct {
	seed     uint64
	out      string
	target   string
	login    loginFlags
	loopback bool
	broken   defects
	// protocol that clients are to speak; empty: the scenario's.
	protocol string
	// profile that nodes are to have; empty: the scenario's first.
	profile string
}

func newLiveCommand() *cobra.Command {
	var flags liveFlags
	command := &cobra.Command{
		Use:   "live SCENARIO",
		Short: "Run a scenario in real time, on real processes or a cluster that already runs",
		Long: `Starts the scenario's nodes and its workload as processes of this host and strikes the faults that can be struck
there; the others are named in the report as skipped. The run leaves the same folder as a simulated one,
OUT/SCENARIO-live-seedN; runs with --protocol, --profile, --defect, --loopback or --target stand in folders of their
own, which say so.

With --target the clients work against a cluster that already runs. It is not harmed: scenarios with faults are refused,
and all that is registered is in a namespace of the run's own, which is emptied in the end.

Exit codes: 0 every verdict is as the scenario expects; 1 one is not; 2 undecided, or it could not run.`,
		Example: `  muster live leader-killed
  muster live connections-move
  muster live calm --target 10.0.0.1:8848,10.0.0.2:8848,10.0.0.3:8848
  MUSTER_PASSWORD=… muster live calm --target 10.0.0.1:8848 --username shop    # where clients must log in`,
		Args:              wants(1, 1, "a SCENARIO (muster scenarios lists them) or the file of one"),
		ValidArgsFunction: completeOneScenario,
		RunE: func(command *cobra.Command, names []string) error {
			chosen, err := choose(names)
			if err != nil {
				return err
			}
			if len(chosen) != 1 {
				return fmt.Errorf("%s holds %d scenarios: want a file with one", names[0], len(chosen))
			}
			if flags.target != "" && len(flags.broken) > 0 {
				return errors.New("--defect is for nodes that are started here: want it without --target")
			}
			if flags.target != "" && hasFaults(chosen[0]) {
				return fmt.Errorf("%s is about faults, and a target is not harmed: want a scenario without any: %s",
					chosen[0].Name, strings.Join(faultless(), ", "))
			}
			if chosen, err = flags.broken.in(chosen); err != nil {
				return err
			}
			if chosen, err = over(chosen, flags.protocol); err != nil {
				return err
			}
			if chosen, err = as(chosen, flags.profile, false); err != nil {
				return err
			}
			return flags.run(command, chosen[0])
		},
	}
	seedFlag(command, &flags.seed, 1, "the seed that fault times, roles and the load are drawn from")
	command.Flags().StringVarP(&flags.out, "out", "o", "runs", "`folder` for the run folder")
	command.Flags().StringVar(&flags.target, "target", "", "addresses `ip:port,ip:port,ip:port` of all nodes of a cluster that already runs")
	flags.login.register(command)
	flags.broken.flagOn(command)
	command.Flags().StringVar(&flags.protocol, "protocol", "", "what clients speak: http or grpc (otherwise what the scenario says)")
	completeFlag(command, "protocol", string(model.HTTP), string(model.GRPC))
	command.Flags().StringVar(&flags.profile, "profile", "",
		"which generation of Nacos the nodes are like: nacos1 or nacos2 (otherwise what the scenario says first)")
	completeFlag(command, "profile", string(scenarios.Nacos1), string(scenarios.Nacos2))
	command.Flags().BoolVar(&flags.loopback, "loopback", false, "stay on the loopback interface even where network namespaces could be made")
	return command
}

// hasFaults says whether anything befalls the machines of a scenario.
func hasFaults(s scenarios.Scenario) bool { return len(s.Plan) > 0 || s.Draw != nil }

// faultless names the scenarios of the catalog in which nothing befalls the machines.
func faultless() []string {
	var names []string
	for _, s := range scenarios.Catalog() {
		if !hasFaults(s) {
			names = append(names, s.Name)
		}
	}
	return names
}

// run plays a scenario live.
func (f liveFlags) run(command *cobra.Command, scenario scenarios.Scenario) error {
	var addresses []string
	login, err := f.login.read(f.target != "")
	if err != nil {
		return err
	}
	if f.target != "" {
		if addresses, err = live.ParseTargets(f.target); err != nil {
			return fmt.Errorf("--target: %w", err)
		}
		if err := live.AwaitTarget(command.Context(), addresses); err != nil {
			return fmt.Errorf("--target: %w", err)
		}
		if login.Name == "" {
			if err := wantsNoLogin(command.Context(), addresses[0]); err != nil {
				return err
			}
		}
		if _, err := logIn(command.Context(), addresses, login); err != nil {
			return err
		}
		scenario = live.ForTarget(scenario, len(addresses))
		fmt.Fprintln(command.ErrOrStderr(),
			"a target offers no linearizable reads: linearizability is not judged")
	}
	root, err := scenarios.ModuleRoot(".")
	if err != nil {
		return err
	}
	built := sayIfSlow(command.ErrOrStderr(), "building the programs …")
	programs, err := live.BuildPrograms(command.Context(), root, filepath.Join(root, "build"))
	if err == nil && f.target == "" && upgrades(scenario) {
		programs, err = programs.BuildNext(command.Context(), root, filepath.Join(root, "build"))
	}
	built()
	if err != nil {
		return err
	}
	b := batch{parallel: 1, newStage: func(trace.Level) scenarios.Stage {
		if f.target != "" {
			return live.NewTarget(programs.Workload, addresses, token(), login)
		}
		return live.New(live.Options{Programs: programs, Loopback: f.loopback})
	}}
	name := strings.Join(append([]string{scenario.Name, "live"}, f.variants(addresses)...), "-")
	folder := run.Folder(filepath.Join(f.out, fmt.Sprintf("%s-seed%d", name, f.seed)))
	return b.report(command, f.out, []scenarios.Job{{Scenario: scenario, Seed: f.seed, Folder: folder}})
}

// variants are what the name of the run folder says of how the run differs from the ordinary live one, which it must not replace. A
// target is named by its first node.
func (f liveFlags) variants(target []string) []string {
	named := []string{f.protocol, f.profile, f.broken.short()}
	if f.loopback {
		named = append(named, "loopback")
	}
	if len(target) > 0 {
		named = append(named, "target", wordOf(strings.TrimPrefix(target[0], "http://")))
	}
	return slices.DeleteFunc(named, func(name string) bool { return name == "" })
}

// token is a name that no other run has.
func token() string {
	var random [6]byte
	rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}
