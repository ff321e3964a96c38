package machine

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

// errno is an error as WASI numbers them (Go: syscall/tables_wasip1.go). 0 is success.
type errno uint16

const (
	ok           errno = 0
	eagain       errno = 6
	ebadf        errno = 8
	einval       errno = 28
	eisdir       errno = 31
	emfile       errno = 33
	enosys       errno = 52
	enametoolong errno = 37
	enotdir      errno = 54
	enotsock     errno = 57
	espipe       errno = 70
)

// arguments of a system call; those of 32 bits have their upper half cleared.
type arguments []uint64

func (a arguments) fd(i int) int32 { return int32(uint32(a[i])) }

// call is a system call.
type call func(p *Process, a arguments) errno

// processContext is how a system call finds its process: wazero passes the context of the call that runs the program.
type processContext struct {
	context.Context
	process *Process
}

// function is something that guests import. Its parameters are written as in "iiI": i for 32 bits, I for 64; its result likewise, if it
// has one.
type function struct {
	module, name, parameters, result string
	do                               func(p *Process, a arguments) uint64
}

// exporter collects the functions of one module.
type exporter struct {
	module string
	all    *[]function
}

// add adds a system call.
func (e exporter) add(name, parameters string, f call) {
	e.export(name, parameters, "i", func(p *Process, a arguments) uint64 { return uint64(f(p, a)) })
}

// export adds any function.
func (e exporter) export(name, parameters, result string, f func(p *Process, a arguments) uint64) {
	*e.all = append(*e.all, function{e.module, name, parameters, result, f})
}

// call lets a process call the function. Arguments and result are in the stack.
func (f function) call(p *Process, stack []uint64) {
	for i, letter := range f.parameters {
		if letter == 'i' {
			stack[i] = uint64(uint32(stack[i])) // wazero leaves anything in the upper half
		}
	}
	p.spendWork(callWork)
	p.takeTime()
	value := f.do(p, stack[:len(f.parameters)])
	if f.result != "" {
		stack[0] = value
	}
}

func valueTypes(letters string) []api.ValueType {
	types := make([]api.ValueType, len(letters))
	for i, letter := range letters {
		types[i] = api.ValueTypeI64
		if letter == 'i' {
			types[i] = api.ValueTypeI32
		}
	}
	return types
}

// functions lists everything that guests import.
func functions() (all []function) {
	wasi := exporter{"wasi_snapshot_preview1", &all}
	exportProcessCalls(wasi)
	exportFileCalls(wasi)
	exportPathCalls(wasi)
	wasi.add("sock_accept", "iii", sockAccept)
	wasi.add("sock_shutdown", "ii", sockShutdown)
	// What Go's packages os and syscall do not use is there by name only.
	missing := func(*Process, arguments) errno { return enosys }
	wasi.add("fd_allocate", "iII", missing)
	wasi.add("fd_renumber", "ii", missing)
	wasi.add("poll_oneoff", "iiii", missing)
	wasi.add("sock_recv", "iiiiii", missing)
	wasi.add("sock_send", "iiiii", missing)
	sim := exporter{"sim", &all}
	exportPollCalls(sim)
	exportSyncTime(sim)
	exportSocketCalls(sim)
	return all
}

// exportCalls makes everything that guests import.
func exportCalls(ctx context.Context, runtime wazero.Runtime) error {
	builders := map[string]wazero.HostModuleBuilder{}
	for _, f := range functions() {
		if builders[f.module] == nil {
			builders[f.module] = runtime.NewHostModuleBuilder(f.module)
		}
		builders[f.module].NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
			f.call(ctx.(*processContext).process, stack)
		}), valueTypes(f.parameters), valueTypes(f.result)).Export(f.name)
	}
	for module, builder := range builders {
		if _, err := builder.Instantiate(ctx); err != nil {
			return fmt.Errorf("module %s: %w", module, err)
		}
	}
	return nil
}

// Clocks, as WASI numbers them.
const (
	wallClock      = 0
	monotonicClock = 1
)

func exportProcessCalls(e exporter) {
	exportStrings(e, "args", func(p *Process) []string { return p.arguments })
	exportStrings(e, "environ", func(p *Process) []string { return p.environment })
	e.add("random_get", "ii", func(p *Process, a arguments) errno {
		p.kernel.Random.Fill(p.bytes(a[0], a[1]))
		return ok
	})
	e.export("proc_exit", "i", "", func(p *Process, a arguments) uint64 {
		panic(sys.NewExitError(uint32(a[0])))
	})
	e.add("proc_raise", "i", func(p *Process, a arguments) errno {
		panic(sys.NewExitError(128 + uint32(a[0]))) // nobody handles signals here but Go's runtime, which knows nothing of this one
	})
	e.add("sched_yield", "", func(*Process, arguments) errno { return ok })
	e.add("clock_res_get", "ii", func(p *Process, a arguments) errno {
		if a[0] > monotonicClock {
			return einval
		}
		p.putUint64(a[1], 1)
		return ok
	})
	e.add("clock_time_get", "iIi", func(p *Process, a arguments) errno {
		switch a[0] {
		case wallClock:
			p.putUint64(a[2], uint64(p.wall()))
		case monotonicClock:
			p.putUint64(a[2], uint64(p.kernel.Clock.Mono(p.kernel.Queue.Now())))
		default:
			return einval
		}
		return ok
	})
}

// exportStrings exports the two calls by which a program gets a list of strings.
func exportStrings(e exporter, name string, list func(p *Process) []string) {
	e.add(name+"_sizes_get", "ii", func(p *Process, a arguments) errno {
		size := 0
		for _, s := range list(p) {
			size += len(s) + 1
		}
		p.putUint32(a[0], uint32(len(list(p))))
		p.putUint32(a[1], uint32(size))
		return ok
	})
	e.add(name+"_get", "ii", func(p *Process, a arguments) errno {
		pointer, at := a[0], a[1]
		for _, s := range list(p) {
			p.putUint32(pointer, uint32(at))
			end := at + uint64(len(s))
			copy(p.bytes(at, uint64(len(s))+1), s)
			p.memory.data[end] = 0
			pointer, at = pointer+4, end+1
		}
		return ok
	})
}

// fault is a pointer of a program's that led outside of its memory.
type fault struct{ at, size uint64 }

func (f fault) Error() string {
	return fmt.Sprintf("it gave a system call %d bytes at address %d, which are outside of its memory", f.size, f.at)
}

// bytes is a piece of the program's memory. A piece outside of it ends the program.
func (p *Process) bytes(at, size uint64) []byte {
	if end := at + size; end < at || end > uint64(len(p.memory.data)) {
		panic(fault{at, size})
	}
	return p.memory.data[at : at+size : at+size]
}

func (p *Process) putUint32(at uint64, v uint32) { binary.LittleEndian.PutUint32(p.bytes(at, 4), v) }

func (p *Process) putUint64(at uint64, v uint64) { binary.LittleEndian.PutUint64(p.bytes(at, 8), v) }

func (p *Process) uint32(at uint64) uint32 { return binary.LittleEndian.Uint32(p.bytes(at, 4)) }

func (p *Process) int64(at uint64) int64 { return int64(binary.LittleEndian.Uint64(p.bytes(at, 8))) }

// vectors calls f for each piece of memory that an array of count WASI vectors names, until f is done or reports an error.
func (p *Process) vectors(at, count uint64, f func(piece []byte) (done bool, err errno)) errno {
	for ; count > 0; count-- {
		done, err := f(p.bytes(uint64(p.uint32(at)), uint64(p.uint32(at+4))))
		if done || err != ok {
			return err
		}
		at += 8
	}
	return ok
}
