package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"muster/sim"
	"muster/sim/trace"
)

// runFlags are the flags of `muster run`.
type runFlags struct {
	machines  int
	lasts     time.Duration
	seed      uint64
	env       []string
	memory    string
	with      []string
	at        []string
	trace     string
	traceLast time.Duration
}

func newRunCommand() *cobra.Command {
	var flags runFlags
	command := &cobra.Command{
		Use:   "run PACKAGE [-- ARGUMENT...]",
		Short: "Run any Go program on simulated machines",
		Long: `Builds a main package, boots simulated machines of it, and prints what they print, each line with simulated time and
the machine's name. PACKAGE is a folder, of whatever module, or an import path that the module of the working folder
knows. The machines are called n1, n2, …, have the addresses 10.0.0.1, 10.0.0.2, … and know each other by name. Each
has a disk of its own, a clock, and nothing of the host. All of them get the same arguments, in which, as in --env,

  {n}     is the machine's number, from 1
  {ip}    is its address            {ip:2}  is that of machine 2

--with 'PACKAGE ARGUMENT...' boots one machine more, of another program and named after it, for example a client;
it is split at spaces, and its number follows those of the machines before it.

--at 'TIME=FAULT' strikes a fault after so much simulated time:

  kill:2        end the program on machine 2 as kill -9 does       terminate:2   ask it to end, as SIGTERM does
  crash:2       take the machine's power away: what it had not synced to its disk is lost
  restart:2     boot it again after a kill, a crash or its end
  pause:2       stop it, as SIGSTOP does                           resume:2      let it go on
  isolate:2     cut it off from all others                         heal          end all that the network suffers from
  partition:1,2/3   cut machines 1 and 2 off from 3                cut:1/2       drop what 1 sends to 2
  clogged-link:1/2  hold back what passes between them until a heal
  reset-connections:1/2   end their connections with a reset
  silent-resolver:2, failing-resolver:2   have nobody answer what it asks of names, or answer with a failure
  clock-freeze:2    stop its wall clock                            clock-reset:2     set it right
  lying-disk:2      have its disk sync nothing                     disk-repair:2     have it work again

Machines are named by number or name, several with commas. The last line of the output is the hash over everything
that happened: with the same seed, it and all lines before it are the same, on any computer.

Ctrl-C ends it as soon as the programs pause; Ctrl-C again ends it at once.

Exit codes: 0 no program failed; 1 one did; 2 it could not be built or run.`,
		Example: `  muster run ./examples/raft --machines 3 -- -id {n} -peers {ip:1}:7000,{ip:2}:7000,{ip:3}:7000
  muster run ./server --with './client -server {ip:1}:8080' --for 1m --seed 7 -- -listen {ip}:8080
  muster run ./server --machines 3 --at 5s=kill:2 --at 10s=restart:2 --at 20s=isolate:1 --at 30s=heal --for 45s`,
		Args: wants(1, 0, "a PACKAGE: the folder of a main package, or an import path"),
		RunE: func(command *cobra.Command, arguments []string) error {
			defer endAtSecondSignal(command.ErrOrStderr())()
			return flags.run(command, arguments[0], arguments[1:])
		},
	}
	countFlag(command, &flags.machines, "machines", "n", 1, "how many machines of PACKAGE")
	command.Flags().DurationVar(&flags.lasts, "for", 30*time.Second, "how much simulated time at most")
	seedFlag(command, &flags.seed, 1, "decides everything that is left to chance")
	command.Flags().StringArrayVar(&flags.env, "env", nil, "environment variable `NAME=VALUE` of all machines (repeatable)")
	command.Flags().StringVar(&flags.memory, "memory", "512M", "the most memory that a program may have, a `size`: a number with K, M or G")
	command.Flags().StringArrayVar(&flags.with, "with", nil, "one machine more: `'PACKAGE ARGUMENT...'` (repeatable)")
	command.Flags().StringArrayVar(&flags.at, "at", nil, "strike a fault: `TIME=FAULT`, for example 5s=kill:2 (repeatable)")
	command.Flags().StringVar(&flags.trace, "trace", "", "`file` for the whole trace; muster trace and muster diff read it")
	command.Flags().DurationVar(&flags.traceLast, "trace-last", 0,
		"with --trace: keep only so much of the end, for runs of months; the hash covers all")
	return command
}

