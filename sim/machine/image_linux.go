package machine

import (
	"bytes"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// heldImage is a file in memory. Memories map it, so that filling one costs nothing but a copy of each page that is written to later.
type heldImage struct{ file *os.File }

// grain is the size of the pieces that an image leaves out if they are zeros: a page of the host's.
const grain = 4096

var zeros [grain]byte

func hold(data []byte) (heldImage, error) {
	descriptor, err := unix.MemfdCreate("machine", unix.MFD_CLOEXEC)
	if err != nil {
		return heldImage{}, fmt.Errorf("making a file in memory: %w", err)
	}
	h := heldImage{os.NewFile(uintptr(descriptor), "machine")}
	if err := h.write(data); err != nil {
		h.free()
		return heldImage{}, fmt.Errorf("copying %d bytes to a file in memory: %w", len(data), err)
	}
	return h, nil
}

// write writes what is not zero.
func (h *heldImage) write(data []byte) error {
	if err := h.file.Truncate(int64(len(data))); err != nil {
		return err
	}
	used := func(at int) bool { return !bytes.Equal(data[at:at+grain], zeros[:]) }
	for begin := 0; begin < len(data); begin += grain {
		end := begin
		for end < len(data) && used(end) {
			end += grain
		}
		if _, err := h.file.WriteAt(data[begin:end], int64(begin)); err != nil {
			return err
		}
		begin = end
	}
	return nil
}

func (h *heldImage) fill(m *linearMemory) error {
	if len(m.data) == 0 {
		return nil
	}
	if m.reserved == nil {
		_, err := h.file.ReadAt(m.data, 0)
		return err
	}
	_, err := unix.MmapPtr(int(h.file.Fd()), 0, unsafe.Pointer(&m.reserved[0]), uintptr(len(m.data)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	if err != nil {
		return fmt.Errorf("mapping a file in memory: %w", err)
	}
	return nil
}

func (h *heldImage) free() {
	// The file is only read from here on; closing it cannot fail in a way that matters.
	_ = h.file.Close()
}
