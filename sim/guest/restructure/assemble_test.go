package restructure

import "fmt"

// The opcodes that only tests write.
const (
	opI32Mul  = 0x6c
	opI32And  = 0x71
	opI32ShrU = 0x76
)

// sketch is a function in the form that the Go compiler gives to functions.
type sketch struct {
	pieces  [][]byte // made for labels of own depth 0: see jumpTo and unwindIf
	entries []int    // PC_B -> piece
	loops   bool
	unwinds bool
}

// jumpTo is a jump from inside so many blocks of piece r.
func (s *sketch) jumpTo(pcB, r, depth int) []byte {
	code := append([]byte{opI32Const}, appendSigned(nil, int64(pcB))...)
	return appendU32(append(code, opLocalSet, 0, opBr), depth+len(s.pieces)-1-r)
}

// callAndUnwind calls function 1, directly or by table, outside of all blocks of piece r; if it unwinds, the function goes on at a PC_B,
// which is kept at address 8 as Go keeps return addresses on its stack.
func (s *sketch) callAndUnwind(pcB, r int, indirect bool) []byte {
	code := append([]byte{opI32Const, 8, opI32Const}, appendSigned(nil, int64(pcB))...)
	code = append(code, opI32Store, 2, 0)
	if indirect {
		code = append(code, opI32Const, 0, opLocalSet, 0, opI32Const, 0, opLocalGet, 0, opCallIndirect, 0, 0)
	} else {
		code = append(code, opI32Const, 0, opCall, 1)
	}
	label := len(s.pieces) - 1 - r
	if s.loops {
		label++
	}
	return appendU32(append(code, opGlobalGet, 0, opLocalSet, 1, opBrIf), label)
}

// body assembles the function: four locals, of which 0 is PC_B and 1 the copy of the stack pointer.
func (s *sketch) body() []byte {
	out := []byte{1, 3, 0x7f, opGlobalGet, 0, opLocalSet, 1}
	if s.unwinds {
		out = append(out, opBlock, typeEmpty)
	}
	if s.loops {
		out = append(out, opLoop, typeEmpty)
	}
	for range s.pieces {
		out = append(out, opBlock, typeEmpty)
	}
	out = appendU32(append(out, opLocalGet, 0, opBrTable), len(s.entries)-1)
	for _, piece := range s.entries {
		out = appendU32(out, piece)
	}
	for _, piece := range s.pieces {
		out = append(append(out, opEnd), piece...)
	}
	if s.loops {
		out = append(out, opEnd)
	}
	out = append(out, opUnreachable)
	if s.unwinds {
		out = append(out, opEnd, opI32Const, 1)
	}
	return append(out, opEnd)
}

// callee is function 1. It scrambles the word at address 0, and unwinds if a bit of it is set.
var callee = []byte{
	0,
	opI32Const, 0,
	opI32Const, 0, opI32Load, 2, 0, opI32Const, 0xed, 0x9c, 0x99, 0x8e, 0x04, opI32Mul, opI32Const, 0xb9, 0xe0, 0x00, opI32Add,
	opI32Store, 2, 0,
	opI32Const, 0, opI32Load, 2, 0, opI32Const, 16, opI32ShrU, opI32Const, 1, opI32And,
	opEnd,
}

// assemble makes a module of functions of type func(i32) i32, the first of which is exported as "f". It has a memory, a global for the
// stack pointer, and a table that holds function 1.
func assemble(version string, bodies ...[]byte) []byte {
	list := func(items ...[]byte) []byte {
		out := appendU32(nil, len(items))
		for _, item := range items {
			out = append(out, item...)
		}
		return out
	}
	name := func(s string) []byte { return appendSized(nil, []byte(s)) }
	functions, code := make([][]byte, len(bodies)), make([][]byte, len(bodies))
	for i, body := range bodies {
		functions[i] = []byte{0}
		code[i] = appendSized(nil, body)
	}
	producers := append(name("producers"), list(append(name("language"), list(append(name("Go"), name(version)...))...))...)
	out := []byte(header)
	for _, s := range []section{
		{sectionType, list([]byte{0x60, 1, 0x7f, 1, 0x7f})},
		{sectionFunction, list(functions...)},
		{4, list([]byte{0x70, 0, 1})},
		{5, list([]byte{0, 1})},
		{6, list([]byte{0x7f, 1, opI32Const, 0x80, 8, opEnd})},
		{7, list(append(name("f"), 0, 0), append(name("memory"), 2, 0))},
		{9, list(append([]byte{0, opI32Const, 0, opEnd}, list([]byte{byte(len(bodies) - 1)})...))},
		{sectionCode, list(code...)},
		{sectionCustom, producers},
	} {
		out = appendSized(append(out, s.id), s.data)
	}
	return out
}

// random draws from bytes, so that a fuzzer can steer what is drawn; when they are used up, it draws zeros.
type random struct{ data []byte }

