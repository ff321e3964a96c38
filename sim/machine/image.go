package machine

// image is the content of a memory. It never changes, so several memories can be filled from it at once.
type image struct {
	size uint64
	held heldImage
}

// newImage keeps the content of a memory.
func newImage(data []byte) (*image, error) {
	held, err := hold(data)
	if err != nil {
		return nil, err
	}
	return &image{size: uint64(len(data)), held: held}, nil
}

// fill makes the content of a memory of the same size the image's.
func (i *image) fill(m *linearMemory) error { return i.held.fill(m) }

// free gives back what the image takes. Memories that were filled from it stay as they are.
func (i *image) free() { i.held.free() }
