package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"muster/conformance"
	"muster/model/run"
	"muster/nodes/golden"
	"muster/reports"
	"muster/scenarios"
	"muster/scenarios/live"
)

// Names of what `muster conformance --out` leaves.
const (
	conformanceTable   = "conformance.md"
	conformanceJUnit   = "junit.xml"
	conformanceResults = "results.json"
)

const (
	// targetSideBySide is how many cases a target is asked at once, for they wait most of the time; targetPlays how often one that differs.
	targetSideBySide = 24
	targetPlays      = 2
	// differencesShown is how many cases that differ are shown in full.
	differencesShown = 10
)

// conformanceFlags are the flags of `muster conformance`.
type conformanceFlags struct {
	target, profile, only, out string
	login                      loginFlags
	seed                       uint64
	strict, compatible         float64
	jobs                       int
}

func newConformanceCommand() *cobra.Command {
	var flags conformanceFlags
	command := &cobra.Command{
		Use:   "conformance",
		Short: "Hold a cluster against what real Nacos clusters answered, topic by topic",
		Long: `Plays recorded exchanges (HTTP v1 and v2, gRPC with its pushes, UDP pushes) with real Nacos clusters of three nodes,
2.5.1, 1.4.8 and, with authentication, 2.5.0, and compares what comes back.

A case is strictly alike if everything is as recorded. It is compatible if all is alike that a client acts on: whether
requests succeed, the codes and fields that SDKs read, which pushes come. What those are, and why, is in
nodes/golden/doc.go. Compatible cases contain the strictly alike ones.

Without --target the cluster is three nodes of this source tree on simulated machines; waiting costs nothing there.

With --target it is any cluster that runs, three nodes by the addresses by which they know each other, gRPC 1000
above. Use one that nobody needs: cases write to its public namespace and change its switches; where clients must log
in, as an administrator (--username). It may have one node or two, too; cases that tell three members apart are
skipped then.

Exit codes: 0 as like as it must be; 1 fewer cases are alike than --strict or --compatible demand, or one of our own
node's differs that is not on the list of differences that are meant; 2 it could not be played.`,
		Example: `  muster conformance                                # our node, in all profiles
  muster conformance --only grpc-subscribe          # one file of recordings
  muster conformance --target 10.0.0.1:8848,10.0.0.2:8848,10.0.0.3:8848 --out build/conformance
  muster conformance --target 127.0.0.1:8848 --profile nacos1 --compatible 90    # for CI: at least 90 %`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			defer endAtSecondSignal(command.ErrOrStderr())()
			return flags.run(command)
		},
	}
	command.Flags().StringVar(&flags.target, "target", "", "addresses `ip:port,ip:port,ip:port` of a cluster that already runs")
	flags.login.register(command)
	command.Flags().StringVar(&flags.profile, "profile", "", "which recordings: nacos1 (of 1.4.8), nacos2 (of 2.5.1) or auth\n"+
		"(of 2.5.0 with authentication, and the users of nodes/golden/recordings/accounts); a target is taken for nacos2")
	command.Flags().StringVar(&flags.only, "only", "", "play only cases in whose name, file/case, this `text` is")
	command.Flags().StringVarP(&flags.out, "out", "o", "", "`folder` for "+conformanceTable+", "+conformanceJUnit+" and "+conformanceResults)
	seedFlag(command, &flags.seed, 1, "the seed of simulated worlds")
	command.Flags().Float64Var(&flags.strict, "strict", 0, "fail if fewer `per cent` are strictly alike")
	command.Flags().Float64Var(&flags.compatible, "compatible", 0, "fail if fewer `per cent` are compatible")
	countFlag(command, &flags.jobs, "jobs", "j", 2, "how many worlds are simulated at once")
	completeFlag(command, "profile", string(scenarios.Nacos1), string(scenarios.Nacos2), "auth")
	return command
}

