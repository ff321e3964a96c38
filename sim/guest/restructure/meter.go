package restructure

import (
	"errors"
	"fmt"
	"slices"
)

// MeterExport is the name of an exported global, a constant: the address of 8 bytes in which a program counts down how much more work it
// may do. Whoever lets the program run writes a number there before and looks at it afterwards; when it falls below 0, the program
// traps. See Meter.
const MeterExport = "work_left"

// meterAddress is in the part of the memory that Go's linker leaves free (cmd/link/internal/ld, wasmMinDataAddr).
const meterAddress = 4096

// The units of work, each very roughly a nanosecond of a real processor. A turn of a loop costs a unit, more if the loop is long, and a
// callCost for each call in it. A goroutine that goes on, at wasm_pc_f_loop, has done something before.
const (
	unitInstructions = 8
	callCost         = 16
	switchCost       = 100
	chunk            = 1024 // so many units are spent at once
)

// Meter has a module that the compiler of GoVersion made, or one that Module made of it, count its work, so that a program that runs for
// ever can be stopped, always at the same place, and a processor can be slow.
//
// What runs for ever goes around in some loop for ever: in one and the same call of a function; or, if it is switched out and in again,
// in the loop of wasm_pc_f_loop, which lets goroutines go on. (A recursion without end runs out of stack.) So it is enough that each call
// counts what the turns of its loops cost in a local, which takes an addition and a comparison, and takes it off what is left a chunk at a
// time. Loops that end before that are not counted, but for what they cost between two switches. A recursion that ends, though nobody
// will see it, is not found.
func Meter(wasm []byte) ([]byte, error) {
	m, err := parseGo(wasm)
	if err != nil {
		return nil, fmt.Errorf("metering a WebAssembly module: %w", err)
	}
	code := appendU32(nil, len(m.bodies))
	for i, body := range m.bodies {
		code = appendSized(code, metered(body, m.parameters[m.types[i]], m.enterable[m.types[i]]))
	}
	if section := m.section(sectionCode); section != nil {
		section.data = code
	}
	if err := m.declareMeter(); err != nil {
		return nil, fmt.Errorf("metering a WebAssembly module: %w", err)
	}
	return m.encode(), nil
}

// declareMeter exports where the work is counted.
func (m *module) declareMeter() error {
	globals, exports := m.section(sectionGlobal), m.section(sectionExport)
	if globals == nil || exports == nil {
		return errors.New("it has no globals or exports nothing")
	}
	g, e := reader{data: globals.data}, reader{data: exports.data}
	index, count := g.u32(), e.u32()
	if err := errors.Join(g.err, e.err); err != nil {
		return fmt.Errorf("reading its globals and exports: %w", err)
	}
	const constant = 0
	global := append(appendSigned([]byte{typeI32, constant, opI32Const}, meterAddress), opEnd)
	globals.data = append(append(appendU32(nil, index+1), g.data[g.at:]...), global...)
	export := appendU32(append(appendSized(nil, []byte(MeterExport)), exportGlobal), index)
	exports.data = append(append(appendU32(nil, count+1), e.data[e.at:]...), export...)
	return nil
}

// metered returns a function's body that counts. enterable is true if the function takes PC_B, as all do that the Go compiler makes.
func metered(body []byte, parameters int, enterable bool) []byte {
	c, err := decodeBody(body)
	if err != nil || !c.loops() {
		return body
	}
	locals := reader{data: body}
	groups := locals.u32()
	spent := parameters
	for n := groups; n > 0; n-- {
		spent += int(locals.u32())
		locals.byte()
	}
	out := appendU32(make([]byte, 0, len(body)+256), groups+1)
	out = append(append(out, body[len(appendU32(nil, groups)):c.start]...), 1, typeI32)
	from := c.start
	for i, in := range c.instructions {
		if in.opcode != opLoop {
			continue
		}
		out = append(out, body[from:in.end]...)
		from = in.end
		if !enterable && c.switches(i) {
			out = spend(out, switchCost)
		} else {
			out = turn(out, spent, c.cost(i))
		}
	}
	return append(out, body[from:]...)
}

// loops reports whether there is a loop.
func (c code) loops() bool {
	for i := range c.instructions {
		if c.instructions[i].opcode == opLoop {
			return true
		}
	}
	return false
}

// loopAt returns the instructions of the loop that begins at i.
func (c code) loopAt(i int) []instruction {
	depth := 0
	for end := i; end < len(c.instructions); end++ {
		switch c.instructions[end].opcode {
		case opBlock, opLoop, opIf:
			depth++
		case opEnd:
			if depth--; depth == 0 {
				return c.instructions[i:end]
			}
		}
	}
	return c.instructions[i:]
}

// switches reports whether the loop at i calls functions through the table.
func (c code) switches(i int) bool {
	return slices.ContainsFunc(c.loopAt(i), func(in instruction) bool { return in.opcode == opCallIndirect })
}

// cost is what a turn of the loop at i costs.
func (c code) cost(i int) int64 {
	loop := c.loopAt(i)
	units := int64(1 + len(loop)/unitInstructions)
	for _, in := range loop {
		if in.opcode == opCall || in.opcode == opCallIndirect {
			units += callCost
		}
	}
	return min(units, chunk)
}

// turn counts in a local.
func turn(out []byte, local int, units int64) []byte {
	out = appendU32(append(out, opLocalGet), local)
	out = append(appendSigned(append(out, opI32Const), units), opI32Add)
	out = appendU32(append(out, opLocalTee), local)
	out = append(appendSigned(append(out, opI32Const), chunk-1), opI32GtS, opIf, typeEmpty)
	out = appendU32(append(out, opI32Const, 0, opLocalSet), local)
	return append(spend(out, chunk), opEnd)
}

// spend takes units off what is left.
func spend(out []byte, units int64) []byte {
	out = appendU32(append(out, opI32Const, 0, opI32Const, 0, opI64Load, 3), meterAddress)
	out = append(appendSigned(append(out, opI64Const), units), opI64Sub)
	out = appendU32(append(out, opI64Store, 3), meterAddress)
	out = appendU32(append(out, opI32Const, 0, opI64Load, 3), meterAddress)
	return append(out, opI64Const, 0, opI64LtS, opIf, typeEmpty, opUnreachable, opEnd)
}
