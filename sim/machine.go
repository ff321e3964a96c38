package sim

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"muster/sim/clock"
	"muster/sim/disk"
	"muster/sim/machine"
	"muster/sim/network"
	"muster/sim/queue"
	"muster/sim/random"
	"muster/sim/trace"
)

// Status says how a machine stands.
type Status uint8

// A machine is in one of these states.
const (
	Running Status = iota // its program runs, or is about to
	Paused                // its program is stopped
	Exited                // its program ended
	Killed                // its program was killed
	Crashed               // it has no power
)

// String is the status in one word.
func (s Status) String() string {
	return [...]string{"running", "paused", "exited", "killed", "crashed"}[s]
}

// Exit says how a program ended.
type Exit struct {
	At   time.Duration // true time since the world began
	Code int
	// Reason says what stopped a program that did not end by itself: the panic or fatal error that Go's runtime printed, such as "fatal
	// error: all goroutines are asleep - deadlock!"; that it spins (Program.WorkLimit); or a pointer that led outside of its memory.
	Reason string
}

// Machine is a simulated computer, which runs one program.
type Machine struct {
	world   *World
	name    string
	host    network.Host
	address netip.Addr
	disk    *disk.Disk
	clock   clock.Clock
	random  random.Stream
	tears   random.Stream // where a crash tears files

	slowdown float64

	status  Status
	program Program
	args    []string
	boot    int
	process *machine.Process // nil if none runs
	exit    Exit
	words   []string // the last lines that it printed

	complaint string // the first line of a panic or fatal error of its

	// When the process goes on.
	running   bool  // it runs at this very moment
	begun     bool  // it has run at all
	until     int64 // it waits for this, by its monotonic clock; 0: for events only
	told      bool  // it waits no more, since there is something to tell it
	busy      int64 // it does not go on before this true time
	timerAt   int64 // there is a timer for this true time; 0: there is none
	timer     uint64
	isDue     bool // it stands in World.due
	wakeCount int64
}

// Name is the machine's host name.
func (m *Machine) Name() string { return m.name }

// Address is the machine's address on the network.
func (m *Machine) Address() netip.Addr { return m.address }

// Status says how the machine stands.
func (m *Machine) Status() Status { return m.status }

// BootNumber counts the programs that were started on the machine.
func (m *Machine) BootNumber() int { return m.boot }

// Arguments are what the present program, or the last one, was started with.
func (m *Machine) Arguments() []string { return slices.Clone(m.args) }

// Exit says how the program ended; only if Status is Exited.
func (m *Machine) Exit() Exit { return m.exit }

// Disk is the machine's disk, for looking at what is on it.
func (m *Machine) Disk() *disk.Disk { return m.disk }

// Wakes is how often the present program, or the last one, has gone on after waiting.
func (m *Machine) Wakes() int64 { return m.wakeCount }

// MemorySize is how much memory the program has, in bytes; 0 if none runs.
func (m *Machine) MemorySize() int {
	if m.process == nil {
		return 0
	}
	return m.process.MemorySize()
}

// panicCode is the exit code of a program that panicked or met a fatal error of Go's runtime.
const panicCode = 2

// lastWords is how many lines LastWords keeps.
const lastWords = 50

// LastWords are the last lines, up to 50, that the present program, or the last one, printed.
func (m *Machine) LastWords() []string { return append([]string(nil), m.words...) }

// seed lets what is left to chance on this machine depend on streams.
func (m *Machine) seed(streams random.Streams) {
	m.disk.Reseed(streams.Stream("disk/" + m.name))
	m.random, m.tears = streams.Stream("machine/"+m.name), streams.Stream("crash/"+m.name)
}

// load makes a process, and changes nothing.
func (m *Machine) load(program Program, args []string) (*machine.Process, error) {
	return machine.Start(m.kernel(), machine.Program{
		Code:        program.code,
		Arguments:   append([]string{program.Name}, args...),
		Environment: environment(program.Env),
		MemoryLimit: program.MemoryLimit,
		WorkLimit:   program.WorkLimit,
	})
}