func (f conformanceFlags) run(command *cobra.Command) error {
	profiles := []string{"nacos2", "nacos1", "auth"}
	switch f.profile {
	case "":
		if f.target != "" {
			profiles = profiles[:1]
		}
	case "nacos1", "nacos2", "auth":
		profiles = []string{f.profile}
	default:
		return fmt.Errorf("--profile %q: want nacos1, nacos2 or auth", f.profile)
	}
	who, err := f.login.read(f.target != "")
	if err != nil {
		return err
	}
	if f.jobs < 1 {
		return fmt.Errorf("--jobs %d: want at least 1", f.jobs)
	}
	for flag, share := range map[string]float64{"strict": f.strict, "compatible": f.compatible} {
		if share < 0 || share > 100 || math.IsNaN(share) {
			return fmt.Errorf("--%s %g: want per cent, from 0 to 100", flag, share)
		}
	}
	var results []golden.Result
	meant := map[string]string{}
	if f.target != "" {
		results, err = f.playTarget(command, profiles[0], who)
	} else {
		meant = golden.Meant()
		results, err = f.simulate(command, profiles)
	}
	if err != nil {
		return err
	}
	if len(results) == 0 {
		return fmt.Errorf("--only %q: no case has this in its name, such as v1-instance/register-defaults", f.only)
	}
	if f.out != "" {
		if err := writeConformance(run.Folder(f.out), results, meant); err != nil {
			return err
		}
	}
	return f.conclude(command.OutOrStdout(), results, golden.Meant())
}

// playTarget asks a cluster that runs.
func (f conformanceFlags) playTarget(command *cobra.Command, profile string, who scenarios.Login) ([]golden.Result, error) {
	urls, err := live.ParseTargets(f.target)
	if err != nil {
		return nil, fmt.Errorf("--target: %w", err)
	}
	var nodes []string
	for _, url := range urls {
		nodes = append(nodes, strings.TrimPrefix(url, "http://"))
	}
	player, err := golden.NewPlayer(nodes)
	if err != nil {
		return nil, fmt.Errorf("--target: %w", err)
	}
	if err := player.Reach(command.Context()); err != nil {
		return nil, fmt.Errorf("--target: %w", err)
	}
	if who.Name == "" && profile != "auth" { // cases about authentication log in themselves
		if err := wantsNoLogin(command.Context(), urls[0]); err != nil {
			return nil, err
		}
	}
	session, err := logIn(command.Context(), urls, who)
	if err != nil {
		return nil, err
	}
	player.LogIn(session)
	watch := newCounter(command.ErrOrStderr())
	return player.PlayAll(command.Context(), golden.Order{
		Files: golden.Files(profile), Only: f.only, SideBySide: targetSideBySide, Plays: targetPlays, Done: func(golden.Result) { watch.count(1) },
	})
}

// simulate plays against nodes of this source tree.
func (f conformanceFlags) simulate(command *cobra.Command, profiles []string) ([]golden.Result, error) {
	root, err := scenarios.ModuleRoot(".")
	if err != nil {
		return nil, err
	}
	built := sayIfSlow(command.ErrOrStderr(), "building the programs for simulated machines, as far as they have changed …")
	programs, err := conformance.Build(command.Context(), root)
	built()
	if err != nil {
		return nil, err
	}
	var results []golden.Result
	watch := newCounter(command.ErrOrStderr())
	for _, profile := range profiles {
		of, err := f.simulateOne(command.Context(), programs, profile, watch)
		if err != nil {
			return nil, err
		}
		results = append(results, of...)
	}
	return results, nil
}

// simulateOne plays a profile's files, some worlds at once.
func (f conformanceFlags) simulateOne(ctx context.Context, programs *conformance.Programs, profile string, watch *counter) (
	[]golden.Result, error) {
	cluster, err := programs.Boot(profile, f.seed)
	if err != nil {
		return nil, err
	}
	defer cluster.Close()
	files := golden.Files(profile)
	played, failures := make([]conformance.Played, len(files)), make([]error, len(files))
	slots := make(chan struct{}, f.jobs)
	var all sync.WaitGroup
	for i, file := range files {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			played[i], failures[i] = cluster.Play(ctx, file, f.only, f.seed)
			watch.count(len(played[i].Results))
		})
	}
	all.Wait()
	var results []golden.Result
	for i := range files {
		if failures[i] != nil {
			return nil, failures[i]
		}
		results = append(results, played[i].Results...)
	}
	return results, nil
}

// counter tells how many cases have been played, now and then.
type counter struct {
	mutex sync.Mutex
	out   io.Writer
	done  int
}

func newCounter(out io.Writer) *counter { return &counter{out: out} }

func (c *counter) count(more int) {
	const often = 100
	c.mutex.Lock()
	defer c.mutex.Unlock()
	before := c.done
	c.done += more
	if before/often != c.done/often {
		fmt.Fprintf(c.out, "%d cases played\n", c.done)
	}
}