func (r *random) below(n int) int {
	if len(r.data) == 0 {
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return int(b) % n
}

// drawn is a sketch of a random function.
type drawn struct {
	sketch
	ways []int // each PC_B at which it may be entered
}

// draw makes a function of random pieces. Each of them mixes its number into the word at address 0, and into local 2 if control cannot
// come from outside; jumps depend on that. The word at address 4 counts down; at 0 the function returns.
func draw(r *random) drawn {
	d := drawn{sketch: sketch{pieces: make([][]byte, 2+r.below(9))}}
	n := len(d.pieces)
	firstPCB := make([]int, n)
	for piece := range n {
		firstPCB[piece] = len(d.entries)
		for range 1 + r.below(2) {
			d.entries = append(d.entries, piece)
		}
	}
	// What the pieces end with must be known before, since it decides which labels there are.
	const (
		falls = iota
		jumps
		calls
		onlyCalls
		callsIndirectly
		returns
		traps
		kinds
	)
	ends := make([]int, n)
	for piece := range n {
		ends[piece] = r.below(kinds + 3)
		if ends[piece] >= kinds {
			ends[piece] = jumps
		}
		if piece == n-1 && ends[piece] != returns && ends[piece] != traps {
			ends[piece] = jumps
		}
		calling := ends[piece] == calls || ends[piece] == onlyCalls || ends[piece] == callsIndirectly
		d.unwinds = d.unwinds || calling
		if piece == 0 || ends[piece] == onlyCalls {
			d.ways = append(d.ways, firstPCB[piece])
		}
	}
	d.loops = true // there is at least one jump: see below
	for piece := range n {
		wayIn := piece == 0
		if piece > 0 {
			wayIn = ends[piece-1] == calls || ends[piece-1] == onlyCalls || ends[piece-1] == callsIndirectly
		}
		var code []byte
		if ends[piece] != onlyCalls {
			code = d.work(r, piece, wayIn, firstPCB)
		}
		switch ends[piece] {
		case jumps:
			code = append(code, d.jumpTo(firstPCB[r.below(n)], piece, 0)...)
		case calls, onlyCalls, callsIndirectly:
			code = append(code, d.callAndUnwind(firstPCB[piece+1], piece, ends[piece] == callsIndirectly)...)
		case returns:
			code = append(code, opI32Const, 0, opReturn)
		case traps:
			code = append(code, opUnreachable)
		}
		d.pieces[piece] = code
	}
	return d
}

// work is what a piece does before its end.
func (d *drawn) work(r *random, piece int, wayIn bool, firstPCB []int) []byte {
	var code []byte
	if wayIn {
		code = append(code, opI32Const, 0, opI32Load, 2, 0, opLocalSet, 2)
	}
	code = append(code, opI32Const, 4, opI32Const, 4, opI32Load, 2, 0, opI32Const, 1, opI32Sub, opLocalTee, 3, opI32Store, 2, 0,
		opLocalGet, 3, opI32Eqz, opIf, typeEmpty, opI32Const, 0, opReturn, opEnd)
	mix := []byte{opI32Const, 0, opI32Const, 0, opI32Load, 2, 0, opI32Const, 31, opI32Mul, opI32Const, byte(piece), opI32Add,
		opLocalGet, 2, opI32Add, opLocalTee, 2, opI32Store, 2, 0}
	code = append(code, mix...)
	bit := func() []byte {
		return []byte{opLocalGet, 2, opI32Const, byte(r.below(32)), opI32ShrU, opI32Const, 1, opI32And}
	}
	target := func() int { return firstPCB[r.below(len(firstPCB))] }
	if piece == 0 { // one jump at least, so that there is the loop
		code = append(append(append(code, bit()...), opIf, typeEmpty), append(d.jumpTo(target(), piece, 1), opEnd)...)
	}
	for range r.below(4) {
		switch r.below(4) {
		case 0: // if { jump }
			code = append(append(append(code, bit()...), opIf, typeEmpty), append(d.jumpTo(target(), piece, 1), opEnd)...)
		case 1: // if { mix; if { jump }; mix }
			code = append(append(append(code, bit()...), opIf, typeEmpty), mix...)
			code = append(append(append(code, bit()...), opIf, typeEmpty), append(d.jumpTo(target(), piece, 2), opEnd)...)
			code = append(append(code, mix...), opEnd)
		case 2: // block { if … break; mix }
			code = append(append(append(code, opBlock, typeEmpty), bit()...), opBrIf, 0)
			code = append(append(code, mix...), opEnd)
		case 3: // if { mix } else { return }
			code = append(append(append(code, bit()...), opIf, typeEmpty), mix...)
			code = append(code, opElse, opI32Const, 0, opReturn, opEnd)
		}
	}
	return code
}

func (d drawn) String() string {
	return fmt.Sprintf("%d pieces, entries %v, ways in %v", len(d.pieces), d.entries, d.ways)
}
