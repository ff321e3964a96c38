package sim

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"muster/sim/clock"
	"muster/sim/disk"
	"muster/sim/network"
	"muster/sim/queue"
	"muster/sim/random"
	"muster/sim/trace"
)

// Options of a world.
type Options struct {
	// Seed decides everything that is left to chance.
	Seed uint64
	// Output receives each line that a program prints; nil: nobody does. It is called while the program runs, so it may strike faults, but
	// neither end that program nor run or close the world.
	Output func(Line)
	// Trace receives the trace; nil: it is only hashed. Close finishes it.
	Trace *trace.Writer
	// Link is how packets travel between two machines unless SetLink says otherwise; network.LAN if zero.
	Link network.Link
	// Tail is what a crash leaves of bytes that were appended to a file and not synced: nothing unless told otherwise.
	Tail disk.Tail
}

// Line is a line that a program printed.
type Line struct {
	At      time.Duration // true time since the world began
	Machine string
	Boot    int // 1 for the first program that ran on the machine
	Stream  int // 1: standard output, 2: standard error
	Text    string
}

// World is a simulation: machines, and the network between them. It is used from one goroutine; several worlds can run side by side.
type World struct {
	options  Options
	streams  random.Streams
	queue    queue.Queue
	network  *network.Network
	trace    trace.Recorder
	machines []*Machine
	cuts     []way      // in the order of Cut
	clogs    []way      // in the order of Clog
	due      []*Machine // to be run at this instant
	settling bool
	closed   bool
}

// New returns a world without machines.
func New(o Options) (*World, error) {
	streams := random.New(o.Seed)
	w := &World{options: o, streams: streams, network: network.New(streams), trace: trace.NewRecorder(sinkOf(o.Trace))}
	w.network.SetNotes(network.AllNotes)
	if o.Link != (network.Link{}) {
		w.network.SetDefaultLink(&w.queue, o.Link)
	}
	return w, nil
}

// sinkOf is what a recorder hands records to: nobody if there is no writer.
func sinkOf(writer *trace.Writer) trace.Sink {
	if writer == nil {
		return nil // and not an interface that holds a nil
	}
	return writer
}

// Now is the true time since the world began.
func (w *World) Now() time.Duration { return time.Duration(w.queue.Now()) }

// WallTime is what a true wall clock shows now. Worlds begin at clock.Epoch.
func (w *World) WallTime() time.Time { return clock.Epoch.Add(w.Now()) }

// Seed is what everything left to chance depends on.
func (w *World) Seed() uint64 { return w.options.Seed }

// TraceHash is the hash of everything that has happened so far. Two runs with the same hash were the same.
func (w *World) TraceHash() uint64 { return w.trace.Hash() }

// TraceRecords is the number of things that the hash covers.
func (w *World) TraceRecords() uint64 { return w.trace.Count() }

// Machines are all machines in the order in which they were booted.
func (w *World) Machines() []*Machine { return append([]*Machine(nil), w.machines...) }

// Machine finds a machine by its name; nil if there is none.
func (w *World) Machine(name string) *Machine {
	for _, m := range w.machines {
		if m.name == name {
			return m
		}
	}
	return nil
}

// Boot adds a machine and starts a program on it: now, but running begins with the next Run. The machine gets a disk, a clock that is
// right, and an address: 10.0.0.1 for the first machine, and so on. All machines find each other by name (SetName).
func (w *World) Boot(name string, program Program, args ...string) (*Machine, error) {
	if w.closed {
		return nil, fmt.Errorf("boot %s: the world is closed", name)
	}
	if err := checkName(name); err != nil {
		return nil, fmt.Errorf("boot %q: %w", name, err)
	}
	if w.Machine(name) != nil {
		return nil, fmt.Errorf("boot %s: there is a machine of that name already", name)
	}
	number := len(w.machines) + 1
	if number > mostMachines {
		return nil, fmt.Errorf("boot %s: a world has %d machines at most", name, mostMachines)
	}
	m := &Machine{
		world:   w,
		name:    name,
		host:    network.Host(number),
		address: netip.AddrFrom4([4]byte{10, 0, byte(number >> 8), byte(number)}),
		disk:    disk.New(disk.Options{}),
		clock:   clock.New(w.queue.Now()),
	}
	m.seed(w.streams)
	process, err := m.load(program, args)
	if err != nil {
		return nil, fmt.Errorf("boot %s: %w", name, err)
	}
	if err := w.network.AddHost(m.host, m.address); err != nil {
		return nil, fmt.Errorf("boot %s: %w", name, err)
	}
	w.machines = append(w.machines, m)
	if err := m.furnish(); err != nil {
		return nil, fmt.Errorf("boot %s: %w", name, err)
	}
	m.start(process, program, args)
	return m, nil
}

// mostMachines is how many addresses 10.0.0.0/16 has, without the first and the last.
const mostMachines = 1<<16 - 2

