//go:build unix

package machine

import "golang.org/x/sys/unix"

// newLinearMemory reserves address space for a memory, so that it grows where it is and costs no more than what the program touches. All
// that the program can reach by its addresses is reserved, if there is that much.
func newLinearMemory(limit uint64) *linearMemory {
	m := &linearMemory{limit: limit}
	for _, size := range []uint64{max(limit, reach), limit} {
		reserved, err := unix.Mmap(-1, 0, int(size), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
		if err == nil {
			m.reserved = reserved
			break
		}
	}
	return m
}

func (m *linearMemory) commit(size uint64) []byte {
	if m.reserved == nil {
		return growByCopying(m.data, size)
	}
	if old := uint64(len(m.data)); size > old {
		if unix.Mprotect(m.reserved[old:size], unix.PROT_READ|unix.PROT_WRITE) != nil {
			return nil
		}
	}
	return m.reserved[:size:size]
}

func (m *linearMemory) release() {
	if m.reserved != nil {
		// It fails only for memory that is not mapped.
		_ = unix.Munmap(m.reserved)
		m.reserved = nil
	}
}
