package machine

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
)

// image is the content of a memory. It never changes, so several memories can be filled from it at once.
type image struct {
	size  uint64
	users atomic.Int32 // the last one to let go of it frees it
	// file is a file in the host's memory. Memories map it, so that filling one costs nothing but a copy of each page that is
	// written to later. nil where there is no such thing: then content is a copy.
	file    *os.File
	content []byte
	// base is what the image differs from; file has only the pages that are different. nil: it has all of them.
	base    *image
	changed []span
}

// span is a piece of memory, of whole pages.
type span struct{ begin, end uint64 }

// mostPieces is how many pieces an image is kept in. Each piece is a mapping in every memory that is filled from the image, and of those
// the host allows a process some ten thousand (vm.max_map_count on Linux).
const mostPieces = 64

// smallestGap is how far pieces may always be apart that are kept and mapped as one: mapping a piece costs about as much as some pages.
const smallestGap = 32 << 10

// union returns the pieces that are in either of two lists, in order, up to mostPieces of them. It includes small gaps between them.
func union(one, other []span) []span {
	pieces := slices.Concat(one, other)
	slices.SortFunc(pieces, func(a, b span) int { return cmp.Compare(a.begin, b.begin) })
	for gap := uint64(smallestGap); ; gap *= 2 {
		pieces = join(pieces, gap)
		if len(pieces) <= mostPieces {
			return pieces
		}
	}
}

// join makes one of pieces that are no further apart than gap.
func join(pieces []span, gap uint64) []span {
	joined := pieces[:0]
	for _, s := range pieces {
		if last := len(joined) - 1; last >= 0 && s.begin <= joined[last].end+gap {
			joined[last].end = max(joined[last].end, s.end)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

// newImage keeps the content of a memory, for one user.
func newImage(content []byte) *image {
	file, err := memoryFile(content, []span{{0, uint64(len(content))}})
	if err != nil {
		return copiedImage(content)
	}
	i := &image{size: uint64(len(content)), file: file}
	i.users.Store(1)
	return i
}

// copiedImage keeps the content where there are no files in memory, or no more of them.
func copiedImage(content []byte) *image {
	i := &image{size: uint64(len(content)), content: slices.Clone(content)}
	i.users.Store(1)
	return i
}

// changedImage keeps what is different from base in a memory that was filled from it, apart from pieces known to be different.
func changedImage(content []byte, base *image, known []span) (*image, error) {
	written, err := writtenPages(content)
	if err != nil {
		return nil, err
	}
	changed := union(written, known)
	size := uint64(0)
	for _, s := range changed {
		size += s.end - s.begin
	}
	if size > uint64(len(content))/2 {
		return nil, fmt.Errorf("%d of %d bytes have changed: more than it pays to keep apart", size, len(content))
	}
	file, err := memoryFile(content, changed)
	if err != nil {
		return nil, err
	}
	i := &image{size: uint64(len(content)), file: file, base: base.share(), changed: changed}
	i.users.Store(1)
	return i, nil
}

// freeze keeps the content of a memory. The first time, the memory is made to share it, so that the next time only what has changed
// since needs to be kept.
func (m *linearMemory) freeze() *image {
	if m.base != nil {
		if i, err := changedImage(m.data, m.base, m.apart); err == nil {
			return i
		}
	}
	i := newImage(m.data)
	m.shareWith(i)
	return i
}

// shareWith maps an image that does not differ from another into a memory of the same size, or of which it is the beginning. It
// returns false if that cannot be.
func (m *linearMemory) shareWith(i *image) bool {
	if m.reserved == nil || i.file == nil || mapFile(m.data, i.file, span{0, i.size}) != nil {
		return false
	}
	if m.base != nil {
		m.base.free()
	}
	m.base, m.apart = i.share(), nil
	return true
}

// fill makes the content of a memory of the same size, which has not been used yet, the image's.
func (i *image) fill(m *linearMemory) error {
	whole := i
	if i.base != nil {
		whole = i.base
	}
	shared := m.shareWith(whole)
	if !shared {
		if err := whole.copyTo(m, span{0, whole.size}); err != nil {
			return err
		}
	}
	for _, s := range i.changed {
		if shared && mapFile(m.data, i.file, s) == nil {
			continue
		}
		if err := i.copyTo(m, s); err != nil {
			return err
		}
	}
	m.apart = i.changed
	return nil
}

func (i *image) copyTo(m *linearMemory, s span) error {
	if i.file == nil {
		copy(m.data[s.begin:s.end], i.content[s.begin:s.end])
		return nil
	}
	if _, err := i.file.ReadAt(m.data[s.begin:s.end], int64(s.begin)); err != nil {
		return fmt.Errorf("copying %d bytes of memory: %w", s.end-s.begin, err)
	}
	return nil
}

// share adds a user.
func (i *image) share() *image {
	i.users.Add(1)
	return i
}

// free takes a user away. Memories that were filled from the image stay as they are.
func (i *image) free() {
	if i.users.Add(-1) > 0 {
		return
	}
	i.content = nil
	if i.file != nil {
		// It was written long ago, so closing it cannot lose anything.
		_ = i.file.Close()
	}
	if i.base != nil {
		i.base.free()
	}
}