// differenceLists are the files of what our own node is meant to do in another way.
const differenceLists = "nodes/golden/recordings/differences-*.md"

// conclude prints what came out and says how the command ends. What our own node is meant to do in another way is only counted if it is our
// node that was asked; of a target it is told last, with the reason that is listed for our node, since the target may be one of ours.
func (f conformanceFlags) conclude(out io.Writer, results []golden.Result, meant map[string]string) error {
	differ, unmeant, meantTo := 0, 0, 0
	var unlistedFirst, listedLast []golden.Result
	for _, r := range results {
		if _, listed := meant[r.Name()]; listed {
			listedLast = append(listedLast, r)
		} else {
			unlistedFirst = append(unlistedFirst, r)
		}
	}
	for _, r := range append(unlistedFirst, listedLast...) {
		if r.Outcome != golden.Different && r.Outcome != golden.Compatible {
			continue
		}
		reason, listed := meant[r.Name()]
		if listed {
			meantTo++
		}
		if listed && f.target == "" {
			continue
		}
		unmeant++
		if r.Outcome == golden.Compatible {
			continue
		}
		if differ++; differ > differencesShown {
			continue
		}
		fmt.Fprintf(out, "%s: %s\n", r.Name(), r.About)
		if listed {
			fmt.Fprintf(out, "    listed, for our own node differs here, too: %s (%s)\n", reason, differenceLists)
		}
		for _, d := range r.Differences {
			if !d.Minor {
				fmt.Fprintf(out, "    %s\n", d.Text)
			}
		}
	}
	if differ > differencesShown {
		where := "--out FOLDER writes all of them down"
		if f.out != "" {
			where = "all of them are in " + filepath.Join(f.out, conformanceTable)
		}
		fmt.Fprintf(out, "and %d more that differ: %s\n", differ-differencesShown, where)
	}
	matrix := golden.MatrixOf(results)
	fmt.Fprint(out, matrix)
	if meantTo > 0 {
		fmt.Fprintf(out, "%d of those that are not strictly alike are listed with their reasons in %s\n", meantTo, differenceLists)
	}
	if f.out != "" {
		fmt.Fprintln(out, filepath.Join(f.out, conformanceTable))
	}
	strict, compatible := matrix.All.Shares()
	switch {
	case strict < f.strict:
		return unexpected("%.1f %% are strictly alike: want %g %%", strict, f.strict)
	case compatible < f.compatible:
		return unexpected("%.1f %% are compatible: want %g %%", compatible, f.compatible)
	case f.target == "" && unmeant > 0:
		return unexpected("%d cases of our own node differ that are not meant to (nodes/golden/recordings)", unmeant)
	}
	return nil
}

// writeConformance leaves the results for people, for CI and for programs.
func writeConformance(folder run.Folder, results []golden.Result, meant map[string]string) error {
	if err := folder.WriteFile(conformanceTable, []byte(golden.Markdown(results, meant))); err != nil {
		return err
	}
	text, err := json.MarshalIndent(results, "", " ")
	if err != nil {
		return fmt.Errorf("results as JSON: %w", err)
	}
	if err := folder.WriteFile(conformanceResults, append(text, '\n')); err != nil {
		return err
	}
	var junit bytes.Buffer
	if err := reports.WriteSuites(&junit, suites(results, meant)); err != nil {
		return err
	}
	return folder.WriteFile(conformanceJUnit, junit.Bytes())
}

// suites are the results as JUnit has them, a suite for each topic. A case fails if a client would notice, unless it is meant to differ.
func suites(results []golden.Result, meant map[string]string) []reports.Suite {
	var all []reports.Suite
	for _, topic := range golden.Topics {
		suite := reports.Suite{Name: topic}
		for _, r := range results {
			if r.Topic != topic {
				continue
			}
			one := reports.SuiteCase{Name: r.Name() + ": " + r.About}
			reason, listed := meant[r.Name()]
			switch {
			case r.Outcome == golden.Skipped:
				one.Skipped = "holds for three members, or asks more nodes than there are"
			case r.Outcome == golden.Different && listed:
				one.Skipped = "meant to differ: " + reason
			case r.Outcome == golden.Different:
				one.Failure = r.Worst()
				for _, d := range r.Differences {
					one.Text += d.Text + "\n"
				}
			}
			suite.Cases = append(suite.Cases, one)
		}
		if len(suite.Cases) > 0 {
			all = append(all, suite)
		}
	}
	return all
}
