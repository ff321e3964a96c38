package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
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
		Args: wants(1, 1, "the folder of a simulated run, or a trace file"),
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := shown.parse(); err != nil {
				return err
			}
			file, err := openTrace(arguments[0])
			if err != nil {
				return err
			}
			defer file.Close()
			if before, err := run.Folder(arguments[0]).ReadRun(); err == nil && before.Lasted > 0 && shown.from.Duration > before.Lasted {
				return fmt.Errorf("%s: --from %v: want a time from 0 to %s, the run's end", arguments[0], &shown.from, inSeconds(before.Lasted))
			}
			if err := shown.show(command.OutOrStdout(), command.ErrOrStderr(), file, arguments[0]); err != nil {
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
	// from and to are the filter's, as they were typed.
	from, to moment
	kinds    []string
	json     bool
}

func (s *shown) flagOn(command *cobra.Command) {
	command.Flags().StringSliceVar(&s.filter.Machines, "machine", nil, "only what these machines did, and what was done with them")
	command.Flags().StringSliceVar(&s.kinds, "kind", nil, "only these kinds: machine, fault, console, net, disk, or a single one")
	command.Flags().Var(&s.from, "from", "from this true time on")
	command.Flags().BoolVar(&s.json, "json", false, "print records as JSON lines, for jq and its like")
	command.Flags().Var(&s.to, "to", "up to this true time")
	completeFlag(command, "kind", "machine", "fault", "console", "net", "disk")
}

// parse reads the flags.
func (s *shown) parse() error {
	if s.to.Duration != 0 && s.to.Duration < s.from.Duration {
		return fmt.Errorf("--to %v: want a time after --from %v", &s.to, &s.from)
	}
	s.filter.From, s.filter.To = s.from.Duration, s.to.Duration
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
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no run folder or trace file at %s", path)
	} else if err != nil {
		return nil, err
	} else if info.IsDir() {
		folder := run.Folder(path)
		before, err := folder.ReadRun()
		switch {
		case err == nil:
			err = traced(before)
		case errors.Is(err, fs.ErrNotExist):
			err = holdsOthers(folder)
		default:
			err = nil // a trace can be read without what else is known of the run
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return simulated.OpenTrace(folder)
	}
	return os.Open(path)
}

// show prints what is wanted of the trace of a run at a path. If nothing fits, it says what there is.
func (s *shown) show(to, remarks io.Writer, file io.Reader, path string) error {
	reader, err := trace.NewReader(file)
	if err != nil {
		return err
	}
	defer reader.Close()
	known := newCast(s.filter.Machines, path)
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
		known.meet(&record)
		if s.filter.Over(&record) {
			if known.whole() {
				break
			}
			continue // only to learn which machines there are
		}
		seen++
		last = record.At
		if s.filter.Wants(&record) {
			shown++
			line := record.Line()
			if s.json {
				text, err := record.JSON(index)
				if err != nil {
					return err
				}
				line = string(text)
			}
			fmt.Fprintln(out, line)
		}
	}
	if err := errors.Join(out.Flush(), known.check()); err != nil {
		return err
	}
	if shown == 0 {
		fmt.Fprintf(remarks, "none of the %d records up to %s fits%s\n", seen, inSeconds(last), s.missing(reader.Level(), path))
	}
	return nil
}

// missing says what may have happened that a trace does not hold, because its level does not keep it, and which command shows it;
// nothing if the trace holds all that is wanted.
func (s *shown) missing(level trace.Level, path string) string {
	what := "packets, wake-ups and changes of disks"
	if level < trace.Normal {
		what = "connections, what programs print, " + what
	}
	if len(s.kinds) > 0 {
		what = strings.Join(s.kinds, ", ")
	}
	kept := func(kind trace.Kind) bool { return kind.Level() <= level }
	if level == trace.Full || len(s.filter.Kinds) > 0 && !slices.ContainsFunc(s.filter.Kinds, func(k trace.Kind) bool { return !kept(k) }) {
		return ""
	}
	not := "not"
	if slices.ContainsFunc(s.filter.Kinds, kept) {
		not = "not all"
	}
	command := []string{"muster", "replay", path, "--from", s.from.String()}
	if s.to.Duration > 0 {
		command = append(command, "--to", s.to.String())
	}
	if len(s.filter.Machines) > 0 {
		command = append(command, "--machine", strings.Join(s.filter.Machines, ","))
	}
	if len(s.kinds) > 0 {
		command = append(command, "--kind", strings.Join(s.kinds, ","))
	}
	command = append(command, "--trace", trace.Full.String())
	return fmt.Sprintf(": the trace is of level %s, which does %s keep %s\n%s shows it", level, not, what, run.CommandLine(command...))
}

// cast are the machines that a run is known to have.
type cast struct {
	wanted []string
	names  []string
}

// newCast knows the machines of a run folder, which a trace that begins in the middle need not name. Those of other traces it meets.
func newCast(wanted []string, path string) *cast {
	c := &cast{wanted: wanted}
	if before, err := run.Folder(path).ReadRun(); err == nil {
		for _, m := range before.Machines {
			c.names = append(c.names, m.Name)
		}
	}
	return c
}

// meet learns the names of a record.
func (c *cast) meet(r *trace.Record) {
	for _, name := range []string{r.Machine, r.Peer} {
		if name != "" && len(c.wanted) > 0 && !slices.Contains(c.names, name) {
			c.names = append(c.names, name)
		}
	}
}

// whole says whether all machines that are wanted are there.
func (c *cast) whole() bool { return c.check() == nil }

// check names a machine that is wanted and not there. Nothing is known of a trace without records.
func (c *cast) check() error {
	for _, name := range c.wanted {
		if len(c.names) > 0 && !slices.Contains(c.names, name) {
			return fmt.Errorf("--machine %s: there is none of that name; want one of %s",
				name, strings.Join(slices.Sorted(slices.Values(c.names)), ", "))
		}
	}
	return nil
}
