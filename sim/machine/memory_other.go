//go:build !unix

package machine

func newLinearMemory(limit uint64) *linearMemory { return &linearMemory{limit: limit} }

func (m *linearMemory) commit(size uint64) []byte { return growByCopying(m.data, size) }

func (m *linearMemory) release() {}
