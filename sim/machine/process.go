package machine

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"muster/sim/clock"
	"muster/sim/disk"
	"muster/sim/network"
	"muster/sim/queue"
	"muster/sim/random"
	"muster/sim/trace"
)

// Kernel is what the system calls of a process act on. The world owns all of it.
type Kernel struct {
	Queue   *queue.Queue
	Network *network.Network
	Disk    *disk.Disk
	Clock   *clock.Clock
	Random  *random.Stream
	Trace   *trace.Recorder

	Name    string
	Host    network.Host
	Address netip.Addr

	// Print receives each line that the program prints, without its end, and the stream: 1 or 2.
	Print func(stream int, line []byte)
}

// Program says what a process runs and how.
type Program struct {
	Code        *Code
	Arguments   []string // the first is the program's name
	Environment []string // NAME=value
	// MemoryLimit is the most memory that it may have, in bytes, of which there are whole pages of 64 KiB; DefaultMemoryLimit if 0.
	MemoryLimit uint64
	// WorkLimit is the most work that it may do before it waits, in units of very roughly a nanosecond each; DefaultWorkLimit if 0.
	WorkLimit int64
}

// DefaultMemoryLimit is how much memory a process may have unless told otherwise.
const DefaultMemoryLimit = 512 << 20

// Process is a running program.
type Process struct {
	kernel Kernel

	// The instance.
	code   *Code
	ctx    context.Context
	module api.Module
	start  api.Function
	memory *linearMemory
	meter  uint64 // where the program counts down how much work it may do; 0: it does not

	tables
}

// tables are what the kernel knows of a process: plain data.
type tables struct {
	workLimit   int64
	slowdown    float64
	timed       int64 // how much of the work has taken its time
	arguments   []string
	environment []string
	table       []descriptor
	firstFree   int // no place in the table before this one is free
	sockets     map[network.Socket]int32
	ready       []int32 // descriptors that the program is to be told of
	partial     [3][]byte
	signals     uint64 // to be delivered, a bit each
	words       uint64 // where machineWords are in the program's memory; 0: not known yet
}

// clone returns tables that have nothing in common with t that either of them changes.
func (t *tables) clone() tables {
	c := *t
	c.table, c.ready, c.sockets = slices.Clone(t.table), slices.Clone(t.ready), maps.Clone(t.sockets)
	for i := range c.partial {
		c.partial[i] = slices.Clone(t.partial[i])
	}
	return c
}

// State says how a process stands after Run.
type State struct {
	// Exited: it has ended, with this Code. Reason says what stopped it, if it did not end by itself.
	Exited bool
	Code   int
	Reason string
	// Until is when a process that waits wants to go on by itself, by its monotonic clock; 0: never.
	Until int64
	// Busy is how long, by its clock, it was busy before it waited. Most of the time that is nothing, since running takes no time.
	Busy int64
}

// TrapCode is the exit code of a process that did not end by itself: what a shell reports for SIGABRT.
const TrapCode = 134

// Start makes a process. It does not run before Run.
func Start(kernel Kernel, program Program) (*Process, error) {
	limit := program.MemoryLimit
	if limit == 0 {
		limit = DefaultMemoryLimit
	}
	pages := (min(limit, maxMemory) + pageSize - 1) / pageSize
	p, err := newProcess(kernel, program.Code, pages*pageSize, program.Code.initial)
	if err != nil {
		return nil, fmt.Errorf("starting the program of %s: %w", kernel.Name, err)
	}
	p.tables = tables{
		workLimit:   cmp.Or(program.WorkLimit, DefaultWorkLimit),
		arguments:   program.Arguments,
		environment: program.Environment,
		table:       standardTable(),
		sockets:     map[network.Socket]int32{},
	}
	return p, nil
}

// newProcess makes a process with empty tables. Its memory is as an image shows it; as the module leaves it, if there is no image.
func newProcess(kernel Kernel, code *Code, limit uint64, memory *image) (*Process, error) {
	p := &Process{kernel: kernel, code: code, memory: newLinearMemory(limit)}
	p.ctx = &processContext{context.Background(), p}
	module, err := code.instantiate(p.ctx, p.memory)
	if err != nil {
		p.memory.Free()
		return nil, err
	}
	p.module, p.start = module, module.ExportedFunction("_start")
	if p.start == nil {
		p.Close()
		return nil, errors.New("the module exports no _start: want a main package built for wasip1")
	}
	if err := p.remember(memory); err != nil {
		p.Close()
		return nil, err
	}
	p.findMeter()
	return p, nil
}

