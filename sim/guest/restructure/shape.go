package restructure

// code is a decoded body.
type code struct {
	body         []byte
	start        int // of the instructions; before that are declarations of locals
	instructions []instruction
}

func decodeBody(body []byte) (code, error) {
	r := reader{data: body}
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		r.u32() // so many
		r.byte()
	}
	if r.err != nil {
		return code{}, r.err
	}
	instructions, err := decode(body, r.at)
	return code{body, r.at, instructions}, err
}

// dispatches reports whether there is a br_table.
func (c code) dispatches() bool {
	for i := range c.instructions {
		if c.instructions[i].opcode == opBrTable {
			return true
		}
	}
	return false
}

func (c code) is(i int, opcode byte) bool {
	return i >= 0 && i < len(c.instructions) && c.instructions[i].opcode == opcode
}

// has reports whether there is this very instruction at i.
func (c code) has(i int, opcode byte, operand int64) bool {
	return c.is(i, opcode) && c.instructions[i].operand == operand
}

// shape is a function's body taken apart into the pieces that its br_table leads to.
type shape struct {
	body     []byte
	prologue int   // length of what comes before the outermost block: declarations, and the copy of the stack pointer
	unwinds  bool  // there is the block for unwinding
	loops    bool  // there is the loop
	entries  []int // PC_B -> piece; the last is for all higher numbers, too
	firstPCB []int // piece -> the first PC_B that leads to it
	pieces   []piece
}

// piece is a stretch of code that is entered at its beginning only. It may hold blocks, all of them closed at its end.
type piece struct {
	steps []step
	live  int  // how many steps can be reached: none after a jump or return outside of all blocks
	falls bool // into the next piece, when all steps are done
}

// step is an instruction that matters here, a jump (which takes three), or a run of instructions that do not matter.
type step struct {
	kind       stepKind
	opcode     byte
	target     int // of a jump: the piece
	start, end int // its place in the body
	// final: of an unwind, that it always happens. A goroutine cannot go on inside of a piece's own block, so the compiler calls nothing
	// there but runtime.sigpanic, for a nil pointer, and runtime.morestack, of which neither comes back (cmd/internal/obj/wasm,
	// CALLNORESUME). It is told so that what follows the block need not provide for it.
	final bool
}

type stepKind uint8

const (
	plain   stepKind = iota
	open             // block, loop or if
	closing          // end
	jump             // to a piece
	call             // call or call_indirect
	unwind           // br or br_if to the outermost block
	leave            // return or unreachable
)

// takeApart returns nil if the body has another form than the package's documentation describes.
func takeApart(c code) *shape {
	s := &shape{body: c.body, prologue: c.start}
	at := 0
	if c.has(0, opGlobalGet, 0) && c.has(1, opLocalSet, 1) { // the copy of the stack pointer
		at = 2
		s.prologue = c.instructions[1].end
	}

	// From the end: what follows the loop, or the last piece.
	end := len(c.instructions) - 1
	if !c.is(end, opEnd) {
		return nil
	}
	if c.has(end-1, opI32Const, 1) && c.is(end-2, opEnd) && c.is(end-3, opUnreachable) && c.is(at, opBlock) {
		s.unwinds = true
		at++
		end -= 2
	}
	end--
	if !c.is(end, opUnreachable) {
		return nil
	}
	if c.is(at, opLoop) {
		s.loops = true
		at++
		end--
		if !c.is(end, opEnd) {
			return nil
		}
	}

	// The blocks, the br_table, and the end of the innermost block.
	count := 0
	for c.is(at, opBlock) {
		count++
		at++
	}
	if count == 0 || !c.has(at, opLocalGet, 0) || !c.is(at+1, opBrTable) || !c.is(at+2, opEnd) {
		return nil
	}
	for _, in := range c.instructions[:at] {
		if (in.opcode == opBlock || in.opcode == opLoop) && in.operand != typeEmpty {
			return nil
		}
	}
	if !s.readEntries(c.instructions[at+1], count) {
		return nil
	}
	at += 3

	depth, from := 0, at
	for ; at < end; at++ {
		switch c.instructions[at].opcode {
		case opBlock, opLoop, opIf:
			depth++
		case opEnd:
			if depth > 0 {
				depth--
			} else if !s.addPiece(c, from, at, count) {
				return nil
			} else {
				from = at + 1
			}
		}
	}
	if depth != 0 || !s.addPiece(c, from, end, count) || len(s.pieces) != count {
		return nil
	}
	return s
}

