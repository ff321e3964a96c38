package trace

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// Format 3 is binary, and compressed with zstd. After the header, which is a line of JSON, comes for each record:
//
//	a byte: its kind and one; footerTag ends the file, markTag begins a mark, resetTag a piece that stands on its own (see ring)
//	a byte: which of its fields follow
//	the time since the record before, and the fields in the order of the flags
//
// Numbers are varints; a record's number is the difference to the last one of that kind and machine, since most of them count. Names,
// addresses and sums of contents are numbers of places in tables (see table), since they come again and again.

// Tags that are no kinds. A kind's tag is one more than its number.
const (
	footerTag = 0
	markTag   = 255
)

// Flags of a record: what follows.
const (
	hasIndex = 1 << iota // it is not one more than that of the record before
	hasPeer
	hasSource
	hasDestination
	hasNumber
	hasSize
	hasSum
	hasText
)

// Mark is the hash of all records before a moment, so that the stretch in which two long runs part is found without all records of them.
type Mark struct {
	At      time.Duration
	Records uint64 // before it
	Hash    uint64
}

// table gives values numbers when they come for the first time. When it is full it begins anew, at the same value for writer and reader.
type table[K comparable] struct {
	most   int
	places map[K]uint64 // the writer's
	values []K          // the reader's
}

// Sizes of tables.
const (
	mostNames     = 1 << 12
	mostAddresses = 1 << 12
	mostSums      = 1 << 8
)

func newTable[K comparable](most int) table[K] { return table[K]{most: most, places: map[K]uint64{}} }

func (t *table[K]) clone() table[K] {
	return table[K]{most: t.most, places: maps.Clone(t.places), values: slices.Clone(t.values)}
}

// place returns a value's number, from 1; 0 for one that is new, which must be written out.
func (t *table[K]) place(value K) uint64 {
	if place, known := t.places[value]; known {
		return place
	}
	if len(t.places) == t.most {
		clear(t.places)
	}
	t.places[value] = uint64(len(t.places)) + 1
	return 0
}

// add is told of a new value that was read.
func (t *table[K]) add(value K) {
	if len(t.values) == t.most {
		t.values = t.values[:0]
	}
	t.values = append(t.values, value)
}

func (t *table[K]) value(place uint64) (value K, err error) {
	if place > uint64(len(t.values)) {
		return value, errors.New("it refers to something that was not there before: the file is damaged")
	}
	return t.values[place-1], nil
}

// counted is what a record's number counts.
type counted struct {
	kind    Kind
	machine string
}

// compact is what writer and reader of format 3 remember of the records before.
type compact struct {
	at        time.Duration
	names     table[string]
	addresses table[netip.AddrPort]
	sums      table[uint64]
	numbers   map[counted]int64
}

func newCompact() *compact {
	return &compact{
		names: newTable[string](mostNames), addresses: newTable[netip.AddrPort](mostAddresses), sums: newTable[uint64](mostSums),
		numbers: map[counted]int64{},
	}
}

func (c *compact) clone() *compact {
	return &compact{at: c.at, names: c.names.clone(), addresses: c.addresses.clone(), sums: c.sums.clone(), numbers: maps.Clone(c.numbers)}
}