// machinePlan is a machine that `muster run` boots.
type machinePlan struct {
	name      string
	pack      string
	arguments []string
}

// plan lists the machines that the command line asks for.
func (f runFlags) plan(pack string, arguments []string) ([]machinePlan, error) {
	if f.machines < 1 {
		return nil, fmt.Errorf("--machines %d: want at least 1", f.machines)
	}
	if f.lasts <= 0 {
		return nil, fmt.Errorf("--for %v: want a positive duration", f.lasts)
	}
	for _, variable := range f.env {
		if name, _, ok := strings.Cut(variable, "="); !ok || name == "" {
			return nil, fmt.Errorf("--env %q: want NAME=VALUE", variable)
		}
	}
	var machines []machinePlan
	taken := map[string]bool{}
	for i := range f.machines {
		name := fmt.Sprintf("n%d", i+1)
		taken[name] = true
		machines = append(machines, machinePlan{name, pack, arguments})
	}
	for _, text := range f.with {
		words := strings.Fields(text)
		if len(words) == 0 {
			return nil, errors.New("--with: want 'PACKAGE ARGUMENT...'")
		}
		name := hostName(words[0])
		for base, i := name, 2; taken[name]; i++ {
			name = fmt.Sprintf("%s-%d", base, i)
		}
		taken[name] = true
		machines = append(machines, machinePlan{name, words[0], words[1:]})
	}
	for i := range machines {
		var err error
		if machines[i].arguments, err = fillIn(machines[i].arguments, i+1, len(machines)); err != nil {
			return nil, err
		}
	}
	return machines, nil
}

// hostName makes a host name of a package's path.
func hostName(pack string) string {
	base := filepath.Base(pack)
	if absolute, err := filepath.Abs(pack); base == "." && err == nil {
		base = filepath.Base(absolute)
	}
	name := strings.Trim(strings.Map(func(c rune) rune {
		if '0' <= c && c <= '9' || 'a' <= c && c <= 'z' {
			return c
		}
		return '-'
	}, strings.ToLower(base)), "-")
	if name == "" {
		return "other"
	}
	return name
}

// fillIn puts a machine's number and the machines' addresses where the texts want them.
func fillIn(texts []string, number, machines int) ([]string, error) {
	filled := slices.Clone(texts)
	for i, text := range filled {
		text = strings.ReplaceAll(text, "{n}", strconv.Itoa(number))
		text = strings.ReplaceAll(text, "{ip}", addressOf(number).String())
		for {
			before, after, found := strings.Cut(text, "{ip:")
			if !found {
				break
			}
			digits, rest, closed := strings.Cut(after, "}")
			other, err := strconv.Atoi(digits)
			if !closed || err != nil || other < 1 || other > machines {
				return nil, fmt.Errorf("%q: want {ip:N} with a machine's number from 1 to %d", texts[i], machines)
			}
			text = before + addressOf(other).String() + rest
		}
		filled[i] = text
	}
	return filled, nil
}

// addressOf is the address that a world gives to its machine of that number, from 1.
func addressOf(number int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 0, byte(number >> 8), byte(number)})
}

// parseSize reads a number of bytes.
func parseSize(text string) (uint64, error) {
	digits, shift := text, 0
	for suffix, by := range map[string]int{"K": 10, "M": 20, "G": 30} {
		if before, ok := strings.CutSuffix(text, suffix); ok {
			digits, shift = before, by
		}
	}
	number, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("--memory %q: want a number with K, M or G, for example 256M", text)
	}
	return number << shift, nil
}

