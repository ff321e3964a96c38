package machine

import (
	"bytes"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hostPage is the size of the pieces that a file in memory leaves out if they are zeros.
const hostPage = 4 << 10

var emptyPage [hostPage]byte

// memoryFile returns a file that is only in memory and has that content, whole pages.
func memoryFile(content []byte) (*os.File, error) {
	descriptor, err := unix.MemfdCreate("machine", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(descriptor), "machine")
	if err := writeUsed(file, content); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// writeUsed writes those pages to an empty file that are not all zeros.
func writeUsed(file *os.File, content []byte) error {
	if err := file.Truncate(int64(len(content))); err != nil {
		return err
	}
	used := func(at int) bool { return !bytes.Equal(content[at:at+hostPage], emptyPage[:]) }
	for begin := 0; begin < len(content); begin += hostPage {
		end := begin
		for end < len(content) && used(end) {
			end += hostPage
		}
		if end == begin {
			continue
		}
		if _, err := file.WriteAt(content[begin:end], int64(begin)); err != nil {
			return err
		}
		begin = end // the page there is empty
	}
	return nil
}

// mapFile puts a file's content in the place of memory, which must not be the Go runtime's. What is written to it stays there.
func mapFile(memory []byte, file *os.File) error {
	if len(memory) == 0 {
		return nil
	}
	_, err := unix.MmapPtr(int(file.Fd()), 0, unsafe.Pointer(unsafe.SliceData(memory)), uintptr(len(memory)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	return os.NewSyscallError("mmap", err)
}
