package reports

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRankSumIsExact(t *testing.T) {
	for name, c := range map[string]struct {
		baseline, current []float64
		want              float64
	}{
		"one against one":                {[]float64{1}, []float64{2}, 1.0 / 2},
		"three against three, all above": {[]float64{1, 2, 3}, []float64{4, 5, 6}, 1.0 / 20},
		"three against three, all below": {[]float64{4, 5, 6}, []float64{1, 2, 3}, 1},
		"two of three above":             {[]float64{1, 2, 4}, []float64{3, 5, 6}, 2.0 / 20},
		"all equal":                      {[]float64{1, 1, 1}, []float64{1, 1, 1}, 1},
		"ties":                           {[]float64{0, 0, 1}, []float64{0, 1, 1}, 10.0 / 20},
		"nothing to compare with":        {nil, []float64{1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			require.InDelta(t, c.want, rankSum(c.baseline, c.current), 1e-12)
		})
	}
}

func TestRankSumCountsEveryDivision(t *testing.T) {
	// Against plain enumeration, with ties.
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		pooled := make([]float64, 8)
		for i := range pooled {
			pooled[i] = float64(random.IntN(5))
		}
		n := 2 + random.IntN(5)
		ranks, _ := doubledRanks(pooled[:n], pooled[n:])
		observed := 0
		for _, rank := range ranks[n:] {
			observed += rank
		}
		reaching, all := 0.0, 0.0
		for chosen := range 1 << len(pooled) {
			sum, size := 0, 0
			for i, rank := range ranks {
				if chosen>>i&1 == 1 {
					sum += rank
					size++
				}
			}
			if size == len(pooled)-n {
				all++
				if sum >= observed {
					reaching++
				}
			}
		}
		require.InDelta(t, reaching/all, rankSum(pooled[:n], pooled[n:]), 1e-12)
	}
}

func TestTheApproximationMeetsTheExactTest(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, shift := range []float64{-0.5, 0, 0.3, 0.8} {
		var baseline, current []float64
		for range exactLimit / 2 {
			baseline = append(baseline, math.Round(random.NormFloat64()*5)/5)
			current = append(current, math.Round((random.NormFloat64()+shift)*5)/5)
		}
		exact := rankSum(baseline, current)
		require.InDelta(t, exact, approximateRankSum(baseline, current), 0.01)
	}
}

func TestHolm(t *testing.T) {
	require.Equal(t, []bool{true, false, true}, holm([]float64{0.01, 0.06, 0.02}, 0.05))
	require.Equal(t, []bool{true, true, true}, holm([]float64{0.01, 0.04, 0.02}, 0.05))
	require.Equal(t, []bool{false, false}, holm([]float64{0.03, 0.04}, 0.05), "the first to fail ends it")
}

func TestSpread(t *testing.T) {
	require.Equal(t, spread{1, 2, 9}, spreadOf([]float64{9, 1, 2}))
	require.Equal(t, spread{1, 2.5, 9}, spreadOf([]float64{9, 1, 2, 3}))
	require.True(t, math.IsNaN(spreadOf(nil).median))
}

func TestSeedList(t *testing.T) {
	require.Equal(t, "1-3, 7, 8, 42", seedList([]uint64{3, 1, 2, 42, 7, 8, 8}))
}
