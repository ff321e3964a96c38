package trace

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Difference is where two traces part.
type Difference struct {
	// Index is that of the first record that differs, among all records of its run.
	Index uint64
	At    time.Duration
	// Left and Right are what each side has there; nil for a side that has ended.
	Left, Right *Record
	// LeftIndex and RightIndex differ from each other if there was more, which the files do not hold, on one side than on the other.
	LeftIndex, RightIndex uint64
	// Before are the last records that both sides have, the newest last; LeftAfter and RightAfter follow on each side.
	Before, LeftAfter, RightAfter []Record
	// LeftHash and RightHash are the hashes of the whole traces. They are only known, and the only difference, if the records that were
	// written out are all the same.
	LeftHash, RightHash string
}

// How many records of what came before and after are kept.
const (
	recordsBefore = 5
	recordsAfter  = 3
)

// String tells a person what differs.
func (d *Difference) String() string {
	if d.Left == nil && d.Right == nil {
		return fmt.Sprintf("the records written out are the same, but the hashes over all records differ: %s and %s; compare full traces", d.LeftHash, d.RightHash)
	}
	return fmt.Sprintf("the traces part at record %d:\n  %s\n  %s", d.Index, d.Left, d.Right)
}

// Fields names what is not the same in the two records; nothing if a side has ended.
func (d *Difference) Fields() []string {
	if d.Left == nil || d.Right == nil {
		return nil
	}
	l, r := d.Left, d.Right
	var fields []string
	for _, field := range []struct {
		name    string
		differs bool
	}{
		{"time", l.At != r.At}, {"machine", l.Machine != r.Machine}, {"kind", l.Kind != r.Kind}, {"peer", l.Peer != r.Peer},
		{"source", l.Source != r.Source}, {"destination", l.Destination != r.Destination}, {"number", l.Number != r.Number},
		{"size", l.Size != r.Size}, {"content", l.Sum != r.Sum}, {"text", l.Text != r.Text},
	} {
		if field.differs {
			fields = append(fields, field.name)
		}
	}
	return fields
}

// String is the record in one line.
func (r *Record) String() string {
	if r == nil {
		return "(nothing: this run has ended)"
	}
	s := fmt.Sprintf("%v %s %s", r.At, r.Machine, r.Kind)
	if r.Peer != "" {
		s += " " + r.Peer
	}
	if r.Source.IsValid() || r.Destination.IsValid() {
		s += fmt.Sprintf(" %s>%s", r.Source, r.Destination)
	}
	if r.Number != 0 {
		s += fmt.Sprintf(" number=%d", r.Number)
	}
	if r.Size != 0 || r.Sum != 0 {
		s += fmt.Sprintf(" size=%d sum=%s", r.Size, FormatHash(r.Sum))
	}
	if r.Text != "" {
		s += fmt.Sprintf(" %q", r.Text)
	}
	return s
}

// side is one of two traces that are compared.
type side struct {
	name   string
	reader *Reader
	index  uint64
	record *Record // nil: it has ended
}

