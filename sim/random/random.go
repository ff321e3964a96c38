package random

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"time"
)

// Streams derives named streams from a seed. It is a value and draws nothing itself.
type Streams struct {
	seed uint64
}

// New returns the streams of a seed.
func New(seed uint64) Streams { return Streams{seed} }

// Seed is what all streams are derived from.
func (s Streams) Seed() uint64 { return s.seed }

// Stream returns the stream of that name, at its beginning. Streams of different names or seeds have nothing to do with each other.
func (s Streams) Stream(name string) Stream {
	var seed [8]byte
	binary.LittleEndian.PutUint64(seed[:], s.seed)
	hash := sha256.New()
	hash.Write(seed[:])
	hash.Write([]byte(name))
	sum := hash.Sum(nil)
	stream := Stream{}
	for i := range stream.state {
		stream.state[i] = binary.LittleEndian.Uint64(sum[i*8:])
	}
	return stream
}

// Stream is a sequence of random numbers (xoshiro256++, by Blackman and Vigna, 2019). It is plain data: a copy goes on from the same
// place on its own. Not for secrets. Get one from Streams; the zero value yields zeros only.
type Stream struct {
	state [4]uint64
}

// Uint64 returns the next 64 bits.
func (s *Stream) Uint64() uint64 {
	x := &s.state
	result := bits.RotateLeft64(x[0]+x[3], 23) + x[0]
	t := x[1] << 17
	x[2] ^= x[0]
	x[3] ^= x[1]
	x[1] ^= x[2]
	x[0] ^= x[3]
	x[2] ^= t
	x[3] = bits.RotateLeft64(x[3], 45)
	return result
}

// Int64N returns a number in [0, n). It returns 0 when n is not positive.
func (s *Stream) Int64N(n int64) int64 {
	if n <= 0 {
		return 0
	}
	bound := uint64(n)
	high, low := bits.Mul64(s.Uint64(), bound)
	if low < bound { // Lemire's method: reject what would make small numbers likelier
		for threshold := -bound % bound; low < threshold; {
			high, low = bits.Mul64(s.Uint64(), bound)
		}
	}
	return int64(high)
}

// IntN returns a number in [0, n). It returns 0 when n is not positive.
func (s *Stream) IntN(n int) int { return int(s.Int64N(int64(n))) }

// Float64 returns a number in [0, 1).
func (s *Stream) Float64() float64 { return float64(s.Uint64()>>11) / (1 << 53) }

// Chance is true with the given probability. It draws a number even when the answer is certain, so that changing a probability does
// not shift what comes after.
func (s *Stream) Chance(probability float64) bool { return s.Float64() < probability }

// Exponential returns a duration with the given mean, exponentially distributed: the time between events that do not know of each
// other. It uses von Neumann's comparisons (1951) in place of a logarithm, whose last bit differs between processors.
func (s *Stream) Exponential(mean time.Duration) time.Duration {
	for whole := 0.0; ; whole++ {
		first := s.Float64()
		falling := 1 // length of the run of falling numbers that begins with first
		for last, next := first, s.Float64(); next < last; last, next = next, s.Float64() {
			falling++
		}
		if falling%2 == 1 {
			return time.Duration((whole + first) * float64(mean))
		}
	}
}

// Fill writes random bytes into p.
func (s *Stream) Fill(p []byte) {
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, s.Uint64())
		p = p[8:]
	}
	if len(p) > 0 {
		var rest [8]byte
		binary.LittleEndian.PutUint64(rest[:], s.Uint64())
		copy(p, rest[:])
	}
}

// Shuffle puts n things into random order by swapping pairs.
func (s *Stream) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, s.IntN(i+1))
	}
}
