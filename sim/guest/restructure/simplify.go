package restructure

// More opcodes, which simplify writes.
const (
	opI32Load    = 0x28
	opI64Load    = 0x29
	opI32Load8U  = 0x2d
	opI32Load16U = 0x2f
	opI32Store   = 0x36
	opI64Store   = 0x37
	opI32Store8  = 0x3a
	opI32Store16 = 0x3b
	opI32Add     = 0x6a
	opI64Add     = 0x7c
	opI32WrapI64 = 0xa7
	opExtendU    = 0xad // i64.extend_i32_u

	opBulk        = 0xfc // followed by one of:
	bulkCopy      = 10
	bulkFill      = 11
	opVector      = 0xfd // followed by one of:
	vectorLoad    = 0
	vectorStore   = 11
	vectorConst   = 12
	vectorSize    = 16
	typeI32       = 0x7f
	typeVector    = 0x7b
	mostSpeltOut  = 512 // bytes that are copied or cleared without a loop
	firstOfLocals = 1   // what comes before them is the parameter, PC_B
)

// simplify says in fewer steps what the Go compiler says in the steps of its virtual registers. The body is that of a function that takes
// PC_B. Engines make calls of memory.copy and memory.fill, which is dear for the few bytes of a struct; Go's copies of a size known
// beforehand are of places that are the same or do not overlap (cmd/compile/internal/ssagen, moveWhichMayOverlap), so that it does not
// matter in which order their bytes are copied.
func simplify(body []byte) []byte {
	c, err := decodeBody(body)
	if err != nil {
		return body
	}
	s := simplifier{code: c}
	for at := 0; at < len(c.instructions); {
		n := s.step(at)
		if n == 0 {
			n = 1
			s.out = append(s.out, body[c.instructions[at].start:c.instructions[at].end]...)
		}
		at += n
	}
	return append(s.declarations(), s.out...)
}

type simplifier struct {
	code
	out     []byte
	scratch bool // it uses locals of its own: two addresses and a vector
}

// declarations are the body's, with the locals that simplify wants after all others.
func (s *simplifier) declarations() []byte {
	if !s.scratch {
		return s.body[:s.start:s.start]
	}
	r := reader{data: s.body}
	groups := r.u32()
	out := appendU32(nil, groups+2)
	out = append(out, s.body[r.at:s.start]...)
	return append(out, 2, typeI32, 1, typeVector)
}

// local is the number of one of simplify's own locals.
func (s *simplifier) local(i uint32) uint32 {
	s.scratch = true
	r := reader{data: s.body}
	count := uint32(firstOfLocals)
	for groups := r.u32(); groups > 0; groups-- {
		count += r.u32()
		r.byte()
	}
	return count + i
}

// step writes something simpler for the instructions that begin at one, and returns for how many; 0 if it knows nothing simpler.
func (s *simplifier) step(at int) int {
	switch {
	case s.has(at, opI32Const, 0) && s.size(at+1) && s.isBulk(at+2, bulkFill):
		s.fill(s.instructions[at+1].operand)
		return 3
	case s.size(at) && s.isBulk(at+1, bulkCopy):
		s.copy(s.instructions[at].operand)
		return 2
	case s.is(at, opExtendU) && s.is(at+1, opI64Const) && s.is(at+2, opI64Add) && s.is(at+3, opI32WrapI64):
		s.out = appendSigned(append(s.out, opI32Const), int64(int32(s.instructions[at+1].operand)))
		s.out = append(s.out, opI32Add)
		return 4
	case s.is(at, opExtendU) && s.is(at+1, opI32WrapI64):
		return 2
	case s.is(at, opI64Eqz) && s.is(at+1, opI32Eqz):
		s.out = append(s.out, opI64Const, 0, opI64Ne)
		return 2
	case at < len(s.instructions) && opposite(s.instructions[at].opcode) != 0 && s.is(at+1, opI32Eqz):
		s.out = append(s.out, opposite(s.instructions[at].opcode))
		return 2
	}
	return 0
}

// Comparisons of integers.
const (
	opI32Eq  = 0x46
	opI32GeU = 0x4f
	opI64Eqz = 0x50
	opI64Eq  = 0x51
	opI64Ne  = 0x52
	opI64GeU = 0x5a
)

// opposite is the comparison that holds where this one does not; 0 if this is no comparison of two integers.
func opposite(opcode byte) byte {
	first := byte(opI32Eq)
	switch {
	case opcode >= opI32Eq && opcode <= opI32GeU:
	case opcode >= opI64Eq && opcode <= opI64GeU:
		first = opI64Eq
	default:
		return 0
	}
	// eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u
	return first + [...]byte{1, 0, 8, 9, 6, 7, 4, 5, 2, 3}[opcode-first]
}

// size reports whether there is a constant that is worth being spelt out.
func (s *simplifier) size(at int) bool {
	return s.is(at, opI32Const) && s.instructions[at].operand > 0 && s.instructions[at].operand <= mostSpeltOut
}

func (s *simplifier) isBulk(at int, kind byte) bool {
	return s.is(at, opBulk) && s.body[s.instructions[at].start+1] == kind
}

// pieces are the loads and stores that so many bytes take. The last two may overlap.
func pieces(size int64, each func(offset, width int64)) {
	offset := int64(0)
	for width := int64(vectorSize); offset < size; {
		switch {
		case offset+width <= size:
			each(offset, width)
			offset += width
		case size > vectorSize:
			each(size-vectorSize, vectorSize)
			return
		default:
			width /= 2
		}
	}
}

// fill clears size bytes at the address on the stack.
func (s *simplifier) fill(size int64) {
	to, nothing := s.local(0), s.local(2)
	s.with(opLocalSet, to)
	if size >= vectorSize {
		s.out = append(s.out, opVector, vectorConst)
		s.out = append(s.out, make([]byte, vectorSize)...)
		s.with(opLocalSet, nothing)
	}
	pieces(size, func(offset, width int64) {
		s.with(opLocalGet, to)
		switch width {
		case vectorSize:
			s.with(opLocalGet, nothing)
		case 8:
			s.out = append(s.out, opI64Const, 0)
		default:
			s.out = append(s.out, opI32Const, 0)
		}
		s.access(stores, width, offset)
	})
}

// copy copies size bytes between the two addresses on the stack.
func (s *simplifier) copy(size int64) {
	to, from := s.local(0), s.local(1)
	s.with(opLocalSet, from)
	s.with(opLocalSet, to)
	pieces(size, func(offset, width int64) {
		s.with(opLocalGet, to)
		s.with(opLocalGet, from)
		s.access(loads, width, offset)
		s.access(stores, width, offset)
	})
}

func (s *simplifier) with(opcode byte, local uint32) {
	s.out = appendU32(append(s.out, opcode), local)
}

// loads and stores by how many bytes they move.
var (
	loads  = map[int64][]byte{vectorSize: {opVector, vectorLoad}, 8: {opI64Load}, 4: {opI32Load}, 2: {opI32Load16U}, 1: {opI32Load8U}}
	stores = map[int64][]byte{vectorSize: {opVector, vectorStore}, 8: {opI64Store}, 4: {opI32Store}, 2: {opI32Store16}, 1: {opI32Store8}}
)

func (s *simplifier) access(opcodes map[int64][]byte, width, offset int64) {
	const alignment = 0 // none is promised
	s.out = append(append(s.out, opcodes[width]...), alignment)
	s.out = appendU32(s.out, int(offset))
}
