package machine

import (
	"encoding/binary"
	"errors"
)

// Sections of a WebAssembly module, as its binary format numbers them.
const (
	moduleHeader  = 8 // bytes before the first section
	memorySection = 5
	dataSection   = 11
	countSection  = 12 // announces the number of data segments, for instructions that refer to them
)

// splitData takes from a module what it would copy into its memory each time that it is instantiated. It returns the module
// without it, and the memory as it is to begin with. A module that initializes its memory in another way than Go's linker has it do
// is returned as it is, with a nil memory.
func splitData(wasm []byte) (rest, memory []byte) {
	rest, memory, err := split(wasm)
	if err != nil {
		return wasm, nil
	}
	return rest, memory
}

// errOther is met by modules that are not as Go's linker writes them, be they broken or not: the engine knows what to say to those that
// are.
var errOther = errors.New("not a module as Go's linker writes them")

func split(wasm []byte) (rest, memory []byte, err error) {
	if len(wasm) < moduleHeader {
		return nil, nil, errOther
	}
	rest = append(rest, wasm[:moduleHeader]...)
	r := reader{wasm[moduleHeader:]}
	for len(r.rest) > 0 {
		begin := r.rest
		id := r.byte()
		content, err := r.take(r.unsigned())
		if err != nil {
			return nil, nil, err
		}
		section := begin[:len(begin)-len(r.rest)]
		switch id {
		case countSection:
			return nil, nil, errOther
		case memorySection:
			memory, err = emptyMemory(reader{content})
		case dataSection:
			err = copySegments(memory, reader{content})
			section = nil
		}
		if err != nil {
			return nil, nil, err
		}
		rest = append(rest, section...)
	}
	if memory == nil {
		return nil, nil, errOther
	}
	return rest, memory, nil
}

// emptyMemory reads how much memory a module wants to begin with.
func emptyMemory(r reader) ([]byte, error) {
	count, flags, pages := r.unsigned(), r.byte(), r.unsigned()
	const withMost = 1 // the most memory that it can use follows
	if count != 1 || flags&^withMost != 0 || pages > DefaultMemoryLimit/pageSize {
		return nil, errOther
	}
	return make([]byte, pages*pageSize), nil
}

// copySegments copies a module's data into its memory.
func copySegments(memory []byte, r reader) error {
	const constant, end = 0x41, 0x0b
	for count := r.unsigned(); count > 0; count-- {
		active, instruction, offset, ended := r.byte(), r.byte(), r.signed(), r.byte()
		data, err := r.take(r.unsigned())
		at := uint64(uint32(offset))
		if err != nil || active != 0 || instruction != constant || ended != end || at+uint64(len(data)) > uint64(len(memory)) {
			return errOther
		}
		copy(memory[at:], data)
	}
	return nil
}

// reader reads the binary format. Beyond the end there are zeros.
type reader struct{ rest []byte }

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// unsigned reads a number in LEB128.
func (r *reader) unsigned() uint64 {
	value, size := binary.Uvarint(r.rest)
	r.rest = r.rest[max(size, 0):]
	return value
}

// signed reads a number in signed LEB128.
func (r *reader) signed() int64 {
	value, shift := int64(0), 0
	for {
		b := r.byte()
		value |= int64(b&0x7f) << shift
		shift += 7
		if b&0x80 == 0 || shift >= 64 {
			if b&0x40 != 0 && shift < 64 {
				value |= -1 << shift
			}
			return value
		}
	}
}

func (r *reader) take(size uint64) ([]byte, error) {
	if size > uint64(len(r.rest)) {
		return nil, errOther
	}
	taken := r.rest[:size]
	r.rest = r.rest[size:]
	return taken, nil
}
