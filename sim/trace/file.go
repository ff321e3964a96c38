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
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Format is the latest version of trace files. Older versions stay readable: in version 1 every record has its index. Files that are not
// compressed are of version 2, which is JSON lines; so are older ones that are compressed with gzip.
const (
	Format      = 3
	linesFormat = 2
)

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

// Writer writes a trace file, a header first, and in the end the hash and the number of all records.
type Writer struct {
	level Level
	out   *bufio.Writer
	next  uint64 // the index that need not be written
	err   error

	json *json.Encoder // of a file of JSON lines

	// Of a compact file.
	file       io.Writer
	compressor *zstd.Encoder
	compact    *compact
	buffer     []byte
	ring       *ring // of a file that holds the end of a trace; it is not there yet then
}

// noIndex has the next record say which it is: a trace may begin in the middle of a run.
const noIndex = math.MaxUint64

// NewWriter begins a trace file of JSON lines.
func NewWriter(w io.Writer, level Level, seed uint64) *Writer {
	writer := &Writer{level: level, out: bufio.NewWriterSize(w, 64<<10), next: noIndex}
	writer.encodeTo(writer.out)
	writer.encode(header{Format: linesFormat, Level: level.String(), Seed: seed})
	return writer
}

// NewCompactWriter begins a trace file of the latest format, which takes a twentieth of the room of JSON lines and a third of the time.
// NewReader reads both.
func NewCompactWriter(w io.Writer, level Level, seed uint64) *Writer {
	writer := &Writer{level: level, next: noIndex, compact: newCompact()}
	writer.compressTo(w)
	writer.encodeTo(writer.out)
	writer.encode(header{Format: Format, Level: level.String(), Seed: seed})
	return writer
}

// compressTo has the file end in a new frame of a compressor.
func (w *Writer) compressTo(file io.Writer) {
	w.file = file
	var err error
	w.compressor, err = zstd.NewWriter(file, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
	w.out = bufio.NewWriterSize(w.compressor, 64<<10)
	w.err = errors.Join(w.err, err)
}

// flush brings all that has been written to the file, in a frame that ends.
func (w *Writer) flush() {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.compressor != nil {
		w.err = errors.Join(w.err, w.compressor.Close())
	}
}

// window is how far back the compressor looks: what most of a trace repeats is near.
const window = 1 << 20

func (w *Writer) encodeTo(out io.Writer) {
	w.json = json.NewEncoder(out)
	w.json.SetEscapeHTML(false)
}

func (w *Writer) encode(value any) {
	if w.err == nil {
		w.err = w.json.Encode(value)
	}
}

func (w *Writer) write(b []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(b)
	}
}

// Continue returns a writer that goes on where this one is, in another file. That file must hold a copy of this one's, as it is when
// Continue has returned, before the writer writes to it. This one goes on, too.
func (w *Writer) Continue(file io.Writer) (*Writer, error) {
	w.flush()
	c := &Writer{level: w.level, next: w.next}
	if w.compact == nil {
		c.out = bufio.NewWriterSize(file, 64<<10)
		c.encodeTo(c.out)
	} else {
		// What has been written ends a frame of the file (RFC 8878, 3); each goes on with the next.
		w.compressor.Reset(w.file)
		c.compact = w.compact.clone()
		if w.ring != nil {
			c.ring = w.ring.clone(file)
			file = c.ring.now
		}
		c.compressTo(file)
	}
	if err := errors.Join(w.err, c.err); err != nil {
		return nil, fmt.Errorf("writing the trace: %w", err)
	}
	return c, nil
}

// Level implements Sink.
func (w *Writer) Level() Level { return w.level }

// Record implements Sink.
func (w *Writer) Record(index uint64, r Record) {
	jump := &index
	if index == w.next {
		jump = nil
	}
	w.next = index + 1
	if w.compact != nil {
		w.buffer = w.compact.append(w.buffer[:0], jump, &r)
		w.write(w.buffer)
		return
	}
	w.encode(lineOf(jump, &r))
}

func lineOf(index *uint64, r *Record) line {
	l := line{At: r.At, Index: index, Kind: r.Kind, Machine: r.Machine, Peer: r.Peer, Number: r.Number, Size: r.Size, Text: r.Text}
	if r.Source.IsValid() {
		l.Source = &r.Source
	}
	if r.Destination.IsValid() {
		l.Destination = &r.Destination
	}
	if r.Sum != 0 {
		l.Sum = FormatHash(r.Sum)
	}
	return l
}

// Mark implements Sink. Files of JSON lines have no marks.
func (w *Writer) Mark(m Mark) {
	if w.ring != nil {
		w.turn(m)
	}
	if w.compact != nil {
		w.buffer = m.append(w.buffer[:0])
		w.write(w.buffer)
	}
}

