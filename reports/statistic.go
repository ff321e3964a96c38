package reports

import (
	"math"
	"sort"
)

// exactLimit is the number of values of both samples together up to which rankSum counts exactly.
const exactLimit = 60

// rankSum answers: if the baseline and the current values came from one distribution, how probable would it be that the current
// ones rank so high, or higher, by chance? It is the one-sided Wilcoxon-Mann-Whitney test. Up to exactLimit values it is exact,
// ties included: every way of dividing the pooled values is counted (by dynamic programming over rank sums). Beyond, the normal
// approximation with correction for ties and continuity serves.
func rankSum(baseline, current []float64) float64 {
	n, m := len(baseline), len(current)
	if n == 0 || m == 0 {
		return 1
	}
	if n+m > exactLimit {
		return approximateRankSum(baseline, current)
	}
	doubled, _ := doubledRanks(baseline, current)
	return exactRankSum(doubled, m, sum(doubled[n:]))
}

// approximateRankSum is rankSum for many values.
func approximateRankSum(baseline, current []float64) float64 {
	n, m := len(baseline), len(current)
	doubled, ties := doubledRanks(baseline, current)
	total := float64(n + m)
	mean := float64(m) * (total + 1) // of the doubled sum
	variance := float64(n) * float64(m) / 3 * ((total + 1) - ties/(total*(total-1)))
	if variance <= 0 {
		return 1
	}
	z := (float64(sum(doubled[n:])) - 1 - mean) / math.Sqrt(variance)
	return math.Erfc(z/math.Sqrt2) / 2
}

// doubledRanks ranks the pooled values, baseline first, and doubles the ranks so that the mean ranks of ties stay whole. ties is
// the sum of t³-t over groups of t equal values.
func doubledRanks(baseline, current []float64) (ranks []int, ties float64) {
	pooled := append(append([]float64(nil), baseline...), current...)
	order := make([]int, len(pooled))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return pooled[order[i]] < pooled[order[j]] })
	ranks = make([]int, len(pooled))
	for first := 0; first < len(order); {
		last := first
		for last+1 < len(order) && pooled[order[last+1]] == pooled[order[first]] {
			last++
		}
		for i := first; i <= last; i++ {
			ranks[order[i]] = first + last + 2 // twice the mean of ranks first+1 … last+1
		}
		size := float64(last - first + 1)
		ties += size*size*size - size
		first = last + 1
	}
	return ranks, ties
}

func sum(ranks []int) int {
	total := 0
	for _, rank := range ranks {
		total += rank
	}
	return total
}

// exactRankSum is the share of all choices of m of the ranks whose sum reaches the observed one.
func exactRankSum(ranks []int, m, observed int) float64 {
	most := sum(ranks)
	// ways[k][s]: how many choices of k ranks have the sum s.
	ways := make([][]float64, m+1)
	for k := range ways {
		ways[k] = make([]float64, most+1)
	}
	ways[0][0] = 1
	for _, rank := range ranks {
		for k := m; k >= 1; k-- {
			for to := most; to >= rank; to-- {
				ways[k][to] += ways[k-1][to-rank]
			}
		}
	}
	reaching, all := 0.0, 0.0
	for reached, count := range ways[m] {
		all += count
		if reached >= observed {
			reaching += count
		}
	}
	return reaching / all
}

// holm says which of the probabilities are significant when all of them together may raise a false alarm only with the given
// probability (Holm's step-down correction of Bonferroni's).
func holm(probabilities []float64, alarm float64) []bool {
	order := make([]int, len(probabilities))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return probabilities[order[i]] < probabilities[order[j]] })
	significant := make([]bool, len(probabilities))
	for i, at := range order {
		if probabilities[at] > alarm/float64(len(order)-i) {
			break
		}
		significant[at] = true
	}
	return significant
}

// spread is a sample's least, middle and greatest value.
type spread struct{ least, median, greatest float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{math.NaN(), math.NaN(), math.NaN()}
	}
	sorted := append([]float64(nil), values...)
	sort.Float64s(sorted)
	n := len(sorted)
	return spread{sorted[0], (sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[n-1]}
}
