package machine

import (
	"fmt"
	"os"
	"slices"
)

// image is the content of a memory. It never changes, so several memories can be filled from it at once.
type image struct {
	size uint64
	// file is a file in the host's memory. Memories map it, so that filling one costs nothing but a copy of each page that is
	// written to later. nil where there is no such thing: then content is a copy.
	file    *os.File
	content []byte
}

// newImage keeps the content of a memory.
func newImage(content []byte) *image {
	file, err := memoryFile(content)
	if err != nil {
		return copiedImage(content)
	}
	return &image{size: uint64(len(content)), file: file}
}

// copiedImage keeps the content where there are no files in memory, or no more of them.
func copiedImage(content []byte) *image {
	return &image{size: uint64(len(content)), content: slices.Clone(content)}
}

// fill makes the content of a memory of the same size the image's.
func (i *image) fill(m *linearMemory) error {
	if i.file == nil {
		copy(m.data, i.content)
		return nil
	}
	if m.reserved != nil && mapFile(m.data, i.file) == nil {
		return nil
	}
	if _, err := i.file.ReadAt(m.data, 0); err != nil {
		return fmt.Errorf("copying %d bytes of memory: %w", i.size, err)
	}
	return nil
}

// free gives back what the image takes. Memories that were filled from it stay as they are.
func (i *image) free() {
	i.content = nil
	if i.file != nil {
		// It was written long ago, so closing it cannot lose anything.
		_ = i.file.Close()
	}
}