func (f runFlags) run(command *cobra.Command, pack string, arguments []string) error {
	machines, err := f.plan(pack, arguments)
	if err != nil {
		return err
	}
	strikes, err := parseStrikes(f.at, machines)
	if err != nil {
		return err
	}
	memory, err := parseSize(f.memory)
	if err != nil {
		return err
	}
	var packs []string
	for _, m := range machines {
		if !slices.Contains(packs, m.pack) {
			packs = append(packs, m.pack)
		}
	}
	if err := checkGuests(command.Context(), packs...); err != nil {
		return err
	}
	programs := map[string]sim.Program{}
	for _, pack := range packs {
		if programs[pack], err = loadGuest(command, pack); err != nil {
			return err
		}
	}
	out := newConsole(command.OutOrStdout(), machines)
	options := sim.Options{Seed: f.seed, Output: out.printed}
	if f.traceLast < 0 || f.traceLast > 0 && f.trace == "" {
		return fmt.Errorf("--trace-last %v: want a stretch above zero, with --trace FILE", f.traceLast)
	}
	if f.trace != "" {
		file, err := os.Create(f.trace)
		if err != nil {
			return fmt.Errorf("--trace: %w", err)
		}
		defer file.Close()
		if options.Trace = trace.NewCompactWriter(file, trace.Full, f.seed); f.traceLast > 0 {
			options.Trace = trace.NewRingWriter(file, trace.Full, f.seed, f.traceLast)
		}
	}
	world, err := sim.New(options)
	if err != nil {
		return err
	}
	defer world.Close()
	for i, m := range machines {
		program := programs[m.pack]
		program.MemoryLimit = memory
		if program.Env, err = fillIn(f.env, i+1, len(machines)); err != nil {
			return err
		}
		if _, err := world.Boot(m.name, program, m.arguments...); err != nil {
			return err
		}
	}
	began := time.Now()
	if err := play(command.Context(), world, out, strikes, f.lasts); err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Fprintf(command.ErrOrStderr(), "%v simulated in %v: %.1f times as fast as real time\n",
		world.Now(), took.Round(time.Millisecond), world.Now().Seconds()/took.Seconds())
	fmt.Fprintf(command.OutOrStdout(), "trace %s, %d records, seed %d\n", trace.FormatHash(world.TraceHash()), world.TraceRecords(), f.seed)
	if err := world.Close(); err != nil {
		return err
	}
	if len(out.failed) > 0 {
		return unexpected("failed: %s", strings.Join(out.failed, ", "))
	}
	return nil
}

// step is how much simulated time passes at most before `muster run` prints what came and looks whether it is to stop.
const step = 100 * time.Millisecond

// play lets the world run, strikes faults and prints what happens, until the time is over or nothing can happen any more.
func play(ctx context.Context, world *sim.World, out *console, strikes []strike, lasts time.Duration) error {
	for {
		for len(strikes) > 0 && strikes[0].at <= world.Now() {
			out.add(world.Now(), "", "", strikes[0].text)
			if err := strikes[0].do(world); err != nil {
				return fmt.Errorf("--at %v=%s: %w", strikes[0].at, strikes[0].text, err)
			}
			strikes = strikes[1:]
		}
		alive := slices.ContainsFunc(world.Machines(), func(m *sim.Machine) bool {
			return m.Status() == sim.Running || m.Status() == sim.Paused
		})
		if world.Now() >= lasts || !alive && len(strikes) == 0 {
			return out.flush()
		}
		if err := ctx.Err(); err != nil {
			return errors.Join(out.flush(), &statusError{exitFailed, fmt.Errorf("interrupted after %v of simulated time", world.Now())})
		}
		next := min(world.Now()+step, lasts)
		if len(strikes) > 0 {
			next = min(next, strikes[0].at)
		}
		if err := world.Run(next - world.Now()); err != nil {
			return err
		}
		out.ends(world)
		if err := out.flush(); err != nil {
			return err
		}
	}
}
