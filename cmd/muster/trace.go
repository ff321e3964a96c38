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
	var shown shown
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
			if err := shown.parse(); err != nil {
				return err
			}
			file, err := openTrace(arguments[0])
			if err != nil {
				return err
			}
			defer file.Close()
			if err := show(command.OutOrStdout(), command.ErrOrStderr(), file, shown); err != nil {
				return fmt.Errorf("%s: %w", arguments[0], err)
			}
			return nil
		},
	}
	shown.flagOn(command)
	return command
}

// shown is what is to be shown of a trace.
type shown struct {
	filter trace.Filter
	kinds  []string
	json   bool
}

func (s *shown) flagOn(command *cobra.Command) {
	command.Flags().StringSliceVar(&s.filter.Machines, "machine", nil, "only what these machines did, and what was done with them")
	command.Flags().StringSliceVar(&s.kinds, "kind", nil, "only these kinds: machine, fault, console, net, disk, or a single one")
	command.Flags().DurationVar(&s.filter.From, "from", 0, "from this true time on")
	command.Flags().BoolVar(&s.json, "json", false, "print records as JSON lines, for jq and its like")
	command.Flags().DurationVar(&s.filter.To, "to", 0, "up to this true time")
	completeFlag(command, "kind", "machine", "fault", "console", "net", "disk")
}

// parse reads the flags.
func (s *shown) parse() error {
	if s.filter.To != 0 && s.filter.To < s.filter.From {
		return fmt.Errorf("--to %v: want a time after --from %v", s.filter.To, s.filter.From)
	}
	for _, name := range s.kinds {
		parsed, err := trace.ParseKinds(name)
		if err != nil {
			return fmt.Errorf("--kind: %w", err)
		}
		s.filter.Kinds = append(s.filter.Kinds, parsed...)
	}
	return nil
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
func show(to, remarks io.Writer, file io.Reader, wanted shown) error {
	reader, err := trace.NewReader(file)
	if err != nil {
		return err
	}
	defer reader.Close()
	filter := wanted.filter
	out := bufio.NewWriter(to)
	shown, seen := 0, 0
	var last time.Duration
	for {
		index, record, err := reader.Next()
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
			line := record.Line()
			if wanted.json {
				text, err := record.JSON(index)
				if err != nil {
					return err
				}
				line = string(text)
			}
			fmt.Fprintln(out, line)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if shown == 0 {
		hint := ""
		if reader.Level() < trace.Full {
			hint = fmt.Sprintf("; it was written at level %s, without packets, wake-ups and disks: muster replay RUN --from … shows them", reader.Level())
		}
		fmt.Fprintf(remarks, "none of the %d records up to %v fits%s\n", seen, last, hint)
	}
	return nil
}