// start puts a process in the place of the last one, with an event that begins it.
func (m *Machine) start(process *machine.Process, program Program, args []string) {
	process.SetSlowdown(m.slowdown)
	m.process, m.program, m.args = process, program, slices.Clone(args)
	m.boot++
	m.status, m.exit, m.words, m.complaint = Running, Exit{}, nil, ""
	m.begun, m.until, m.told, m.busy, m.wakeCount = false, 0, false, 0, 0
	m.world.record(trace.Record{Kind: trace.Boot, Machine: m.name, Number: int64(m.boot), Text: strings.Join(args, " ")})
	m.world.queue.Push(0, queue.Event{Kind: kindStart, Host: int32(m.host), Arg: uint64(m.boot)})
}

func (m *Machine) kernel() machine.Kernel {
	return machine.Kernel{
		Queue:   &m.world.queue,
		Network: m.world.network,
		Disk:    m.disk,
		Clock:   &m.clock,
		Random:  &m.random,
		Trace:   &m.world.trace,
		Name:    m.name,
		Host:    m.host,
		Address: m.address,
		Print:   m.print,
	}
}

func (m *Machine) print(stream int, text []byte) {
	line := Line{At: m.world.Now(), Machine: m.name, Boot: m.boot, Stream: stream, Text: string(text)}
	m.world.record(trace.Record{Kind: trace.Console, Machine: m.name, Number: int64(stream), Text: line.Text})
	if stream == 2 && m.complaint == "" && (strings.HasPrefix(line.Text, "panic: ") || strings.HasPrefix(line.Text, "fatal error: ")) {
		m.complaint = line.Text
	}
	if len(m.words) == lastWords {
		m.words = m.words[:copy(m.words, m.words[1:])]
	}
	m.words = append(m.words, line.Text)
	if m.world.options.Output != nil {
		m.world.options.Output(line)
	}
}

func (m *Machine) writeFile(path, content string) error {
	if err := m.disk.WriteFile(path, []byte(content), m.clock.Wall(m.world.queue.Now())); err != disk.OK {
		return fmt.Errorf("writing %s on the disk of %s: error %d", path, m.name, err)
	}
	return nil
}

// begin runs the program for the first time.
func (m *Machine) begin(boot int) {
	if boot != m.boot || m.process == nil {
		return // it has crashed since
	}
	m.begun, m.told = true, true
	m.schedule()
}

// schedule sees to it that the process goes on when it can.
func (m *Machine) schedule() {
	if m.process == nil || !m.begun || m.status == Paused || m.isDue {
		return
	}
	now := m.world.queue.Now()
	at := m.busy
	if !m.told {
		if m.until == 0 {
			return
		}
		at = max(at, m.clock.WhenMono(now, m.until))
	}
	if at <= now {
		m.isDue = true
		m.world.due = append(m.world.due, m)
		return
	}
	// A timer that fires too early asks again; so one that is there already is good enough, and a process that is woken often does not
	// fill the queue.
	if at != clock.Never && (m.timerAt == 0 || at < m.timerAt) {
		m.timer++
		m.timerAt = at
		m.world.queue.Push(at-now, queue.Event{Kind: kindTimer, Host: int32(m.host), Arg: m.timer})
	}
}

func (m *Machine) timerFired(timer uint64) {
	if timer == m.timer {
		m.timerAt = 0
		m.schedule()
	}
}

func (m *Machine) socketChanged(s network.Socket) {
	if m.process != nil && m.process.SocketChanged(s) && !m.told {
		m.told = true
		m.schedule()
	}
}

// run lets the process go on until it waits again or ends.
func (m *Machine) run() {
	if m.process == nil || m.status == Paused {
		return // something happened to it at this very instant
	}
	m.told = false
	m.wakeCount++
	m.world.record(trace.Record{Kind: trace.Wake, Machine: m.name, Number: m.wakeCount})
	m.running = true
	state := m.process.Run()
	m.running = false
	if state.Exited {
		m.exit = Exit{At: m.world.Now(), Code: state.Code, Reason: state.Reason}
		if state.Code == panicCode {
			m.exit.Reason = m.complaint
		}
		m.world.record(trace.Record{Kind: trace.Exit, Machine: m.name, Number: int64(state.Code), Text: m.exit.Reason})
		m.end(Exited)
		return
	}
	m.until, m.told = state.Until, m.process.Pending()
	if state.Busy > 0 {
		m.keepBusy(state.Busy)
	}
	m.schedule()
}

// keepBusy has the process not go on before so much time has passed by its clock, or, if that stands still, by the true one.
func (m *Machine) keepBusy(d int64) {
	now := m.world.queue.Now()
	m.busy = m.clock.WhenMono(now, m.clock.Mono(now)+d)
	if m.busy == clock.Never {
		m.busy = now + d
	}
}

