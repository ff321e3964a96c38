package machine

import "slices"

// image is the content of a memory.
type image struct {
	size uint64
	data []byte
}

func newImage(data []byte) (*image, error) {
	return &image{size: uint64(len(data)), data: slices.Clone(data)}, nil
}

// fill makes the content of a memory of the same size the image's.
func (i *image) fill(m *linearMemory) error {
	copy(m.data, i.data)
	return nil
}

func (i *image) free() { i.data = nil }