// checkName tells whether a name can be a host name.
func checkName(name string) error {
	for _, c := range name {
		if !(c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z') {
			return errors.New("want a host name of lower-case letters, digits and hyphens")
		}
	}
	if name == "" || name == "localhost" || strings.HasPrefix(name, "-") || len(name) > 63 {
		return errors.New("want a host name of 1 to 63 characters, other than localhost, that does not begin with a hyphen")
	}
	return nil
}

// furnish gives a machine the files that every machine has.
func (m *Machine) furnish() error {
	for _, file := range []struct{ path, content string }{
		{"/etc/hostname", m.name + "\n"},
		{"/etc/nsswitch.conf", "hosts: files dns\n"},
		{"/etc/resolv.conf", "nameserver " + network.ResolverAddress.Addr().String() + "\n"},
	} {
		if err := m.writeFile(file.path, file.content); err != nil {
			return err
		}
	}
	if err := m.takeName(); err != nil {
		return err
	}
	for _, directory := range []string{"/tmp", "/root"} {
		if err := m.disk.Mkdir(disk.Root, directory, 0); err != disk.OK {
			return fmt.Errorf("making the directory %s: error %d", directory, err)
		}
	}
	if err := m.disk.Sync(disk.Root); err != disk.OK {
		return fmt.Errorf("keeping the directories: error %d", err)
	}
	return nil
}

// Run lets simulated time pass. It returns when nothing is left to happen in it.
func (w *World) Run(d time.Duration) error {
	if w.closed {
		return errors.New("run: the world is closed")
	}
	if w.settling {
		return errors.New("run: the world runs already, and this is its Output")
	}
	if d < 0 {
		return fmt.Errorf("run for %v: time does not run back", d)
	}
	end := w.queue.Now() + int64(d)
	for {
		e, ok := w.queue.Peek()
		if !ok || e.At > end {
			break
		}
		w.queue.Pop()
		w.handle(e)
	}
	w.queue.Advance(end)
	return nil
}

// The world's own kinds of events. Host is the machine's.
const (
	kindStart = queue.FirstOfWorld + iota // a program starts; Arg is the machine's boot number
	kindTimer                             // a program that waits may go on; Arg tells a timer from those before it
)

func (w *World) handle(e queue.Event) {
	switch {
	case e.Kind >= queue.FirstOfNetwork && e.Kind <= network.KindLast:
		w.network.Handle(&w.queue, e)
	case e.Kind == kindStart:
		w.machineOf(network.Host(e.Host)).begin(int(e.Arg))
	case e.Kind == kindTimer:
		w.machineOf(network.Host(e.Host)).timerFired(e.Arg)
	}
	w.settle()
}

func (w *World) machineOf(h network.Host) *Machine { return w.machines[h-1] }

// settle does everything that follows at once from what happened: it takes notes of what the network did, and runs the machines that
// can go on. Called by what Output does while a program runs, it leaves that to who is at it.
func (w *World) settle() {
	if w.settling {
		return
	}
	w.settling = true
	defer func() { w.settling = false }()
	for {
		w.takeNotes()
		for _, s := range w.network.TakeReady() {
			if h, ok := w.network.HostOf(s); ok {
				w.machineOf(h).socketChanged(s)
			}
		}
		if len(w.due) == 0 {
			return
		}
		m := w.due[0]
		w.due = w.due[:copy(w.due, w.due[1:])]
		m.isDue = false
		m.run()
	}
}

// record adds to the trace something that happens now.
func (w *World) record(r trace.Record) {
	r.At = w.Now()
	w.trace.Add(r)
}

// kindOfNote is how the trace names what the network takes note of.
var kindOfNote = [...]trace.Kind{
	network.NoteConnect:     trace.Connect,
	network.NoteEstablished: trace.Established,
	network.NoteRefused:     trace.Refused,
	network.NoteAccept:      trace.Accept,
	network.NoteReset:       trace.Reset,
	network.NoteTimedOut:    trace.TimedOut,
	network.NoteFinished:    trace.Finished,
	network.NoteDelivered:   trace.Delivered,
	network.NoteCut:         trace.DroppedByCut,
	network.NoteLost:        trace.DroppedByChance,
	network.NoteRejected:    trace.Rejected,
	network.NoteUnheard:     trace.Unheard,
	network.NoteDiscarded:   trace.Discarded,
	network.NoteRetransmit:  trace.Retransmit,
	network.NoteClogged:     trace.Clogged,
}

func (w *World) takeNotes() {
	for _, n := range w.network.TakeNotes() {
		r := trace.Record{At: time.Duration(n.At), Kind: kindOfNote[n.Kind], Machine: w.machineOf(n.From).name,
			Source: n.Source, Destination: n.Destination, Size: int64(n.Size), Sum: uint64(n.Sum)}
		if n.To != 0 {
			r.Peer = w.machineOf(n.To).name
		}
		w.trace.Add(r)
	}
}

// Close ends the world: its machines vanish without a word, and the trace is finished.
func (w *World) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	for _, m := range w.machines {
		m.drop()
	}
	return w.finishTrace()
}

func (w *World) finishTrace() error {
	if w.options.Trace == nil {
		return nil
	}
	return w.options.Trace.Finish(&w.trace)
}
