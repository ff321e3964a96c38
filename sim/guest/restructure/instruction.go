package restructure

import "fmt"

// The opcodes that matter here (WebAssembly Core Specification 2.0, section 5.4).
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44

	opI32Eqz = 0x45
	opI32GtS = 0x4a
	opI64LtS = 0x53
	opI32Sub = 0x6b
	opI64Sub = 0x7d

	typeEmpty = 0x40 // of a block: no parameters, no results
)

// instruction is one of a function's body.
type instruction struct {
	opcode     byte
	operand    int64 // the first: a label, an index, a number
	start, end int   // its place in the body
}

// decode reads the instructions of a body from the place start on. It fails on what the Go compiler does not emit.
func decode(body []byte, start int) ([]instruction, error) {
	r := reader{data: body, at: start}
	instructions := make([]instruction, 0, len(body)/2)
	for r.more() {
		in := instruction{start: r.at}
		in.opcode = r.byte()
		switch op := in.opcode; {
		case op == opBlock, op == opLoop, op == opIf:
			in.operand = int64(r.byte())
			if in.operand < typeEmpty { // an index of a type, of which there may be more than fit into a byte
				return nil, fmt.Errorf("a block of type %d", in.operand)
			}
		case op == opBr, op == opBrIf, op == opCall, op >= opLocalGet && op <= opGlobalSet:
			in.operand = int64(r.u32())
		case op == opCallIndirect:
			in.operand = int64(r.u32()) // the type
			if table := r.u32(); table != 0 {
				return nil, fmt.Errorf("a call through table %d", table)
			}
		case op == opBrTable:
			for n := uint64(r.u32()) + 1; n > 0 && r.err == nil; n-- {
				r.u32()
			}
		case op == opI32Const, op == opI64Const:
			in.operand = r.signed()
		case op == opF32Const:
			r.take(4)
		case op == opF64Const:
			r.take(8)
		case op >= 0x28 && op <= 0x3e: // loads and stores: alignment, offset
			r.u32()
			r.u32()
		case op == 0x3f, op == 0x40: // memory.size, memory.grow: the memory
			r.byte()
		case op == opVector: // those that simplify writes
			switch sub := r.u32(); sub {
			case vectorLoad, vectorStore:
				r.u32()
				r.u32()
			case vectorConst:
				r.take(vectorSize)
			default:
				return nil, fmt.Errorf("an instruction 0xfd %d", sub)
			}
		case op == opBulk:
			switch sub := r.u32(); {
			case sub <= 7: // saturating conversions
			case sub == bulkCopy: // two memories
				r.take(2)
			case sub == bulkFill: // the memory
				r.byte()
			default:
				return nil, fmt.Errorf("an instruction 0xfc %d", sub)
			}
		case op <= 0x01, op == opElse, op == opEnd, op == opReturn, op == 0x1a, op == 0x1b: // unreachable, nop, …, drop, select
		case op >= 0x45 && op <= 0xc4: // arithmetic, comparisons, conversions
		default:
			return nil, fmt.Errorf("an instruction 0x%02x", op)
		}
		in.end = r.at
		instructions = append(instructions, in)
	}
	return instructions, r.err
}
