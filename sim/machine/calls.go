package machine

import (
	"context"
	"encoding/binary"

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
	enametoolong errno = 37
	enotdir      errno = 54
	enotsock     errno = 57
	enotsup      errno = 58
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

// exporter collects the functions of one host module.
type exporter struct{ builder wazero.HostModuleBuilder }

// add exports a system call. Its parameters are written as in "iiI": i for 32 bits, I for 64.
func (e exporter) add(name, parameters string, f call) {
	e.export(name, parameters, "i", func(p *Process, a arguments) uint64 { return uint64(f(p, a)) })
}

// export adds any function. Its result, if it has one, is written like a parameter.
func (e exporter) export(name, parameters, result string, f func(p *Process, a arguments) uint64) {
	types := valueTypes(parameters)
	var narrow []int
	for i, t := range types {
		if t == api.ValueTypeI32 {
			narrow = append(narrow, i)
		}
	}
	count := len(parameters)
	e.builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
		for _, i := range narrow {
			stack[i] = uint64(uint32(stack[i])) // wazero leaves anything in the upper half
		}
		p := ctx.(*processContext).process
		p.spendWork(callWork)
		p.takeTime()
		value := f(p, stack[:count])
		if result != "" {
			stack[0] = value
		}
	}), types, valueTypes(result)).Export(name)
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

// exportCalls makes everything that guests import.
func exportCalls(ctx context.Context, runtime wazero.Runtime) error {
	wasi := exporter{runtime.NewHostModuleBuilder("wasi_snapshot_preview1")}
	exportProcessCalls(wasi)
	exportFileCalls(wasi)
	exportPathCalls(wasi)
	wasi.add("sock_accept", "iii", sockAccept)
	wasi.add("sock_shutdown", "ii", sockShutdown)
	if _, err := wasi.builder.Instantiate(ctx); err != nil {
		return err
	}
	sim := exporter{runtime.NewHostModuleBuilder("sim")}
	exportPollCalls(sim)
	exportSyncTime(sim)
	exportSocketCalls(sim)
	_, err := sim.builder.Instantiate(ctx)
	return err
}

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

// bytes is a piece of the program's memory. A piece outside of it is the program's fault, and ends it.
func (p *Process) bytes(at, size uint64) []byte { return p.memory.data[at : at+size : at+size] }

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
