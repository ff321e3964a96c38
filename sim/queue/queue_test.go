package queue_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/sim/queue"
)

func TestEventsComeByTimeThenByPush(t *testing.T) {
	var q queue.Queue
	random := rand.New(rand.NewPCG(1, 2))
	type pushed struct{ at, order int64 }
	var want []pushed
	for i := range int64(2000) {
		at := random.Int64N(300)
		q.Push(at, queue.Event{Arg: uint64(i)})
		want = append(want, pushed{at, i})
	}
	slices.SortStableFunc(want, func(a, b pushed) int { return int(a.at - b.at) })
	for _, w := range want {
		e, ok := q.Pop()
		require.True(t, ok)
		require.Equal(t, w, pushed{e.At, int64(e.Arg)})
		require.Equal(t, w.at, q.Now())
	}
	_, ok := q.Pop()
	require.False(t, ok)
}

func TestDelayCountsFromNow(t *testing.T) {
	var q queue.Queue
	q.Push(100, queue.Event{})
	q.Pop()
	q.Push(50, queue.Event{})
	q.Push(-1, queue.Event{})
	e, _ := q.Peek()
	require.EqualValues(t, 100, e.At, "a negative delay is no delay")
	q.Pop()
	q.Pop()
	require.EqualValues(t, 150, q.Now())
}

func TestAdvanceStopsAtTheNextEvent(t *testing.T) {
	var q queue.Queue
	q.Push(100, queue.Event{})
	q.Advance(70)
	require.EqualValues(t, 70, q.Now())
	q.Advance(200)
	require.EqualValues(t, 100, q.Now())
	q.Advance(20)
	require.EqualValues(t, 100, q.Now(), "time never runs back")
}

func TestCloneIsIndependent(t *testing.T) {
	var q queue.Queue
	q.Push(1, queue.Event{Arg: 1})
	q.Push(2, queue.Event{Arg: 2})
	c := q.Clone()
	q.Pop()
	q.Pop()
	q.Push(5, queue.Event{Arg: 3})
	require.Equal(t, 2, c.Len())
	e, _ := c.Pop()
	require.EqualValues(t, 1, e.Arg)
	require.EqualValues(t, 1, c.Now())
}

func BenchmarkPushPop(b *testing.B) {
	var q queue.Queue
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		q.Push(random.Int64N(1000), queue.Event{})
	}
	for b.Loop() {
		q.Push(random.Int64N(1000), queue.Event{})
		q.Pop()
	}
}