// end ends the process as a kernel does: its sockets and files are closed.
func (m *Machine) end(status Status) {
	m.drop()
	m.disk.Kill()
	m.status = status
	m.world.network.ProcessDied(&m.world.queue, m.host)
}

// drop makes the process vanish.
func (m *Machine) drop() {
	if m.process != nil {
		m.process.Close()
		m.process = nil
	}
}

func (m *Machine) fail(what string, err error) error {
	return fmt.Errorf("%s %s: %w", what, m.name, err)
}

// usable tells whether the machine can be tampered with.
func (m *Machine) usable() error {
	switch {
	case m.world.closed:
		return errors.New("the world is closed")
	case m.running:
		return errors.New("its program runs at this very moment, and this is its Output")
	}
	return nil
}

// alive tells whether the machine can be tampered with and has a program.
func (m *Machine) alive() error {
	if err := m.usable(); err != nil {
		return err
	}
	if m.process == nil {
		return errDown
	}
	return nil
}

var errDown = errors.New("no program runs on it: Restart it first")

// Crash takes the machine's power away: its memory is gone, and what it wrote to its disk without syncing it. The others hear nothing.
// A machine that is never restarted is out of the world for good; its name remains, as it does in a name server. What happens to
// unsynced tails of files, Options.Tail says.
func (m *Machine) Crash() error { return m.crash(m.world.options.Tail, "") }

// CrashWith is a Crash that leaves unsynced tails of files as it is told, whatever Options.Tail says.
func (m *Machine) CrashWith(tail disk.Tail) error { return m.crash(tail, tail.String()) }

func (m *Machine) crash(tail disk.Tail, text string) error {
	if err := m.usable(); err != nil {
		return m.fail("crash", err)
	}
	if m.status == Crashed {
		return m.fail("crash", errors.New("it has no power already"))
	}
	if m.process != nil {
		m.process.Flush()
		m.drop()
	}
	m.world.record(trace.Record{Kind: trace.Crash, Machine: m.name, Text: text})
	m.status = Crashed
	m.world.network.HostDown(&m.world.queue, m.host)
	m.disk.Crash(tail, &m.tears)
	m.world.settle()
	return nil
}

// Kill ends the program as kill -9 does: the kernel closes its sockets, and the disk keeps all that was written.
func (m *Machine) Kill() error {
	if err := m.alive(); err != nil {
		return m.fail("kill", err)
	}
	m.process.Flush()
	m.world.record(trace.Record{Kind: trace.Kill, Machine: m.name})
	m.end(Killed)
	m.world.settle()
	return nil
}

// Restart starts the machine's program again, on the same disk and address: with the same arguments if none are given.
func (m *Machine) Restart(args ...string) error {
	if len(args) == 0 {
		args = m.args
	}
	return m.RestartWith(m.program, args...)
}

// RestartWith starts another program in place of the last one, for example a newer version of it.
func (m *Machine) RestartWith(program Program, args ...string) error {
	if err := m.down(); err != nil {
		return m.fail("restart", err)
	}
	process, err := m.load(program, args)
	if err != nil {
		return m.fail("restart", err)
	}
	if m.status == Crashed {
		m.clock.Reboot(m.world.queue.Now())
		m.world.network.HostUp(&m.world.queue, m.host)
	}
	m.start(process, program, args)
	return nil
}

// Pause stops the program as SIGSTOP does. Its kernel still takes bytes for it and acknowledges them.
func (m *Machine) Pause() error {
	if err := m.alive(); err != nil {
		return m.fail("pause", err)
	}
	if m.status == Paused {
		return m.fail("pause", errors.New("it is paused already"))
	}
	m.status = Paused
	m.world.record(trace.Record{Kind: trace.Pause, Machine: m.name})
	return nil
}

// Resume lets a paused program go on. Timers that were due meanwhile fire now.
func (m *Machine) Resume() error {
	if err := m.usable(); err != nil {
		return m.fail("resume", err)
	}
	if m.status != Paused {
		return m.fail("resume", fmt.Errorf("it is not paused but %s", m.status))
	}
	m.status = Running
	m.world.record(trace.Record{Kind: trace.Resume, Machine: m.name})
	m.schedule()
	m.world.settle()
	return nil
}
