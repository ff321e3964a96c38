package trace

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"strconv"
	"time"
)

// Format is the version of trace files that this code writes. Older versions stay readable: in version 1 every record has its index.
const Format = 2

// header is the first line of a trace file.
type header struct {
	Format int    `json:"trace_format"`
	Level  string `json:"level"`
	Seed   uint64 `json:"seed"`
}

// footer is the last line of a trace file.
type footer struct {
	Hash    string `json:"hash"`
	Records uint64 `json:"records"`
}

// line is a record in a trace file.
type line struct {
	At          time.Duration   `json:"t"`
	Index       *uint64         `json:"index,omitempty"` // one more than that of the line before, if missing
	Kind        Kind            `json:"kind"`
	Machine     string          `json:"machine,omitempty"`
	Peer        string          `json:"peer,omitempty"`
	Source      *netip.AddrPort `json:"source,omitempty"`
	Destination *netip.AddrPort `json:"destination,omitempty"`
	Number      int64           `json:"number,omitempty"`
	Size        int64           `json:"size,omitempty"`
	Sum         string          `json:"sum,omitempty"`
	Text        string          `json:"text,omitempty"`
}

// Writer writes a trace file: JSON lines, a header first, and in the end the hash and the number of all records.
type Writer struct {
	level      Level
	out        *bufio.Writer
	compressor *gzip.Writer // nil if the file is not compressed
	file       io.Writer    // what the compressor writes to
	json       *json.Encoder
	next       uint64 // the index that need not be written
	err        error
}

// NewWriter begins a trace file.
func NewWriter(w io.Writer, level Level, seed uint64) *Writer {
	writer := &Writer{level: level, out: bufio.NewWriterSize(w, 64<<10)}
	writer.begin(writer.out, seed)
	return writer
}

// NewCompressedWriter begins a trace file that is compressed with gzip, to about a tenth. NewReader reads it as it reads others.
func NewCompressedWriter(w io.Writer, level Level, seed uint64) *Writer {
	compressor := gzip.NewWriter(w)
	writer := &Writer{level: level, out: bufio.NewWriterSize(compressor, 64<<10), compressor: compressor, file: w}
	writer.begin(writer.out, seed)
	return writer
}

func (w *Writer) begin(out io.Writer, seed uint64) {
	w.encodeTo(out)
	w.encode(header{Format: Format, Level: w.level.String(), Seed: seed})
	// The first record of a trace that begins in the middle of a run says which it is.
	w.next = math.MaxUint64
}

func (w *Writer) encodeTo(out io.Writer) {
	w.json = json.NewEncoder(out)
	w.json.SetEscapeHTML(false)
}

func (w *Writer) encode(value any) {
	if w.err == nil {
		w.err = w.json.Encode(value)
	}
}

// Continue returns a writer that goes on where this one is, in another file. That file must hold a copy of this one's, as it is when Continue
// has returned, before the writer writes to it. This one goes on, too.
func (w *Writer) Continue(file io.Writer) (*Writer, error) {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	c := &Writer{level: w.level, next: w.next}
	if w.compressor == nil {
		c.out = bufio.NewWriterSize(file, 64<<10)
	} else {
		// What has been written ends a member of the file (RFC 1952, 2.2); each goes on with the next.
		if w.err == nil {
			w.err = w.compressor.Close()
		}
		w.compressor.Reset(w.file)
		c.file, c.compressor = file, gzip.NewWriter(file)
		c.out = bufio.NewWriterSize(c.compressor, 64<<10)
	}
	if w.err != nil {
		return nil, fmt.Errorf("writing the trace: %w", w.err)
	}
	c.encodeTo(c.out)
	return c, nil
}

// Level implements Sink.
func (w *Writer) Level() Level { return w.level }