// Finish ends the file with the hash and number of all records that recorder has seen, and reports the first error there was.
func (w *Writer) Finish(recorder *Recorder) error {
	if w.ring != nil {
		w.unroll()
	}
	if w.compact == nil {
		w.encode(footer{Hash: FormatHash(recorder.Hash()), Records: recorder.Count()})
	} else {
		w.write(append([]byte{footerTag}, Mark{Records: recorder.Count(), Hash: recorder.Hash()}.append(nil)[1:]...))
	}
	w.flush()
	if w.err != nil {
		return fmt.Errorf("writing the trace: %w", w.err)
	}
	return nil
}

// JSON is the record as a line of a file of JSON lines has it, for tools that read those.
func (r *Record) JSON(index uint64) ([]byte, error) { return json.Marshal(lineOf(&index, r)) }

// FormatHash is how hashes are written: 16 hexadecimal digits.
func FormatHash(hash uint64) string { return fmt.Sprintf("%016x", hash) }

// Reader reads a trace file record by record. Close it if it is not read to its end.
type Reader struct {
	json         *json.Decoder  // of a file of JSON lines
	compact      *compactReader // of a compact one
	decompressor *zstd.Decoder
	level        Level
	seed         uint64
	hash         string
	count        uint64
	number       int    // of the line or record
	next         uint64 // the index of the next record, unless it says another
}

// Beginnings of compressed files: gzip (RFC 1952, 2.3.1) and zstd (RFC 8878, 3.1.1).
const (
	gzipMagic = "\x1f\x8b"
	zstdMagic = "\x28\xb5\x2f\xfd"
)

// NewReader reads the header of a trace file of any format, compressed or not.
func NewReader(r io.Reader) (*Reader, error) {
	reader := &Reader{number: 1}
	if err := reader.begin(bufio.NewReaderSize(r, 64<<10)); err != nil {
		reader.Close()
		return nil, fmt.Errorf("trace file: %w", err)
	}
	return reader, nil
}

func (r *Reader) begin(in *bufio.Reader) error {
	magic, _ := in.Peek(len(zstdMagic))
	switch {
	case strings.HasPrefix(string(magic), gzipMagic):
		decompressor, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		in = bufio.NewReaderSize(decompressor, 64<<10)
	case string(magic) == zstdMagic:
		var err error
		if r.decompressor, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1)); err != nil {
			return err
		}
		in = bufio.NewReaderSize(r.decompressor, 64<<10)
	}
	first, err := in.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF) && len(first) > 0:
		err = nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errBrokenOff
	}
	var h header
	if err == nil {
		err = json.Unmarshal(first, &h)
	}
	if err != nil {
		return fmt.Errorf("first line: want a header such as {\"trace_format\":%d,…}: %w", Format, err)
	}
	if h.Format < 1 || h.Format > Format {
		return fmt.Errorf("format %d: this build reads formats 1 to %d", h.Format, Format)
	}
	if r.level, err = ParseLevel(h.Level); err != nil {
		return err
	}
	r.seed = h.Seed
	if h.Format == Format {
		r.compact = &compactReader{compact: *newCompact(), in: in}
	} else {
		r.json = json.NewDecoder(in)
	}
	return nil
}

var errBrokenOff = errors.New("the file ends without its last line, so the run was broken off")

// Close lets go of what the reader holds. The file stays the caller's.
func (r *Reader) Close() {
	if r.decompressor != nil {
		r.decompressor.Close()
	}
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
	read := r.nextLine
	if r.compact != nil {
		read = r.compact.next
	}
	index, record, end, err := read()
	switch {
	case end.Hash != "":
		r.hash, r.count = end.Hash, end.Records
		r.Close()
		return 0, Record{}, io.EOF
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		err = errBrokenOff
		fallthrough
	case err != nil:
		return 0, Record{}, fmt.Errorf("trace file: line %d: %w", r.number, err)
	}
	if index != nil {
		r.next = *index
	}
	r.next++
	return r.next - 1, record, nil
}

// nextLine reads a record, or the footer, of a file of JSON lines.
func (r *Reader) nextLine() (index *uint64, record Record, end footer, err error) {
	var l struct {
		line
		footer
	}
	if err := r.json.Decode(&l); err != nil || l.Hash != "" {
		return nil, record, l.footer, err
	}
	record = Record{At: l.At, Kind: l.Kind, Machine: l.Machine, Peer: l.Peer, Number: l.Number, Size: l.Size, Text: l.Text}
	if l.Source != nil {
		record.Source = *l.Source
	}
	if l.Destination != nil {
		record.Destination = *l.Destination
	}
	if l.Sum != "" {
		if record.Sum, err = strconv.ParseUint(l.Sum, 16, 64); err != nil {
			return nil, record, end, fmt.Errorf("sum %q: want 16 hexadecimal digits", l.Sum)
		}
	}
	return l.Index, record, end, nil
}

// Marks are the hashes on the way that have been read so far; none in a file of JSON lines.
func (r *Reader) Marks() []Mark {
	if r.compact == nil {
		return nil
	}
	return r.compact.marks
}

// Total returns the hash and the number of all records, which the file ends with; only after Next has returned io.EOF.
func (r *Reader) Total() (hash string, records uint64) { return r.hash, r.count }
