package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// writeFrame writes a length and so many bytes.
func writeFrame(w io.Writer, content []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), content...))
	return err
}

// readFrame reads what writeFrame wrote.
func readFrame(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	content := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(r, content)
	return content, err
}

// receive hands the messages of other members to the node.
func receive(listener net.Listener, node raft.Node) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			for reader := bufio.NewReader(connection); ; {
				content, err := readFrame(reader)
				if err != nil {
					return
				}
				message := &raftpb.Message{}
				if err := proto.Unmarshal(content, message); err != nil {
					return
				}
				// What the node does not want now, it has no use for later either.
				_ = node.Step(context.Background(), message)
			}
		}()
	}
}

// send carries messages to another member, over a connection that is made anew whenever it breaks.
func send(address string, outbox <-chan []byte) {
	var connection net.Conn
	for content := range outbox {
		if connection == nil {
			var err error
			if connection, err = net.DialTimeout("tcp", address, 300*time.Millisecond); err != nil {
				connection = nil
				continue
			}
		}
		connection.SetWriteDeadline(time.Now().Add(time.Second))
		if err := writeFrame(connection, content); err != nil {
			connection.Close()
			connection = nil
		}
	}
}

// logFile keeps what a member must not forget: frames of messages, of which each holds entries, and the term, vote and commit index.
type logFile struct {
	file *os.File
	// state is the last one that was saved.
	state *raftpb.HardState
}

// openLog reads the log into memory, and says whether there was any. A frame that a crash tore is cut off.
func openLog(path string, memory *raft.MemoryStorage) (*logFile, bool, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, false, err
	}
	l := &logFile{file: file, state: &raftpb.HardState{}}
	var whole int64
	for reader := bufio.NewReader(file); ; {
		content, err := readFrame(reader)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		frame := &raftpb.Message{}
		if err == nil {
			err = proto.Unmarshal(content, frame)
		}
		if err == nil {
			err = memory.Append(frame.GetEntries())
		}
		if err != nil {
			return nil, false, fmt.Errorf("log at byte %d: %w", whole, err)
		}
		l.state = &raftpb.HardState{Term: frame.Term, Vote: frame.Vote, Commit: frame.Commit}
		whole += int64(4 + len(content))
	}
	if err := errors.Join(file.Truncate(whole), memory.SetHardState(l.state)); err != nil {
		return nil, false, err
	}
	_, err = file.Seek(whole, io.SeekStart)
	return l, whole > 0, err
}

// save appends what is new, and comes back when it is on the disk.
func (l *logFile) save(ready raft.Ready) error {
	if ready.HardState == nil && len(ready.Entries) == 0 {
		return nil
	}
	if ready.HardState != nil {
		l.state = ready.HardState
	}
	frame := &raftpb.Message{Entries: ready.Entries, Term: l.state.Term, Vote: l.state.Vote, Commit: l.state.Commit}
	content, err := proto.Marshal(frame)
	if err == nil {
		err = writeFrame(l.file, content)
	}
	if err == nil {
		err = l.file.Sync()
	}
	return err
}
