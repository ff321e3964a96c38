package trace

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Record is one thing that happened. What a field means beyond this, its kind says; fields that say nothing are zero.
type Record struct {
	At          time.Duration // true time since the world began
	Kind        Kind
	Machine     string
	Peer        string // the other machine
	Source      netip.AddrPort
	Destination netip.AddrPort
	Number      int64
	Size        int64 // in bytes
	Sum         uint64
	Text        string
	// Content is what was sent or written. It goes into the hash and, as Sum, into files.
	Content []byte
}

// Recorder hashes records as they come and hands them to a sink. It is plain data, apart from the sink: a copy goes on on its own.
type Recorder struct {
	hash   xxhash.Digest
	count  uint64
	marked time.Duration // when the last mark was
	buffer []byte
	sink   Sink
}

// markEvery is how much time lies between two marks of a trace.
const markEvery = 10 * time.Second

// Sink receives the records of a level.
type Sink interface {
	// Level is how much the sink wants.
	Level() Level
	// Record takes a record and its index among all records.
	Record(index uint64, r Record)
	// Mark takes the hash of all records before a moment. Marks come at the first record after each markEvery.
	Mark(m Mark)
}

// NewRecorder returns a recorder that passes records on to sink, or to nobody if sink is nil.
func NewRecorder(sink Sink) Recorder {
	r := Recorder{sink: sink}
	r.hash.Reset()
	return r
}

// Clone returns a recorder that has seen the same records and passes its own on to sink.
func (r *Recorder) Clone(sink Sink) Recorder {
	c := *r
	c.buffer, c.sink = nil, sink
	return c
}

// Hash is the hash of all records so far.
func (r *Recorder) Hash() uint64 { return r.hash.Sum64() }

// Count is the number of records so far.
func (r *Recorder) Count() uint64 { return r.count }

// Add takes a record.
func (r *Recorder) Add(record Record) {
	if record.At >= r.marked+markEvery {
		r.marked = record.At / markEvery * markEvery
		if r.sink != nil {
			r.sink.Mark(Mark{At: r.marked, Records: r.count, Hash: r.hash.Sum64()})
		}
	}
	r.buffer = record.append(r.buffer[:0])
	r.hash.Write(r.buffer)
	r.hash.Write(record.Content)
	if r.sink != nil && record.Kind.Level() <= r.sink.Level() {
		if len(record.Content) > 0 {
			record.Sum = xxhash.Sum64(record.Content)
		}
		r.sink.Record(r.count, record)
	}
	r.count++
}

// append writes the record's canonical form, which is what is hashed: fields of fixed width, and strings after their lengths.
func (r *Record) append(b []byte) []byte {
	b = append(b, byte(r.Kind))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.At))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Number))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Size))
	b = binary.LittleEndian.AppendUint64(b, r.Sum)
	b = appendAddress(b, r.Source)
	b = appendAddress(b, r.Destination)
	b = appendString(b, r.Machine)
	b = appendString(b, r.Peer)
	b = appendString(b, r.Text)
	return binary.LittleEndian.AppendUint32(b, uint32(len(r.Content)))
}

func appendAddress(b []byte, a netip.AddrPort) []byte {
	if !a.IsValid() {
		return append(b, 0)
	}
	b = append(b, 1)
	address := a.Addr().As16()
	b = append(b, address[:]...)
	return binary.LittleEndian.AppendUint16(b, a.Port())
}

func appendString(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}
