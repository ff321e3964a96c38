package machine

import "fmt"

// Frozen is a process as it stood when it waited: its memory, and the kernel's tables of it. It never changes, so processes can be thawed
// from it in several goroutines at once.
//
// That is all there is to a process that waits. Its WebAssembly stack is unwound. Its module's tables are those that the linker wrote. Its
// module's globals are registers of which none is of use across a pause: SP and g are kept in machineWords, PAUSE is cleared when _start
// returns, and CTXT and RET0 to RET3 carry values into a call and out of one, while the pause is a call that has neither.
type Frozen struct {
	code   *Code
	limit  uint64
	memory *image
	tables tables
}

// Freeze notes how a process stands that is not being run.
func (p *Process) Freeze() *Frozen {
	return &Frozen{code: p.code, limit: p.memory.limit, memory: p.memory.freeze(), tables: p.tables.clone()}
}

// Thaw makes a process that goes on where the frozen one stood, on a kernel that stands as its did.
func (f *Frozen) Thaw(kernel Kernel) (*Process, error) {
	p, err := newProcess(kernel, f.code, f.limit, f.memory)
	if err != nil {
		return nil, fmt.Errorf("thawing the program of %s: %w", kernel.Name, err)
	}
	p.tables = f.tables.clone()
	return p, nil
}

// Free gives back what the frozen process takes. Those that were thawed from it live on.
func (f *Frozen) Free() { f.memory.free() }
