package machine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hostPage is the size of the pieces of memory that are looked at on their own.
const hostPage = 4 << 10

var emptyPage [hostPage]byte

// memoryFile returns a file that is only in memory and has those pieces of content, and zeros in place of the others.
func memoryFile(content []byte, pieces []span) (*os.File, error) {
	descriptor, err := unix.MemfdCreate("machine", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(descriptor), "machine")
	err = file.Truncate(int64(len(content)))
	for _, piece := range pieces {
		err = errors.Join(err, writeUsed(file, content, piece))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// writeUsed writes those pages of a piece to an empty file that are not all zeros.
func writeUsed(file *os.File, content []byte, piece span) error {
	used := func(at uint64) bool { return !bytes.Equal(content[at:at+hostPage], emptyPage[:]) }
	for begin := piece.begin; begin < piece.end; begin += hostPage {
		end := begin
		for end < piece.end && used(end) {
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

// mapFile puts a piece of a file in the place of the same piece of memory, which must not be the Go runtime's. What is written to it stays
// there.
func mapFile(memory []byte, file *os.File, piece span) error {
	at := memory[piece.begin:piece.end]
	if len(at) == 0 {
		return nil
	}
	_, err := unix.MmapPtr(int(file.Fd()), int64(piece.begin), unsafe.Pointer(unsafe.SliceData(at)), uintptr(len(at)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	return os.NewSyscallError("mmap", err)
}

// openPageMap opens what Linux tells of this process's pages (Documentation/admin-guide/mm/pagemap.rst).
var openPageMap = sync.OnceValues(func() (*os.File, error) {
	if os.Getpagesize() != hostPage {
		return nil, errors.ErrUnsupported
	}
	return os.Open("/proc/self/pagemap")
})

// What the page map says of a page, in 64 bits.
const (
	pageEntry   = 8       // bytes
	pagePresent = 1 << 63 // it is in memory
	pageSwapped = 1 << 62 // it is in the swap space
	pageOfFile  = 1 << 61 // it belongs to a file
)

// writtenPages finds what was written to since memory was mapped: the pages that are there and not a file's any more.
func writtenPages(memory []byte) ([]span, error) {
	pageMap, err := openPageMap()
	if err != nil {
		return nil, err
	}
	pages := make([]byte, len(memory)/hostPage*pageEntry)
	first := uintptr(unsafe.Pointer(unsafe.SliceData(memory))) / hostPage
	if _, err := pageMap.ReadAt(pages, int64(first)*pageEntry); err != nil {
		return nil, err
	}
	var written []span
	for at := uint64(0); at < uint64(len(memory)); at += hostPage {
		entry := binary.NativeEndian.Uint64(pages[at/hostPage*pageEntry:])
		if entry&(pagePresent|pageSwapped) == 0 || entry&pageOfFile != 0 {
			continue
		}
		if last := len(written) - 1; last >= 0 && written[last].end == at {
			written[last].end += hostPage
		} else {
			written = append(written, span{at, at + hostPage})
		}
	}
	return written, nil
}
