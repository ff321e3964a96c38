package machine

// pageSize is WebAssembly's.
const pageSize = 64 << 10

// linearMemory is the memory of a process. It implements wazero's experimental.LinearMemory.
type linearMemory struct {
	// data is what the program sees now. System calls read and write it.
	data     []byte
	reserved []byte // address space that data begins in; nil if there is none to be had
	limit    uint64 // in bytes
	base     *image // what the beginning of data was mapped from; nil: nothing
	apart    []span // pieces that were different from base then already
}

// Reallocate grows the memory to size bytes; it returns nil if that is more than the program may have.
func (m *linearMemory) Reallocate(size uint64) []byte {
	if size > m.limit {
		return nil
	}
	grown := m.commit(size)
	if grown != nil {
		m.data = grown
	}
	return grown
}

// Free gives the memory back. The process must never run again.
func (m *linearMemory) Free() {
	m.data = nil
	m.release()
	if m.base != nil {
		m.base.free()
		m.base = nil
	}
}

// isolated reports whether the memory owns all that a program can reach by its addresses, so that nothing else is there.
func (m *linearMemory) isolated() bool { return reach > 0 && len(m.reserved) >= reach }

// growByCopying grows a memory that has no address space of its own.
func growByCopying(data []byte, size uint64) []byte {
	if size <= uint64(cap(data)) {
		return data[:size]
	}
	grown := make([]byte, size, size+size/4)
	copy(grown, data)
	return grown
}
