package machine

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"muster/sim/plain"
)

// kept is a frozen process without its memory, as Write writes it.
type kept struct {
	limit  uint64
	size   uint64 // of the memory
	tables tables
}

// mostKept is the most that is read of a process's tables; they take some kilobytes.
const mostKept = 256 << 20

// Write writes the frozen process: its tables, and the pages of its memory that are not as the program has them to begin with.
func (f *Frozen) Write(w *bufio.Writer) error {
	content, err := f.memory.read()
	if err != nil {
		return fmt.Errorf("writing a process: %w", err)
	}
	head, err := new(plain.Codec).Append(nil, &kept{f.limit, f.memory.size, f.tables})
	if err != nil {
		return fmt.Errorf("writing a process: %w", err)
	}
	writeUnsigned(w, uint64(len(head)))
	w.Write(head)
	initial, err := f.code.initialMemory()
	if err != nil {
		return fmt.Errorf("writing a process: %w", err)
	}
	last := uint64(0)
	for _, s := range differences(content, initial) {
		writeUnsigned(w, (s.begin-last)/keptPage)
		writeUnsigned(w, (s.end-s.begin)/keptPage)
		w.Write(content[s.begin:s.end])
		last = s.end
	}
	writeUnsigned(w, 0)
	writeUnsigned(w, 0)
	return w.Flush() // which tells of any error before
}

func writeUnsigned(w *bufio.Writer, n uint64) {
	var b [binary.MaxVarintLen64]byte
	w.Write(b[:binary.PutUvarint(b[:], n)])
}

// keptPage is the size of the pieces of memory that are written or not.
const keptPage = 4 << 10

// differences finds the pages of a memory that are not as they were to begin with: zero, where there was no memory yet.
func differences(content, initial []byte) []span {
	var found []span
	var zeros [keptPage]byte
	for at := uint64(0); at < uint64(len(content)); at += keptPage {
		before := zeros[:]
		if at < uint64(len(initial)) {
			before = initial[at : at+keptPage]
		}
		if bytes.Equal(content[at:at+keptPage], before) {
			continue
		}
		if last := len(found) - 1; last >= 0 && found[last].end == at {
			found[last].end += keptPage
		} else {
			found = append(found, span{at, at + keptPage})
		}
	}
	return found
}

// ReadFrozen reads what Write wrote of a process of a program.
func ReadFrozen(r *bufio.Reader, code *Code) (*Frozen, error) {
	f, err := readFrozen(r, code)
	if err != nil {
		return nil, fmt.Errorf("reading a process: %w", err)
	}
	return f, nil
}

var errDamaged = errors.New("it is damaged")

func readFrozen(r *bufio.Reader, code *Code) (*Frozen, error) {
	length, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if length > mostKept {
		return nil, errDamaged
	}
	head, err := io.ReadAll(io.LimitReader(r, int64(length)))
	if err != nil {
		return nil, err
	}
	var k kept
	if _, err := new(plain.Codec).Read(head, &k); err != nil {
		return nil, err
	}
	initial, err := code.initialMemory()
	if err != nil {
		return nil, err
	}
	if k.size%pageSize != 0 || k.size > k.limit || k.limit > maxMemory || k.size < uint64(len(initial)) {
		return nil, errDamaged
	}
	content := make([]byte, k.size)
	copy(content, initial)
	for at := uint64(0); ; {
		skipped, err := binary.ReadUvarint(r)
		if err != nil {
			return nil, err
		}
		pages, err := binary.ReadUvarint(r)
		if err != nil {
			return nil, err
		}
		if pages == 0 {
			break
		}
		left := (k.size - at) / keptPage
		if skipped > left || pages > left-skipped {
			return nil, errDamaged
		}
		at += skipped * keptPage
		if _, err := io.ReadFull(r, content[at:at+pages*keptPage]); err != nil {
			return nil, err
		}
		at += pages * keptPage
	}
	return &Frozen{code: code, limit: k.limit, memory: newImage(content), tables: k.tables}, nil
}

// initialMemory is the memory as the program has it to begin with; nil if that is not known.
func (c *Code) initialMemory() ([]byte, error) {
	if c.initial == nil {
		return nil, nil
	}
	return c.initial.read()
}

// read returns the whole content.
func (i *image) read() ([]byte, error) {
	if i.file == nil {
		return i.content, nil
	}
	pieces := []span{{0, i.size}}
	content := make([]byte, i.size)
	if i.base != nil {
		pieces = i.changed
		base, err := i.base.read()
		if err != nil {
			return nil, err
		}
		copy(content, base)
	}
	for _, s := range pieces {
		if _, err := i.file.ReadAt(content[s.begin:s.end], int64(s.begin)); err != nil {
			return nil, fmt.Errorf("reading %d bytes of memory: %w", s.end-s.begin, err)
		}
	}
	return content, nil
}
