package sim

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"muster/sim/machine"
	"muster/sim/plain"
	"muster/sim/trace"
)

// snapshotMark is what a snapshot's bytes begin with: what they are, and the version of how they are written.
const snapshotMark = "muster snapshot 1\n"

// mostState is the most that is read of a world's state without the memories of its programs.
const mostState = 4 << 30

// Write writes a snapshot so that ReadSnapshot makes it again, also in another process of the same build: the state of the world, and of
// each program's memory what is different from its beginning, all compressed. Three registry nodes and their clients take some 10 MB.
func (s *Snapshot) Write(w io.Writer) error {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	if s.closed {
		return errors.New("write: the snapshot is closed")
	}
	if err := s.write(w); err != nil {
		return fmt.Errorf("writing a snapshot: %w", err)
	}
	return nil
}

func (s *Snapshot) write(w io.Writer) error {
	state, err := codec(nil).Append(nil, s.world)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, snapshotMark); err != nil {
		return err
	}
	compressor, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(compressor, 1<<20)
	out.Write(binary.AppendUvarint(nil, uint64(len(state))))
	out.Write(state)
	for _, m := range s.world.machines {
		frozen := s.frozen[m]
		if frozen == nil {
			out.WriteByte(0)
			continue
		}
		out.WriteByte(1)
		if err := frozen.Write(out); err != nil {
			return err
		}
	}
	return errors.Join(out.Flush(), compressor.Close())
}

// ReadSnapshot reads what Snapshot.Write wrote. It needs the programs that ran on the machines, or were to run after a restart: the same
// builds of them.
func ReadSnapshot(r io.Reader, programs ...Program) (*Snapshot, error) {
	s, err := readSnapshot(r, programs)
	if err != nil {
		return nil, fmt.Errorf("reading a snapshot: %w", err)
	}
	return s, nil
}

func readSnapshot(r io.Reader, programs []Program) (*Snapshot, error) {
	mark := make([]byte, len(snapshotMark))
	if _, err := io.ReadFull(r, mark); err != nil || string(mark) != snapshotMark {
		return nil, fmt.Errorf("it begins with %q: want %q", mark, snapshotMark)
	}
	decompressor, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostState))
	if err != nil {
		return nil, err
	}
	defer decompressor.Close()
	in := bufio.NewReaderSize(decompressor, 1<<20)
	length, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	state, err := io.ReadAll(io.LimitReader(in, int64(min(length, mostState))))
	if err != nil {
		return nil, err
	}
	s := &Snapshot{world: &World{}, frozen: map[*Machine]*machine.Frozen{}}
	if _, err := codec(programs).Read(state, s.world); err != nil {
		return nil, err
	}
	for _, m := range s.world.machines {
		there, err := in.ReadByte()
		if err != nil {
			s.Close()
			return nil, err
		}
		if there == 0 {
			continue
		}
		if m == nil || m.program.code == nil {
			s.Close()
			return nil, errors.New("it is damaged: there is a process without a program")
		}
		frozen, err := machine.ReadFrozen(in, m.program.code)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.frozen[m] = frozen
	}
	// Only at the end it turns out whether the checksum is right, without which nobody knows what the state is.
	if _, err := in.ReadByte(); err != io.EOF {
		s.Close()
		return nil, fmt.Errorf("it is damaged: it does not end as it was written: %w", cmp.Or(err, errors.New("there is more")))
	}
	return s, nil
}

// codec says what of a world's state is outside of it: compiled programs, which are found by their hashes, and the trace's writer, which a
// snapshot has not.
func codec(programs []Program) *plain.Codec {
	c := new(plain.Codec)
	plain.External(c, func(code *machine.Code) (string, error) { return code.SHA256(), nil }, func(sum string) (*machine.Code, error) {
		for _, p := range programs {
			if p.code.SHA256() == sum {
				return p.code, nil
			}
		}
		return nil, fmt.Errorf("it needs the program of SHA-256 %s, which is not among the %d given", sum, len(programs))
	})
	plain.External(c, func(*trace.Writer) (string, error) { return "", errors.New("a snapshot has no trace to write") },
		func(string) (*trace.Writer, error) {
			return nil, errors.New("it is damaged: a snapshot has no trace to write")
		})
	return c
}
