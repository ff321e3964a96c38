package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/clock"
)

const second = int64(time.Second)

func TestTrueClock(t *testing.T) {
	c := clock.New(5 * second)
	require.Zero(t, c.Skew(9*second))
	require.Equal(t, clock.Epoch.UnixNano()+9*second, c.Wall(9*second))
	require.Equal(t, 5*second, c.Mono(9*second), "one second at its start, and four that passed")
	require.Equal(t, 9*second, c.WhenMono(7*second, 5*second))
	require.Equal(t, 7*second, c.WhenMono(7*second, 1), "what has passed is now")
}

func TestWallClockIsSetAndJumps(t *testing.T) {
	c := clock.New(0)
	mono := c.Mono(10 * second)
	c.SetSkew(10*second, 40*time.Second)
	c.Jump(10*second, -time.Second)
	require.Equal(t, 39*time.Second, c.Skew(12*second))
	require.Equal(t, mono, c.Mono(10*second), "the monotonic clock does not jump")
	c.SetSkew(20*second, time.Second)
	require.Equal(t, time.Second, c.Skew(20*second), "a skew is set, not added")
}

func TestFrozenWallClock(t *testing.T) {
	c := clock.New(0)
	c.Freeze(10 * second)
	require.True(t, c.Frozen())
	require.Equal(t, -5*time.Second, c.Skew(15*second))
	require.Equal(t, 16*second, c.Mono(15*second))
	c.Jump(15*second, time.Second)
	require.Equal(t, -9*time.Second, c.Skew(20*second), "it can be set nevertheless")
	c.Unfreeze(20 * second)
	require.Equal(t, -9*time.Second, c.Skew(30*second))
	c.Freeze(30 * second)
	c.Reset(40 * second)
	require.False(t, c.Frozen())
	require.Zero(t, c.Skew(50*second))
}

func TestStrobe(t *testing.T) {
	c := clock.New(0)
	require.NoError(t, c.Strobe(10*second, -time.Minute, 2*time.Second))
	for at, want := range map[int64]time.Duration{10: -time.Minute, 11: -time.Minute, 12: 0, 13: 0, 14: -time.Minute} {
		require.Equal(t, want, c.Skew(at*second), "at %d s", at)
	}
	require.NoError(t, c.SetDrift(14*second, 1e6))
	require.Equal(t, time.Second-time.Minute, c.Skew(15*second), "what it adds is not taken for what it shows")
	require.ErrorContains(t, c.Strobe(15*second, 1, -1), "longer than nothing")
	require.NoError(t, c.Strobe(15*second, 0, 0))
	require.Equal(t, time.Second, c.Skew(15*second))
}

func TestDriftDrivesBothClocks(t *testing.T) {
	for _, ppm := range []float64{-999_999, -500, -0.5, 200, 1e6} {
		c := clock.New(0)
		require.NoError(t, c.SetDrift(10*second, ppm))
		before := c.Mono(10 * second)
		const passed = 1000 * second
		gained := int64(ppm * 1e-6 * float64(passed))
		require.InDelta(t, gained, int64(c.Skew(10*second+passed)), 2)
		require.InDelta(t, passed+gained, c.Mono(10*second+passed)-before, 2)
		require.Equal(t, ppm, c.Drift())

		c.Reset(10*second + passed)
		require.Zero(t, c.Skew(2000*second))
		require.InDelta(t, before+passed+gained+10*second, c.Mono(20*second+passed), 2)
	}
}

func TestWhenMonoIsTheFirstMoment(t *testing.T) {
	for _, ppm := range []float64{-999_000, -333.333, 0, 77.7, 1e6} {
		c := clock.New(0)
		require.NoError(t, c.SetDrift(second, ppm))
		for _, ahead := range []int64{1, 2, 999, 1_000_003, 77 * second} {
			want := c.Mono(3*second) + ahead
			at := c.WhenMono(3*second, want)
			require.GreaterOrEqual(t, c.Mono(at), want, "%v ppm, %d ahead", ppm, ahead)
			require.Less(t, c.Mono(at-1), want, "%v ppm, %d ahead", ppm, ahead)
		}
	}
}

func TestStoppedClock(t *testing.T) {
	c := clock.New(0)
	require.NoError(t, c.SetDrift(second, clock.SlowestDrift))
	require.Equal(t, c.Mono(second), c.Mono(100*second))
	require.Equal(t, clock.Never, c.WhenMono(2*second, c.Mono(2*second)+1))
}

func TestDriftOutOfRange(t *testing.T) {
	c := clock.New(0)
	for _, ppm := range []float64{-1e6 - 1, 1e6 + 1} {
		require.ErrorContains(t, c.SetDrift(0, ppm), "want -1000000")
	}
}

func TestRebootKeepsTheWallClock(t *testing.T) {
	c := clock.New(0)
	c.SetSkew(0, time.Minute)
	c.Reboot(50 * second)
	require.Equal(t, time.Minute, c.Skew(50*second))
	require.Equal(t, second, c.Mono(50*second))
}