func (s *side) next() error {
	index, record, err := s.reader.Next()
	switch {
	case errors.Is(err, io.EOF):
		s.record = nil
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.index, s.record = index, &record
	return nil
}

// rest reads some records on. A file that is broken after the difference is good enough.
func (s *side) rest() []Record {
	var records []Record
	for len(records) < recordsAfter && s.record != nil && s.next() == nil && s.record != nil {
		records = append(records, *s.record)
	}
	return records
}

// Compare reads two trace files and returns the first difference, or nil if there is none. Both must be of the same level.
func Compare(left, right io.Reader) (*Difference, error) {
	l, r := &side{name: "left"}, &side{name: "right"}
	var err error
	if l.reader, err = NewReader(left); err != nil {
		return nil, fmt.Errorf("left: %w", err)
	}
	if r.reader, err = NewReader(right); err != nil {
		return nil, fmt.Errorf("right: %w", err)
	}
	if l.reader.Level() != r.reader.Level() {
		return nil, fmt.Errorf("cannot compare traces of different levels, %s and %s: write both at level full", l.reader.Level(), r.reader.Level())
	}
	var before []Record
	for {
		if err := errors.Join(l.next(), r.next()); err != nil {
			return nil, err
		}
		if l.record == nil && r.record == nil {
			leftHash, _ := l.reader.Total()
			rightHash, _ := r.reader.Total()
			if leftHash != rightHash {
				return &Difference{LeftHash: leftHash, RightHash: rightHash, Before: before}, nil
			}
			return nil, nil
		}
		if l.record == nil || r.record == nil || l.index != r.index || !same(l.record, r.record) {
			return part(before, l, r), nil
		}
		if len(before) == recordsBefore {
			before = before[:copy(before, before[1:])]
		}
		before = append(before, *l.record)
	}
}

// part describes where two sides part that stand at records that differ.
func part(before []Record, l, r *side) *Difference {
	d := &Difference{Left: l.record, Right: r.record, LeftIndex: l.index, RightIndex: r.index, Before: before}
	switch {
	case l.record == nil:
		d.Index, d.At = r.index, r.record.At
	case r.record == nil:
		d.Index, d.At = l.index, l.record.At
	default:
		d.Index, d.At = min(l.index, r.index), min(l.record.At, r.record.At)
	}
	d.LeftAfter, d.RightAfter = l.rest(), r.rest()
	return d
}

// Explain tells a person at length where two runs part: what both did before, what each does then, and what is not the same.
func (d *Difference) Explain(left, right string) string {
	var s strings.Builder
	if len(d.Before) > 0 {
		s.WriteString("Both:\n")
		lines(&s, d.Before)
	}
	if d.Left == nil && d.Right == nil {
		fmt.Fprintf(&s, "All records that were written out are the same, but not the hashes over all records: %s and %s.\n%s", d.LeftHash, d.RightHash, writeFull)
		return s.String()
	}
	fmt.Fprintf(&s, "Then, %v after the world began, they part at record %d.\n", d.At, d.Index)
	for _, each := range []struct {
		name   string
		record *Record
		other  *Record
		after  []Record
	}{{left, d.Left, d.Right, d.LeftAfter}, {right, d.Right, d.Left, d.RightAfter}} {
		fmt.Fprintf(&s, "%s:\n", each.name)
		if each.record == nil {
			s.WriteString("  has ended\n")
			continue
		}
		s.WriteString("  " + each.record.table(apart(each.record, each.other)) + "\n")
		lines(&s, each.after)
	}
	if d.Left != nil && d.Right != nil && d.LeftIndex != d.RightIndex {
		fmt.Fprintf(&s, "These are record %d on the left and %d on the right, so something else happened before.\n%s", d.LeftIndex, d.RightIndex, writeFull)
	} else if fields := d.Fields(); len(fields) > 0 {
		fmt.Fprintf(&s, "The two records differ in: %s.\n", strings.Join(fields, ", "))
	}
	return s.String()
}

const writeFull = "What it was, only full traces tell: make both runs again with --trace full.\n"

func lines(s *strings.Builder, records []Record) {
	for _, r := range records {
		s.WriteString("  " + r.table(clipped(r.Describe())) + "\n")
	}
}

// Line is the record with time and machine, for a table.
func (r *Record) Line() string { return r.table(r.Describe()) }

func (r *Record) table(what string) string {
	return fmt.Sprintf("%14.9fs  %-8s  %s", r.At.Seconds(), r.Machine, what)
}

// How many letters of a record an explanation shows, and how many of those around what differs in a longer one.
const (
	lettersShown  = 160
	lettersAround = 40
)

// apart describes a record that is not the same as another. Of a long description that begins or ends as the other's does, it shows what
// differs, between >> and <<, with a bit of what is around.
func apart(r, other *Record) string {
	text := []rune(r.Describe())
	if other == nil || len(text) <= lettersShown {
		return clipped(string(text))
	}
	than := []rune(other.Describe())
	begin, end := 0, 0
	for begin < min(len(text), len(than)) && text[begin] == than[begin] {
		begin++
	}
	for end < min(len(text), len(than))-begin && text[len(text)-1-end] == than[len(than)-1-end] {
		end++
	}
	if begin+end == 0 || string(text) == string(than) {
		return clipped(string(text))
	}
	before, after := text[:begin], text[len(text)-end:]
	var s strings.Builder
	if len(before) > lettersAround {
		s.WriteString("… ")
		before = before[len(before)-lettersAround:]
	}
	s.WriteString(string(before) + ">>" + clipped(string(text[begin:len(text)-end])) + "<<")
	if len(after) > lettersAround {
		s.WriteString(string(after[:lettersAround]) + " …")
	} else {
		s.WriteString(string(after))
	}
	return s.String()
}

// clipped is the beginning of a long text.
func clipped(text string) string {
	letters := []rune(text)
	if len(letters) <= lettersShown {
		return text
	}
	return string(letters[:lettersShown]) + " …"
}

// same compares what files hold of two records.
func same(a, b *Record) bool {
	return a.At == b.At && a.Kind == b.Kind && a.Machine == b.Machine && a.Peer == b.Peer && a.Source == b.Source &&
		a.Destination == b.Destination && a.Number == b.Number && a.Size == b.Size && a.Sum == b.Sum && a.Text == b.Text
}