// append writes a record. index is nil if it is one more than that of the last record.
func (c *compact) append(b []byte, index *uint64, r *Record) []byte {
	of := counted{r.Kind, r.Machine}
	step := r.Number - c.numbers[of]
	flags := byte(0)
	set := func(flag byte, there bool) {
		if there {
			flags |= flag
		}
	}
	set(hasIndex, index != nil)
	set(hasPeer, r.Peer != "")
	set(hasSource, r.Source.IsValid())
	set(hasDestination, r.Destination.IsValid())
	set(hasNumber, step != 0)
	set(hasSize, r.Size != 0)
	set(hasSum, r.Sum != 0)
	set(hasText, r.Text != "")
	b = append(b, byte(r.Kind)+1, flags)
	b = binary.AppendVarint(b, int64(r.At-c.at))
	c.at = r.At
	if index != nil {
		b = binary.AppendUvarint(b, *index)
	}
	b = c.appendName(b, r.Machine)
	if r.Peer != "" {
		b = c.appendName(b, r.Peer)
	}
	if r.Source.IsValid() {
		b = c.appendAddress(b, r.Source)
	}
	if r.Destination.IsValid() {
		b = c.appendAddress(b, r.Destination)
	}
	if step != 0 {
		b = binary.AppendVarint(b, step)
		c.numbers[of] = r.Number
	}
	if r.Size != 0 {
		b = binary.AppendVarint(b, r.Size)
	}
	if r.Sum != 0 {
		place := c.sums.place(r.Sum)
		b = binary.AppendUvarint(b, place)
		if place == 0 {
			b = binary.LittleEndian.AppendUint64(b, r.Sum)
		}
	}
	if r.Text != "" {
		b = appendText(b, r.Text)
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func (c *compact) appendName(b []byte, name string) []byte {
	place := c.names.place(name)
	b = binary.AppendUvarint(b, place)
	if place == 0 {
		b = appendText(b, name)
	}
	return b
}

func (c *compact) appendAddress(b []byte, address netip.AddrPort) []byte {
	place := c.addresses.place(address)
	b = binary.AppendUvarint(b, place)
	if place == 0 {
		// It is valid, so this cannot fail.
		text, _ := address.MarshalBinary()
		b = appendText(b, string(text))
	}
	return b
}

func (m Mark) append(b []byte) []byte {
	b = append(b, markTag)
	b = binary.AppendUvarint(b, uint64(m.At))
	b = binary.AppendUvarint(b, m.Records)
	return binary.LittleEndian.AppendUint64(b, m.Hash)
}

// longestText is how long a text may be that is read. Programs' lines are cut at a megabyte.
const longestText = 16 << 20

// compactReader reads the records of format 3.
type compactReader struct {
	compact
	in    *bufio.Reader
	marks []Mark
}

// next reads a record; index is nil if it is one more than that of the last one. At the end it returns the footer and io.EOF.
func (c *compactReader) next() (index *uint64, r Record, end footer, err error) {
	for {
		tag, err := c.in.ReadByte()
		if err != nil {
			return nil, r, end, err
		}
		switch {
		case tag == footerTag:
			m, err := c.mark()
			if err != nil {
				return nil, r, end, err
			}
			return nil, r, footer{Hash: FormatHash(m.Hash), Records: m.Records}, io.EOF
		case tag == resetTag:
			c.compact = *newCompact()
		case tag == markTag:
			m, err := c.mark()
			if err != nil {
				return nil, r, end, err
			}
			c.marks = append(c.marks, m)
		case Kind(tag-1) >= kinds:
			return nil, r, end, fmt.Errorf("trace record of unknown kind %d", tag-1)
		default:
			index, r, err = c.record(Kind(tag - 1))
			return index, r, end, err
		}
	}
}

func (c *compactReader) mark() (m Mark, err error) {
	at, err := binary.ReadUvarint(c.in)
	if err != nil {
		return m, err
	}
	m.At = time.Duration(at)
	if m.Records, err = binary.ReadUvarint(c.in); err != nil {
		return m, err
	}
	m.Hash, err = c.fixed()
	return m, err
}

func (c *compactReader) fixed() (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(c.in, b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

func (c *compactReader) record(kind Kind) (index *uint64, r Record, err error) {
	flags, err := c.in.ReadByte()
	if err != nil {
		return nil, r, err
	}
	step, err := binary.ReadVarint(c.in)
	if err != nil {
		return nil, r, err
	}
	c.at += time.Duration(step)
	r.Kind, r.At = kind, c.at
	if flags&hasIndex != 0 {
		jump, err := binary.ReadUvarint(c.in)
		if err != nil {
			return nil, r, err
		}
		index = &jump
	}
	if r.Machine, err = c.name(); err != nil {
		return nil, r, err
	}
	if flags&hasPeer != 0 {
		if r.Peer, err = c.name(); err != nil {
			return nil, r, err
		}
	}
	if flags&hasSource != 0 {
		if r.Source, err = c.address(); err != nil {
			return nil, r, err
		}
	}
	if flags&hasDestination != 0 {
		if r.Destination, err = c.address(); err != nil {
			return nil, r, err
		}
	}
	if r.Number, err = c.number(flags, counted{kind, r.Machine}); err != nil {
		return nil, r, err
	}
	if flags&hasSize != 0 {
		if r.Size, err = binary.ReadVarint(c.in); err != nil {
			return nil, r, err
		}
	}
	if flags&hasSum != 0 {
		if r.Sum, err = c.sum(); err != nil {
			return nil, r, err
		}
	}
	if flags&hasText != 0 {
		r.Text, err = c.text()
	}
	return index, r, err
}

func (c *compactReader) number(flags byte, of counted) (int64, error) {
	if flags&hasNumber == 0 {
		return c.numbers[of], nil
	}
	step, err := binary.ReadVarint(c.in)
	c.numbers[of] += step
	return c.numbers[of], err
}

func (c *compactReader) text() (string, error) {
	size, err := binary.ReadUvarint(c.in)
	if err != nil {
		return "", err
	}
	if size > longestText {
		return "", fmt.Errorf("a text of %d bytes: the file is damaged", size)
	}
	text := make([]byte, size)
	_, err = io.ReadFull(c.in, text)
	return string(text), err
}

func (c *compactReader) name() (string, error) {
	place, err := binary.ReadUvarint(c.in)
	if err != nil {
		return "", err
	}
	if place > 0 {
		return c.names.value(place)
	}
	name, err := c.text()
	c.names.add(name)
	return name, err
}

func (c *compactReader) address() (address netip.AddrPort, err error) {
	place, err := binary.ReadUvarint(c.in)
	if err != nil {
		return address, err
	}
	if place > 0 {
		return c.addresses.value(place)
	}
	text, err := c.text()
	if err != nil {
		return address, err
	}
	err = address.UnmarshalBinary([]byte(text))
	c.addresses.add(address)
	return address, err
}

func (c *compactReader) sum() (uint64, error) {
	place, err := binary.ReadUvarint(c.in)
	if err != nil {
		return 0, err
	}
	if place > 0 {
		return c.sums.value(place)
	}
	sum, err := c.fixed()
	c.sums.add(sum)
	return sum, err
}
