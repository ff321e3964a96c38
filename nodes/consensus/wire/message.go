package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// kind says what a request is.
type kind byte

// Zero is none, so that a zeroed message is refused.
const (
	appendEntries kind = iota + 1
	requestVote
	requestPreVote
	installSnapshot
	timeoutNow
	ask
)

// fields goes over the fields of a message in their order, which is the format, either to write or to read them. Numbers are varints, bytes have
// their length before them. A message that is written is only looked at: raft sends one to several peers at once.
type fields struct {
	reading bool
	// text is what has been written, or what is left to read. What is read aliases it.
	text []byte
	err  error
}

// errShort says that a message ends within a field.
var errShort = errors.New("the message ends too early")

func (f *fields) number(n *uint64) {
	if !f.reading {
		f.text = binary.AppendUvarint(f.text, *n)
		return
	}
	value, size := binary.Uvarint(f.text)
	if size <= 0 {
		f.fail(errShort)
		return
	}
	*n, f.text = value, f.text[size:]
}

// bytes reads no bytes as nil.
func (f *fields) bytes(b *[]byte) {
	size := uint64(len(*b))
	f.number(&size)
	switch {
	case !f.reading:
		f.text = append(f.text, *b...)
	case size > uint64(len(f.text)):
		f.fail(errShort)
	case size > 0:
		*b, f.text = f.text[:size:size], f.text[size:]
	}
}

func (f *fields) flag(b *bool) {
	var n uint64
	if *b {
		n = 1
	}
	f.number(&n)
	if n > 1 {
		f.fail(fmt.Errorf("a boolean of %d; want 0 or 1", n))
	}
	if f.reading {
		*b = n == 1
	}
}

// fail keeps the first error; nothing is read any more.
func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
	f.text = nil
}

func (f *fields) header(h *raft.RPCHeader) {
	version := uint64(h.ProtocolVersion)
	f.number(&version)
	if f.reading {
		h.ProtocolVersion = raft.ProtocolVersion(version)
	}
	f.bytes(&h.ID)
	f.bytes(&h.Addr)
}

// leastEntry is how many bytes an entry takes at least: one for each field.
const leastEntry = 6

func (f *fields) entries(entries *[]*raft.Log) {
	count := uint64(len(*entries))
	f.number(&count)
	if f.reading {
		if count > uint64(len(f.text)/leastEntry) {
			f.fail(fmt.Errorf("%d bytes cannot hold %d entries", len(f.text), count))
		}
		if f.err != nil || count == 0 {
			return
		}
		made := make([]raft.Log, count)
		*entries = make([]*raft.Log, count)
		for i := range made {
			(*entries)[i] = &made[i]
		}
	}
	for _, entry := range *entries {
		f.entry(entry)
	}
}

func (f *fields) entry(entry *raft.Log) {
	f.number(&entry.Index)
	f.number(&entry.Term)
	class := uint64(entry.Type)
	f.number(&class)
	if f.reading {
		if entry.Type = raft.LogType(class); uint64(entry.Type) != class {
			f.fail(fmt.Errorf("an entry of type %d; want one of raft's", class))
		}
	}
	f.bytes(&entry.Data)
	f.bytes(&entry.Extensions)
	var appended uint64 // nanoseconds since 1970; 0 for no time
	if !entry.AppendedAt.IsZero() {
		appended = uint64(entry.AppendedAt.UnixNano())
	}
	f.number(&appended)
	if f.reading && appended != 0 {
		entry.AppendedAt = time.Unix(0, int64(appended))
	}
}

// message goes over one of raft's, or a question, given by a pointer. What raft itself calls deprecated is left out: where it asks for it, it takes the header's
// address in its place.
func (f *fields) message(message any) {
	switch m := message.(type) {
	case *raft.AppendEntriesRequest:
		f.header(&m.RPCHeader)
		f.number(&m.Term)
		f.number(&m.PrevLogEntry)
		f.number(&m.PrevLogTerm)
		f.number(&m.LeaderCommitIndex)
		f.entries(&m.Entries)
	case *raft.AppendEntriesResponse:
		f.header(&m.RPCHeader)
		f.number(&m.Term)
		f.number(&m.LastLog)
		f.flag(&m.Success)
		f.flag(&m.NoRetryBackoff)
	case *raft.RequestVoteRequest:
		f.header(&m.RPCHeader)
		f.number(&m.Term)
		f.number(&m.LastLogIndex)
		f.number(&m.LastLogTerm)
		f.flag(&m.LeadershipTransfer)
	case *raft.RequestVoteResponse:
		f.header(&m.RPCHeader)
		f.number(&m.Term)
		f.flag(&m.Granted)
	case *raft.RequestPreVoteRequest:
		f.header(&m.RPCHeader)
		f.number(&m.Term)
		f.number(&m.LastLogIndex)
		f.number(&m.LastLogTerm)
	case *raft.RequestPreVoteResponse:
		f.header(&m.RPCHeader)
		f.number(&m.Term)
		f.flag(&m.Granted)
	case *raft.InstallSnapshotRequest:
		f.header(&m.RPCHeader)
		version, size := uint64(m.SnapshotVersion), uint64(m.Size)
		f.number(&version)
		if f.reading {
			m.SnapshotVersion = raft.SnapshotVersion(version)
		}
		f.number(&m.Term)
		f.number(&m.LastLogIndex)
		f.number(&m.LastLogTerm)
		f.bytes(&m.Configuration)
		f.number(&m.ConfigurationIndex)
		f.number(&size)
		if f.reading {
			if m.Size = int64(size); m.Size < 0 {
				f.fail(fmt.Errorf("a snapshot of %d bytes", m.Size))
			}
		}
	case *raft.InstallSnapshotResponse:
		f.header(&m.RPCHeader)
		f.number(&m.Term)
		f.flag(&m.Success)
	case *raft.TimeoutNowRequest:
		f.header(&m.RPCHeader)
	case *raft.TimeoutNowResponse:
		f.header(&m.RPCHeader)
	case *Question:
		f.header(&m.RPCHeader)
		f.bytes(&m.Text)
	case *reply:
		f.bytes(&m.text)
	default:
		f.fail(fmt.Errorf("a %T is no message", message))
	}
}

// encode appends a message.
func encode(to []byte, message any) ([]byte, error) {
	f := fields{text: to}
	f.message(message)
	return f.text, f.err
}

// decode reads a message that takes all of the text, and aliases it.
func decode(text []byte, into any) error {
	f := fields{reading: true, text: text}
	f.message(into)
	if f.err == nil && len(f.text) > 0 {
		f.err = fmt.Errorf("%d bytes are left behind the message", len(f.text))
	}
	if f.err != nil {
		return fmt.Errorf("read a %T: %w", into, f.err)
	}
	return nil
}

// newRequest makes the request of a kind; nil if there is none of it.
func newRequest(k kind) any {
	switch k {
	case appendEntries:
		return new(raft.AppendEntriesRequest)
	case requestVote:
		return new(raft.RequestVoteRequest)
	case requestPreVote:
		return new(raft.RequestPreVoteRequest)
	case installSnapshot:
		return new(raft.InstallSnapshotRequest)
	case timeoutNow:
		return new(raft.TimeoutNowRequest)
	case ask:
		return new(Question)
	}
	return nil
}
