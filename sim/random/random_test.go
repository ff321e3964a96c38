package random_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/random"
)

func draw(s random.Stream) [8]uint64 {
	var d [8]uint64
	for i := range d {
		d[i] = s.Uint64()
	}
	return d
}

func TestStreamsDependOnSeedAndNameOnly(t *testing.T) {
	one := random.New(1)
	require.Equal(t, draw(one.Stream("a")), draw(random.New(1).Stream("a")))
	require.NotEqual(t, draw(one.Stream("a")), draw(one.Stream("b")))
	require.NotEqual(t, draw(one.Stream("a")), draw(random.New(2).Stream("a")))
}

func TestSequenceStaysTheSame(t *testing.T) {
	s := random.New(7).Stream("network/n1>n2")
	recorded := []uint64{0x12157ba3bed22b94, 0x83636e1c55f96335, 0x5ddda3247dccdbe0}
	require.Equal(t, recorded, []uint64{s.Uint64(), s.Uint64(), s.Uint64()}, "old seeds would mean other runs")
}

func TestCopyGoesOnAlone(t *testing.T) {
	s := random.New(1).Stream("a")
	s.Uint64()
	c := s
	s.Uint64()
	require.NotEqual(t, s.Uint64(), c.Uint64())
}

func TestRanges(t *testing.T) {
	s := random.New(3).Stream("ranges")
	counts := make([]int, 7)
	var sum time.Duration
	const n = 70_000
	for range n {
		counts[s.Int64N(7)]++
		f := s.Float64()
		require.True(t, 0 <= f && f < 1)
		sum += s.Exponential(time.Second)
	}
	for _, c := range counts {
		require.InDelta(t, n/7, c, n/7*0.05)
	}
	require.InDelta(t, time.Second, sum/n, float64(20*time.Millisecond))
	require.Zero(t, s.Int64N(0))
	require.Zero(t, s.Int64N(-4))
}

func TestFillUsesEveryByte(t *testing.T) {
	s := random.New(3).Stream("fill")
	var seen [13]byte
	for range 50 {
		var p [13]byte
		s.Fill(p[:])
		for i := range p {
			seen[i] |= p[i]
		}
	}
	for i, b := range seen {
		require.NotZero(t, b, "byte %d", i)
	}
}

func TestChanceDrawsAlways(t *testing.T) {
	a := random.New(3).Stream("chance")
	b := a
	require.False(t, a.Chance(0))
	require.True(t, b.Chance(1))
	require.Equal(t, a, b)
}

func TestShuffleKeepsAll(t *testing.T) {
	s := random.New(3).Stream("shuffle")
	p := []int{0, 1, 2, 3, 4, 5, 6, 7}
	s.Shuffle(len(p), func(i, j int) { p[i], p[j] = p[j], p[i] })
	require.ElementsMatch(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, p)
	require.NotEqual(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, p)
}
