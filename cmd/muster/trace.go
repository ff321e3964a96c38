package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"muster/model/run"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

func newTraceCommand() *cobra.Command {
	var filter trace.Filter
	var kinds []string
	command := &cobra.Command{
		Use:   "trace RUN",
		Short: "Show what happened in a simulated run",
		Long: `Prints the records of a run's trace, one a line: true time since the world began, the machine, and what it did. RUN is
a run folder, or a file of muster run --trace. Without flags, all that was written is shown: machines, faults,
connections and what programs print; packets, wake-ups and changes of disks too if the run was made with --trace full.

--kind takes groups, machine, fault, console, net and disk, and single kinds, such as retransmit. --machine shows what a
machine did, and what others did with it.`,
		Example: `  muster simulate leader-isolated --seed 7 --trace full
  muster trace runs/leader-isolated-seed7 --machine n2 --from 12s --to 13s --kind net
  muster trace runs/leader-isolated-seed7 --kind fault`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if filter.To != 0 && filter.To < filter.From {
				return fmt.Errorf("--to %v: want a time after --from %v", filter.To, filter.From)
			}
			for _, name := range kinds {
				parsed, err := trace.ParseKinds(name)
				if err != nil {
					return fmt.Errorf("--kind: %w", err)
				}
				filter.Kinds = append(filter.Kinds, parsed...)
			}
			file, err := openTrace(arguments[0])
			if err != nil {
				return err
			}
			defer file.Close()
			if err := show(command.OutOrStdout(), command.ErrOrStderr(), file, filter); err != nil {
				return fmt.Errorf("%s: %w", arguments[0], err)
			}
			return nil
		},
	}
	command.Flags().StringSliceVar(&filter.Machines, "machine", nil, "only what these machines did, and what was done with them")
	command.Flags().StringSliceVar(&kinds, "kind", nil, "only these kinds: machine, fault, console, net, disk, or a single one")
	command.Flags().DurationVar(&filter.From, "from", 0, "from this true time on")
	command.Flags().DurationVar(&filter.To, "to", 0, "up to this true time")
	return command
}

// openTrace opens the trace of a run folder, or a trace file.
func openTrace(path string) (io.ReadCloser, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		return simulated.OpenTrace(run.Folder(path))
	}
	return os.Open(path)
}

// show prints what a filter wants of a trace. If that is nothing, it says what there is.
func show(to, remarks io.Writer, file io.Reader, filter trace.Filter) error {
	reader, err := trace.NewReader(file)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(to)
	shown, seen := 0, 0
	var last time.Duration
	for {
		_, record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(out.Flush(), err)
		}
		seen++
		last = record.At
		if filter.Over(&record) {
			break
		}
		if filter.Wants(&record) {
			shown++
			fmt.Fprintln(out, record.Line())
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if shown == 0 {
		hint := ""
		if reader.Level() == trace.Normal {
			hint = "; it was written at level normal, without packets, wake-ups and disks: make the run again with --trace full"
		}
		fmt.Fprintf(remarks, "none of the %d records up to %v fits%s\n", seen, last, hint)
	}
	return nil
}