// remember gives the process, which has not run yet, the memory that an image shows.
func (p *Process) remember(i *image) error {
	if i == nil {
		return nil
	}
	missing := (i.size - uint64(len(p.memory.data))) / pageSize
	if _, grown := p.module.Memory().Grow(uint32(missing)); !grown {
		return fmt.Errorf("there is no room for its %d bytes of memory", i.size)
	}
	return i.fill(p.memory)
}

// Close ends a process without a word: its sockets and files stay as they are. It must not be run any more.
func (p *Process) Close() {
	// Closing an instance calls nothing of the guest and cannot fail.
	_ = p.module.Close(p.ctx)
	p.memory.Free()
}

// MemorySize is how much memory the process has, in bytes.
func (p *Process) MemorySize() int { return len(p.memory.data) }

// Run lets the program run until all its goroutines wait, or it ends.
func (p *Process) Run() State {
	p.setWords()
	p.deliverSignals()
	p.allowWork()
	err := p.start.CallWithStack(p.ctx, nil)
	p.takeTime()
	p.kernel.Network.SetAhead(0)
	if err == nil {
		return p.waiting()
	}
	state := State{Exited: true, Code: TrapCode}
	var exit *sys.ExitError
	var outside fault
	switch {
	case errors.As(err, &exit):
		state.Code = int(exit.ExitCode())
	case p.workLeft() < 0:
		state.Code, state.Reason = SpinCode, p.spun(err.Error())
	case errors.As(err, &outside):
		state.Reason = outside.Error()
	default:
		state.Reason, _, _ = strings.Cut(err.Error(), "\n")
	}
	p.Flush()
	return state
}

// machineWords (_overlay/runtime/os_wasip1.go): where the fields are.
const (
	wordMono   = 0
	wordWall   = 8
	wordUntil  = 32
	wordReady  = 40
	wordReads  = 48
	wordSignal = 56
	wordReseed = 64
	wordFrozen = 72
	wordsSize  = 80
)

// freeReads is how often a program may read its clock before that takes time. A program that works reads it some thousand times in a
// row at most; one that waits for time to pass will read it for ever.
const freeReads = 100_000

// setWords writes what the program may know: the time, and whether there is anything to be told.
func (p *Process) setWords() {
	if p.words == 0 {
		return
	}
	words := p.bytes(p.words, wordsSize)
	now := p.kernel.Queue.Now()
	binary.LittleEndian.PutUint64(words[wordMono:], uint64(p.kernel.Clock.Mono(now)))
	binary.LittleEndian.PutUint64(words[wordWall:], uint64(p.kernel.Clock.Wall(now)))
	binary.LittleEndian.PutUint64(words[wordReady:], uint64(len(p.ready)))
	binary.LittleEndian.PutUint64(words[wordReads:], freeReads)
	frozen := uint64(0)
	if p.kernel.Clock.Frozen() {
		frozen = 1
	}
	binary.LittleEndian.PutUint64(words[wordFrozen:], frozen)
}

// spend lets time pass on the program's clock while it runs.
func (p *Process) spend(d time.Duration) {
	p.putUint64(p.words+wordMono, uint64(p.int64(p.words+wordMono)+int64(d)))
	if !p.kernel.Clock.Frozen() {
		p.putUint64(p.words+wordWall, uint64(p.int64(p.words+wordWall)+int64(d)))
	}
}

// Reseed lets what the program draws from now on depend on Kernel.Random as it stands now, if it has drawn from it before.
func (p *Process) Reseed() {
	if p.words != 0 {
		p.putUint64(p.words+wordReseed, 1)
	}
}

// Pending tells whether there is something that the program wants to know, so that it should be run again.
func (p *Process) Pending() bool { return len(p.ready) > 0 || p.signals != 0 }

// waiting reads what the program waits for.
func (p *Process) waiting() State {
	return State{
		Until: p.int64(p.words + wordUntil),
		Busy:  p.busy(),
	}
}