// Record implements Sink.
func (w *Writer) Record(index uint64, r Record) {
	l := line{At: r.At, Kind: r.Kind, Machine: r.Machine, Peer: r.Peer, Number: r.Number, Size: r.Size, Text: r.Text}
	if index != w.next {
		l.Index = &index
	}
	w.next = index + 1
	if r.Source.IsValid() {
		l.Source = &r.Source
	}
	if r.Destination.IsValid() {
		l.Destination = &r.Destination
	}
	if r.Sum != 0 {
		l.Sum = FormatHash(r.Sum)
	}
	w.encode(l)
}

// Finish ends the file with the hash and number of all records that recorder has seen, and reports the first error there was.
func (w *Writer) Finish(recorder *Recorder) error {
	w.encode(footer{Hash: FormatHash(recorder.Hash()), Records: recorder.Count()})
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err == nil && w.compressor != nil {
		w.err = w.compressor.Close()
	}
	if w.err != nil {
		return fmt.Errorf("writing the trace: %w", w.err)
	}
	return nil
}

// FormatHash is how hashes are written: 16 hexadecimal digits.
func FormatHash(hash uint64) string { return fmt.Sprintf("%016x", hash) }

// Reader reads a trace file record by record.
type Reader struct {
	json   *json.Decoder
	level  Level
	seed   uint64
	hash   string
	count  uint64
	number int    // of the line
	next   uint64 // the index of the next record, unless it says another
}

// NewReader reads the header of a trace file, compressed or not.
func NewReader(r io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	reader := &Reader{json: json.NewDecoder(in), number: 1}
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		decompressor, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("trace file: %w", err)
		}
		reader.json = json.NewDecoder(bufio.NewReaderSize(decompressor, 64<<10))
	}
	var h header
	if err := reader.json.Decode(&h); err != nil {
		return nil, fmt.Errorf("trace file: first line: want a header such as {\"trace_format\":%d,…}: %w", Format, err)
	}
	if h.Format < 1 || h.Format > Format {
		return nil, fmt.Errorf("trace file: format %d: this build reads formats 1 to %d", h.Format, Format)
	}
	level, err := ParseLevel(h.Level)
	if err != nil {
		return nil, fmt.Errorf("trace file: %w", err)
	}
	reader.level, reader.seed = level, h.Seed
	return reader, nil
}

// Level is the level that the file was written at.
func (r *Reader) Level() Level { return r.level }

// Seed is the seed of the world that the file is about.
func (r *Reader) Seed() uint64 { return r.seed }

// Next returns the next record with its index among all records; io.EOF after the last one.
func (r *Reader) Next() (uint64, Record, error) {
	if r.hash != "" {
		return 0, Record{}, io.EOF
	}
	r.number++
	var l struct {
		line
		footer
	}
	if err := r.json.Decode(&l); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file ends without its last line, so the run was broken off")
		}
		return 0, Record{}, fmt.Errorf("trace file: line %d: %w", r.number, err)
	}
	if l.Hash != "" {
		r.hash, r.count = l.Hash, l.Records
		return 0, Record{}, io.EOF
	}
	record := Record{At: l.At, Kind: l.Kind, Machine: l.Machine, Peer: l.Peer, Number: l.Number, Size: l.Size, Text: l.Text}
	if l.Source != nil {
		record.Source = *l.Source
	}
	if l.Destination != nil {
		record.Destination = *l.Destination
	}
	if l.Sum != "" {
		sum, err := strconv.ParseUint(l.Sum, 16, 64)
		if err != nil {
			return 0, Record{}, fmt.Errorf("trace file: line %d: sum %q: want 16 hexadecimal digits", r.number, l.Sum)
		}
		record.Sum = sum
	}
	if l.Index != nil {
		r.next = *l.Index
	}
	r.next++
	return r.next - 1, record, nil
}

// Total returns the hash and the number of all records, which the file ends with; only after Next has returned io.EOF.
func (r *Reader) Total() (hash string, records uint64) { return r.hash, r.count }
