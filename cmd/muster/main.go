package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitAsExpected = 0
	// exitUnexpected: a verdict is not the one expected, a replay differs, or a comparison found a regression.
	exitUnexpected = 1
	// exitFailed: a verdict could not be reached, or the command could not do its work.
	exitFailed = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs a command line and returns its exit code.
func execute(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(arguments)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var status *statusError
	switch {
	case err == nil:
		return exitAsExpected
	case errors.As(err, &status):
		if status.err != nil {
			fmt.Fprintf(stderr, "muster: %v\n", status.err)
		}
		return status.code
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(stderr, "muster: interrupted: nothing was finished")
		return exitFailed
	case ctx.Err() != nil: // such as a build that was killed
		fmt.Fprintf(stderr, "muster: interrupted: %s\n", strings.TrimSpace(err.Error()))
		return exitFailed
	}
	fmt.Fprintf(stderr, "muster: %v\n", err)
	return exitFailed
}

// statusError ends a command with an exit code of its own. Without an error, everything has been said.
type statusError struct {
	code int
	err  error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// unexpected is an error that ends a command with exitUnexpected.
func unexpected(format string, arguments ...any) error {
	return &statusError{exitUnexpected, fmt.Errorf(format, arguments...)}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "muster",
		Short: "Find out whether a service registry passes when networks split, clocks lie and machines die",
		Long: `muster runs scenarios against a service registry with the semantics of Nacos: on simulated machines,
where every run can be repeated bit for bit from its seed, and live, on real processes or a cluster that
already runs. Every run leaves a folder: what the clients saw, what the nodes logged, verdicts, a report.

Exit codes: 0 every verdict is as the scenario expects; 1 one is not; 2 undecided, or it could not run.`,
		Example: `  muster simulate                                  # the whole catalog, a seed each, on all cores
  muster simulate leader-isolated --seeds 20       # one scenario with seeds 1 to 20
  muster replay runs/leader-isolated-seed7         # run that run again, and compare it bit for bit
  muster live leader-killed                        # the same scenario on real processes
  muster conformance --target 10.0.0.1:8848        # how like a real one it answers
  muster scenarios                                 # what there is in the catalog`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cobra.EnableCommandSorting = false // within a group, what is needed first comes first
	for _, group := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Find out how a registry does:", []*cobra.Command{
			newScenariosCommand(), newSimulateCommand(), newLiveCommand(), newConformanceCommand(), newTimingsCommand(),
		}},
		{"Look into runs:", []*cobra.Command{newReplayCommand(), newForkCommand(), newTraceCommand(), newDiffCommand()}},
		{"Judge, compare and keep runs:", []*cobra.Command{
			newCheckCommand(), newReportCommand(), newCompareCommand(), newPruneCommand(),
		}},
		{"Any Go program on simulated machines:", []*cobra.Command{newRunCommand(), newBuildCommand()}},
	} {
		root.AddGroup(&cobra.Group{ID: group.title, Title: group.title})
		for _, command := range group.commands {
			command.GroupID = group.title
			root.AddCommand(command)
		}
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		switch command.Name() {
		case "help":
			command.Example = "  muster help simulate"
			command.Args = func(_ *cobra.Command, topic []string) error {
				_, _, err := root.Find(topic)
				return err
			}
		case "completion":
			command.Example = "  source <(muster completion bash)                 # in this shell; its help says how in all to come"
			command.RunE = func(_ *cobra.Command, shells []string) error {
				if len(shells) > 0 {
					return fmt.Errorf("there is no completion for %q: want bash, fish, powershell or zsh", shells[0])
				}
				return command.Help()
			}
			command.Args = nil
		}
	}
	return root
}

// version is the commit that muster was built from, if it was built in its repository, and the Go version that built it: guests depend
// on both.
func version() string {
	text := "unknown version"
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return text
	}
	if build.Main.Version != "" {
		text = build.Main.Version
	}
	return text + ", " + build.GoVersion
}
