package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"text/tabwriter"

	"muster/model"
	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim"
)

// standing is how the world of a run stands at a moment.
type standing struct {
	folder run.Folder
	before run.Run
	play   *scenarios.Play
	at     moment
}

// linesShown is how many of the last lines of each machine are shown, and widest how much of each.
const (
	linesShown = 3
	widest     = 160
)

func (s standing) write(to io.Writer) error {
	stage, ok := s.play.Stage().(*simulated.Stage)
	if !ok {
		return errors.New("only simulated worlds can be looked at")
	}
	world := stage.World()
	events, err := s.folder.NodeEvents()
	if err != nil {
		return err
	}
	pending, err := s.pending()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(to)
	fmt.Fprintf(out, "%s at %v of %s, seed %d: %s\n", s.folder, &s.at, inSeconds(s.before.Lasted), s.before.Seed, s.before.Scenario)
	fmt.Fprintf(out, "%d trace records so far, hash %016x\n", world.TraceRecords(), world.TraceHash())
	s.machines(out, world)
	s.beliefs(out, events)
	s.faults(out, world)
	s.connections(out, world)
	words(out, world)
	s.operations(out, pending)
	return out.Flush()
}

// machines lists them with how they stand and what their clocks show.
func (s standing) machines(out io.Writer, world *sim.World) {
	fmt.Fprintln(out, "\nMachines")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  name\taddress\tstatus\tboot\twall clock\tahead by\tmemory")
	for _, m := range world.Machines() {
		memory := "-"
		if size := m.MemorySize(); size > 0 {
			memory = fmt.Sprintf("%.0f MB", float64(size)/1e6)
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%d\t%s\t%v\t%s\n", m.Name(), m.Address(), m.Status(), m.BootNumber(),
			m.Clock().Wall().Format("15:04:05.000"), m.Clock().Skew(), memory)
	}
	table.Flush()
}

// beliefs says what each node logged last of itself, of who leads and of its peers.
func (s standing) beliefs(out io.Writer, events []run.NodeEvent) {
	names := map[string]string{"": "nobody"}
	for _, m := range s.before.Machines {
		names[m.Address] = m.Name
	}
	named := func(address string) string {
		if name, known := names[address]; known {
			return name
		}
		return address
	}
	fmt.Fprintln(out, "\nWhat nodes have logged last (terms are those of that time)")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, node := range s.before.Nodes() {
		raft, leader := "-", "-"
		members := map[string]string{}
		for _, e := range events {
			if e.Machine != node || e.T > s.at.Duration {
				continue
			}
			switch e.Name {
			case run.EventNodeStart:
				raft, leader = "-", "-"
				clear(members)
			case run.EventRaftState:
				raft = fmt.Sprintf("%s since term %.0f", e.Text("state"), e.Number("term"))
			case run.EventRaftLeader:
				leader = fmt.Sprintf("%s (term %.0f)", named(e.Text("leader")), e.Number("term"))
			case run.EventMemberState:
				members[named(e.Text("member"))] = e.Text("state")
			}
		}
		var states []string
		for member, state := range members {
			states = append(states, member+" "+state)
		}
		slices.Sort(states)
		fmt.Fprintf(table, "  %s\t%s\tleader: %s\t%s\n", node, raft, leader, orDash(strings.Join(states, ", ")))
	}
	table.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// faults lists those in force, and what is cut.
func (s standing) faults(out io.Writer, world *sim.World) {
	fmt.Fprintln(out, "\nFaults in force")
	some := false
	for _, strike := range s.play.Strikes() {
		if strike.Skipped == "" && strike.Until == 0 && !strike.Ends() {
			fmt.Fprintf(out, "  %s, since %s\n", strike.Text, inSeconds(strike.At))
			some = true
		}
	}
	for _, each := range []struct {
		what string
		ways []sim.Way
	}{{"cut", world.Cuts()}, {"clogged", world.Clogs()}} {
		var ways []string
		for _, way := range each.ways {
			ways = append(ways, way.From.Name()+" > "+way.To.Name())
		}
		if len(ways) > 0 {
			fmt.Fprintf(out, "  %s: %s\n", each.what, strings.Join(ways, ", "))
			some = true
		}
	}
	if !some {
		fmt.Fprintln(out, "  none")
	}
	if next, more := s.play.Next(); more {
		fmt.Fprintf(out, "  the next strikes at %s\n", inSeconds(next))
	}
}

// connections counts the open ones between each two machines, and lists those that are not as they should be.
func (s standing) connections(out io.Writer, world *sim.World) {
	fmt.Fprintln(out, "\nConnections")
	open := map[string]int{}
	var order, odd []string
	for _, c := range world.Connections() {
		peer := c.Remote.String()
		if c.Peer != nil {
			peer = c.Peer.Name()
		}
		way := c.Machine.Name() + " > " + peer
		if open[way] == 0 {
			order = append(order, way)
		}
		open[way]++
		switch {
		case !c.Open:
			odd = append(odd, fmt.Sprintf("%s (%s > %s) is still connecting", way, c.Local, c.Remote))
		case c.Unacknowledged > 0:
			odd = append(odd, fmt.Sprintf("%s (%s > %s): %d bytes are not acknowledged", way, c.Local, c.Remote, c.Unacknowledged))
		}
	}
	slices.Sort(order)
	for _, way := range order {
		fmt.Fprintf(out, "  %s: %d\n", way, open[way])
	}
	for _, line := range odd {
		fmt.Fprintf(out, "  %s\n", line)
	}
}

// words are the last that each machine printed.
func words(out io.Writer, world *sim.World) {
	fmt.Fprintln(out, "\nPrinted last")
	for _, m := range world.Machines() {
		lines := m.LastWords()
		for _, line := range lines[max(0, len(lines)-linesShown):] {
			if len(line) > widest {
				line = strings.ToValidUTF8(line[:widest], "") + " …"
			}
			fmt.Fprintf(out, "  %-8s %s\n", m.Name(), line)
		}
	}
}

// pending are the clients' operations that have begun and not ended.
func (s standing) pending() ([]model.Record, error) {
	history, err := s.folder.ReadHistory()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var pending []model.Record
	for _, r := range history.Records {
		switch {
		case r.T > s.at.Duration || r.Phase == model.Event:
		case r.Phase == model.Invoke:
			pending = append(pending, r)
		default:
			pending = slices.DeleteFunc(pending, func(p model.Record) bool { return p.Client == r.Client && p.Op == r.Op })
		}
	}
	return pending, nil
}

func (s standing) operations(out io.Writer, pending []model.Record) {
	fmt.Fprintf(out, "\nPending operations of clients: %d\n", len(pending))
	for _, p := range pending {
		fmt.Fprintf(out, "  %s #%d: %s of %s at %s, since %s\n", p.Client, p.Op, p.Call, p.Service, orDash(p.Node), inSeconds(p.T))
	}
}