// readEntries reports false if a piece cannot be reached, or piece 0 not by PC_B 0.
func (s *shape) readEntries(table instruction, count int) bool {
	r := reader{data: s.body[table.start+1 : table.end]}
	s.firstPCB = make([]int, count)
	found := 0
	for n := uint64(r.u32()) + 1; n > 0 && r.err == nil; n-- {
		entry := r.u32()
		if entry >= uint32(count) {
			return false
		}
		if s.firstPCB[entry] == 0 && (entry > 0 || found == 0) {
			s.firstPCB[entry] = len(s.entries)
			found++
		}
		s.entries = append(s.entries, int(entry))
	}
	return r.err == nil && found == count && s.entries[0] == 0
}

// entry is the piece to which PC_B leads.
func (s *shape) entry(pcB int64) int {
	if pcB < 0 || pcB >= int64(len(s.entries)) {
		return s.entries[len(s.entries)-1]
	}
	return s.entries[pcB]
}

// addPiece reads the next of count pieces from the instructions. It reports false if there is something in it that was not foreseen.
func (s *shape) addPiece(c code, from, to, count int) bool {
	p := piece{live: -1}
	depth := 0
	around := count - 1 - len(s.pieces) // blocks that are open around it
	if around < 0 {
		return false
	}
	loopLabel, unwindLabel := int64(around), int64(around) // from outside of the piece's own blocks
	if s.loops {
		unwindLabel++
	}
	for i := from; i < to; i++ {
		in := c.instructions[i]
		next := step{opcode: in.opcode, start: in.start, end: in.end}
		ends := false // what comes after it in its block is not reached
		switch in.opcode {
		case opBlock, opLoop, opIf:
			next.kind = open
			depth++
		case opElse:
			if depth == 0 {
				return false
			}
		case opEnd:
			next.kind = closing
			depth--
		case opBr, opBrIf:
			label := in.operand - int64(depth)
			ends = in.opcode == opBr
			switch {
			case label < 0: // one of the piece's own blocks
			case s.unwinds && label == unwindLabel:
				next.kind = unwind
				next.final = in.opcode == opBrIf && depth > 0 && c.is(i-3, opCall) // its stack pointer is copied anew in between
			default:
				return false
			}
		case opReturn, opUnreachable:
			next.kind = leave
			ends = true
		case opBrTable:
			return false
		case opCall, opCallIndirect:
			next.kind = call
			if c.borrowsPCB(i-3) && !(depth == 0 && (c.is(i+3, opBrIf) && i+4 == to || c.is(i+3, opReturn))) {
				return false // PC_B must be set anew after that, which it is at ways in
			}
		case opLocalGet, opLocalTee:
			// What a jump has left in PC_B is not for the pieces to see. Indirect calls use it for something of their own.
			if in.operand == 0 && !c.borrowsPCB(i-2) {
				return false
			}
		case opLocalSet:
			if in.operand == 0 && !c.borrowsPCB(i) {
				return false
			}
		case opI32Const:
			if s.loops && i+2 < to && c.has(i+1, opLocalSet, 0) && c.has(i+2, opBr, int64(depth)+loopLabel) {
				next.kind, next.target, next.end = jump, s.entry(in.operand), c.instructions[i+2].end
				ends = true
				i += 2
			}
		}
		if last := len(p.steps) - 1; next.kind == plain && !ends && last >= 0 && p.steps[last].kind == plain && p.live < 0 {
			p.steps[last].end = next.end
		} else {
			p.steps = append(p.steps, next)
		}
		if ends && depth == 0 && p.live < 0 {
			p.live = len(p.steps)
		}
	}
	if p.live < 0 {
		p.live, p.falls = len(p.steps), true
	}
	s.pieces = append(s.pieces, p)
	return true
}

// borrowsPCB reports whether an indirect call follows, for which PC_B holds the function while 0 is put below it.
func (c code) borrowsPCB(i int) bool {
	return c.has(i, opLocalSet, 0) && c.has(i+1, opI32Const, 0) && c.has(i+2, opLocalGet, 0) && c.is(i+3, opCallIndirect)
}

// wayIn reports whether a goroutine can go on at the beginning of a piece: after a call, at the call of runtime.deferreturn, which is
// a piece of its own, and at the beginning of the function. Only there has the compiler nothing in locals.
func (s *shape) wayIn(r int) bool {
	if r == 0 {
		return true
	}
	before, here := s.pieces[r-1], s.pieces[r]
	return before.falls && before.endsWithCall() || here.falls && here.endsWithCall() && len(here.steps) <= 4
}

// endsWithCall: the callee may have moved the stack, so its pointer is copied again before the result is looked at.
func (p piece) endsWithCall() bool {
	n := len(p.steps)
	return n >= 3 && p.steps[n-1].kind == unwind && p.steps[n-1].opcode == opBrIf && p.steps[n-2].kind == plain && p.steps[n-3].kind == call
}
