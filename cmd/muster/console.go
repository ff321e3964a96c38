package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"muster/sim"
)

// console prints what happens in a world, in the order in which it happened.
type console struct {
	out     io.Writer
	colours map[string]string // by machine; nil: none
	width   int               // of the longest name
	waiting []consoleLine
	ended   map[string]int // the boot number of each machine's last program whose end was told
	failed  []string       // programs that failed, with the machine's name
}

// consoleLine is a line that has not been printed yet.
type consoleLine struct {
	at                  time.Duration
	machine, tint, text string
}

// Escape sequences of terminals.
const (
	plain = "\x1b[0m"
	faint = "\x1b[2m"
	bold  = "\x1b[1m"
)

// tints are the colours of machines' names, which take turns.
var tints = []string{"\x1b[36m", "\x1b[33m", "\x1b[35m", "\x1b[32m", "\x1b[34m", "\x1b[31m"}

// newConsole prints to out: in colours if that is a terminal and the user has nothing against them (no-color.org).
func newConsole(out io.Writer, machines []machinePlan) *console {
	c := &console{out: out, ended: map[string]int{}}
	if isTerminal(out) && os.Getenv("NO_COLOR") == "" {
		c.colours = map[string]string{}
	}
	for i, m := range machines {
		c.width = max(c.width, len(m.name))
		if c.colours != nil {
			c.colours[m.name] = tints[i%len(tints)]
		}
	}
	return c
}

// printed takes a line that a program printed. Those on standard error look fainter.
func (c *console) printed(line sim.Line) {
	tint := ""
	if line.Stream == 2 {
		tint = faint
	}
	c.add(line.At, line.Machine, tint, line.Text)
}

func (c *console) add(at time.Duration, machine, tint, text string) {
	c.waiting = append(c.waiting, consoleLine{at, machine, tint, text})
}

// ends tells of programs that ended since it was last called.
func (c *console) ends(world *sim.World) {
	for _, m := range world.Machines() {
		if m.Status() != sim.Exited || c.ended[m.Name()] == m.BootNumber() {
			continue
		}
		c.ended[m.Name()] = m.BootNumber()
		exit := m.Exit()
		text := fmt.Sprintf("ended with exit code %d", exit.Code)
		if exit.Reason != "" {
			text += ": " + exit.Reason
		}
		if exit.Code != 0 || exit.Reason != "" {
			c.failed = append(c.failed, fmt.Sprintf("%s (%s)", m.Name(), text))
		}
		c.add(exit.At, m.Name(), bold, "— "+text)
	}
}

// flush prints what waits.
func (c *console) flush() error {
	slices.SortStableFunc(c.waiting, func(a, b consoleLine) int { return cmp.Compare(a.at, b.at) })
	for _, line := range c.waiting {
		if line.machine == "" {
			line.text, line.tint = "— "+line.text, bold
		}
		format := "%11.6fs  %-*s  %s\n"
		if c.colours != nil {
			format = faint + "%11.6fs" + plain + "  " + c.colours[line.machine] + "%-*s" + plain + "  " + line.tint + "%s" + plain + "\n"
		}
		if _, err := fmt.Fprintf(c.out, format, line.at.Seconds(), c.width, line.machine, line.text); err != nil {
			return err
		}
	}
	c.waiting = c.waiting[:0]
	return nil
}
