package sim_test

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/trace"
)

// eventfulRun is a run in which much happens, from faults to files.
func eventfulRun(t *testing.T, seed uint64, out *trace.Writer) *lab {
	l := newLab(t, sim.Options{Seed: seed, Trace: out})
	bootRaft(l, "50ms")
	l.run(8 * time.Second)
	n1, n2, n3 := l.Machine("n1"), l.Machine("n2"), l.Machine("n3")
	n1.Clock().Offset(30 * time.Second)
	require.NoError(t, n2.Clock().Drift(500))
	l.Isolate(n1)
	l.run(2 * time.Second)
	require.NoError(t, n2.Crash())
	l.Heal()
	l.run(2 * time.Second)
	require.NoError(t, n2.Restart())
	require.NoError(t, n3.Kill())
	require.NoError(t, n1.Pause())
	l.run(time.Second)
	require.NoError(t, n1.Resume())
	require.NoError(t, n3.Restart())
	l.run(5 * time.Second)
	return l
}

func TestSameSeedSameRun(t *testing.T) {
	load(t, "raft")
	// Other worlds and busy processors must not matter.
	stop := make(chan struct{})
	var busy sync.WaitGroup
	for range runtime.NumCPU() {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.Gosched()
				}
			}
		})
	}
	seeds := []uint64{7, 7, 8}
	hashes, records := make([]uint64, len(seeds)), make([]uint64, len(seeds))
	t.Run("side by side", func(t *testing.T) {
		for i, seed := range seeds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				l := eventfulRun(t, seed, nil)
				hashes[i], records[i] = l.TraceHash(), l.TraceRecords()
			})
		}
	})
	close(stop)
	busy.Wait()
	require.Greater(t, records[0], uint64(5000))
	require.Equal(t, hashes[0], hashes[1])
	require.Equal(t, records[0], records[1])
	require.NotEqual(t, hashes[0], hashes[2], "another seed, another run")
}

func TestTracesShowWhereRunsPart(t *testing.T) {
	write := func(seed uint64, jump time.Duration) *bytes.Buffer {
		var out bytes.Buffer
		l := newLab(t, sim.Options{Seed: seed, Trace: trace.NewWriter(&out, trace.Full, seed)})
		server := l.boot("server", load(t, "echo"), "-listen", ":7")
		l.boot("client", load(t, "echo"), "-dial", "server:7")
		l.run(1500 * time.Millisecond)
		server.Clock().Jump(jump)
		l.run(time.Second)
		require.NoError(t, l.Close())
		return &out
	}
	same, err := trace.Compare(write(1, time.Second), write(1, time.Second))
	require.NoError(t, err)
	require.Nil(t, same)

	parted, err := trace.Compare(write(1, time.Second), write(1, time.Minute))
	require.NoError(t, err)
	require.Equal(t, 1500*time.Millisecond, parted.At)
	require.Equal(t, "server", parted.Left.Machine)
	require.Equal(t, "jump 1s", parted.Left.Text)
	require.Equal(t, "jump 1m0s", parted.Right.Text)

	seeds, err := trace.Compare(write(1, 0), write(2, 0))
	require.NoError(t, err)
	require.NotNil(t, seeds)
}
