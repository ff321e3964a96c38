//go:build !linux

package machine

import "slices"

// heldImage is a copy.
type heldImage struct{ data []byte }

func hold(data []byte) (heldImage, error) { return heldImage{slices.Clone(data)}, nil }

func (h *heldImage) fill(m *linearMemory) error {
	copy(m.data, h.data)
	return nil
}

func (h *heldImage) free() { h.data = nil }
