package trace

import (
	"bytes"
	"io"
	"slices"
	"time"
)

// resetTag begins a piece of a compact file that refers to nothing before it.
const resetTag = 254

// pieces is into how many pieces a ring divides what it keeps. It drops whole ones.
const pieces = 8

// ring keeps the end of a trace in memory, in pieces that stand on their own, until the file is finished. Of each piece that it dropped, it
// keeps the hash of all records before it.
type ring struct {
	keep    time.Duration
	to      io.Writer
	seed    uint64
	dropped []Mark
	older   []piece
	now     *bytes.Buffer // the present piece
	begin   Mark
}

type piece struct {
	begin   Mark
	content []byte
}

// NewRingWriter begins a compact trace file of the last stretch of a run, which may take years: records are kept for so long at least, in
// memory, and written by Finish. The hashes of the whole trace at the beginnings of the pieces that were dropped are there, too
// (Reader.Marks).
func NewRingWriter(w io.Writer, level Level, seed uint64, keep time.Duration) *Writer {
	writer := &Writer{level: level, ring: &ring{keep: keep, to: w, seed: seed}}
	writer.beginPiece(Mark{})
	return writer
}

// beginPiece has the records to come stand in a piece of their own.
func (w *Writer) beginPiece(m Mark) {
	w.ring.begin, w.ring.now = m, new(bytes.Buffer)
	w.compact = newCompact()
	w.next = noIndex
	w.compressTo(w.ring.now)
	w.write([]byte{resetTag})
}

// endPiece ends the present piece.
func (w *Writer) endPiece() {
	w.flush()
	w.ring.older = append(w.ring.older, piece{w.ring.begin, w.ring.now.Bytes()})
}

// turn begins a new piece if it is time to, and drops those that are too old.
func (w *Writer) turn(m Mark) {
	if m.At < w.ring.begin.At+w.ring.keep/pieces {
		return
	}
	w.endPiece()
	for len(w.ring.older) > 1 && w.ring.older[1].begin.At <= m.At-w.ring.keep {
		w.ring.dropped = append(w.ring.dropped, w.ring.older[0].begin)
		w.ring.older = slices.Delete(w.ring.older, 0, 1)
	}
	w.beginPiece(m)
}

// unroll writes what the ring has kept, and goes on with the file behind it.
func (w *Writer) unroll() {
	w.endPiece()
	kept := w.ring
	w.ring = nil
	w.compressTo(kept.to)
	w.encodeTo(w.out)
	w.encode(header{Format: Format, Level: w.level.String(), Seed: kept.seed})
	for _, m := range kept.dropped {
		w.write(m.append(nil))
	}
	w.flush()
	for _, p := range kept.older {
		if w.err == nil {
			_, w.err = kept.to.Write(p.content)
		}
	}
	w.compressor.Reset(kept.to)
}

// clone returns a ring that holds the same, whose present piece is to go on.
func (r *ring) clone(to io.Writer) *ring {
	c := *r
	c.to, c.dropped, c.older = to, slices.Clone(r.dropped), slices.Clone(r.older)
	c.now = bytes.NewBuffer(slices.Clone(r.now.Bytes()))
	return &c
}
