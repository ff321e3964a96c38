package timing

import (
	"fmt"
	"slices"
)

// Seconds is the unit of a Row that names none.
const Seconds = "s"

// Key says what was measured.
type Key struct {
	// Experiment is its name: "isolate-leader-20s".
	Experiment string `json:"experiment"`
	// Quantity is what, and from when on: times count from the fault, after the colon of "after the heal: …" from there.
	Quantity string `json:"quantity"`
	// At is at which node, or through which.
	At string `json:"at"`
}

// String is the key in one line.
func (k Key) String() string { return k.Experiment + ": " + k.Quantity + ", " + k.At }

// Samples are the values of one quantity over several runs, nodes or instances.
type Samples struct {
	// Values in the row's unit.
	Values []float64 `json:"values,omitempty"`
	// Never counts those that did not happen while somebody watched.
	Never int `json:"never,omitempty"`
	// Spread stands in the place of values that are not known one by one.
	Spread *Spread `json:"spread,omitempty"`
}

// Spread sums samples up.
type Spread struct {
	N        int     `json:"n"`
	Least    float64 `json:"least"`
	Median   float64 `json:"median"`
	Greatest float64 `json:"greatest"`
}

// Count is how many samples there are, those that never happened included.
func (s Samples) Count() int { return s.Summary().N + s.Never }

// Summary sums the values up; all zero without any.
func (s Samples) Summary() Spread {
	if s.Spread != nil {
		return *s.Spread
	}
	n := len(s.Values)
	if n == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(s.Values))
	return Spread{N: n, Least: sorted[0], Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Greatest: sorted[n-1]}
}

// String is "least / median / greatest (n=…)".
func (s Samples) String() string {
	if s.Count() == 0 {
		return "–"
	}
	all := s.Summary()
	if all.N == 0 {
		return fmt.Sprintf("never (n=%d)", s.Never)
	}
	text := fmt.Sprintf("%.2f / %.2f / %.2f (n=%d", all.Least, all.Median, all.Greatest, s.Count())
	if s.Never > 0 {
		text += fmt.Sprintf(", %d never", s.Never)
	}
	return text + ")"
}

// Row holds a simulated cluster against a measured one.
type Row struct {
	Key
	// Unit of the values; empty: Seconds.
	Unit      string  `json:"unit,omitempty"`
	Measured  Samples `json:"measured"`
	Simulated Samples `json:"simulated"`
	// Reason says why the simulated cluster lies outside the measured spread where it does; empty if nobody knows, or if it does not.
	Reason string `json:"reason,omitempty"`
}

// Standing says how the simulated cluster stands to the measured one.
type Standing string

// The standings.
const (
	// Within: the simulated median lies in the measured spread, and what never happened mostly never happens.
	Within Standing = "within"
	// Below and Above: the median lies outside of it.
	Below Standing = "below"
	Above Standing = "above"
	// Happens and Misses: it happens here and never did there, or the other way round.
	Happens Standing = "happens here only"
	Misses  Standing = "never here"
	// Unmeasured: one of the two has no samples.
	Unmeasured Standing = "nothing to compare"
)

// slack is what the measured spread is widened by, in seconds, and by which share: both were found by polling, the measured one on a
// busy machine, and with few samples.
const (
	slack      = 0.2
	slackShare = 0.05
)

// Standing compares medians and not extremes, since the one side has few samples and the other as many as one likes.
func (r Row) Standing() Standing {
	there, here := r.Measured.Summary(), r.Simulated.Summary()
	low, high := there.Least*(1-slackShare), there.Greatest*(1+slackShare)
	if r.Unit == "" {
		low, high = low-slack, high+slack
	}
	switch {
	case r.Measured.Count() == 0 || r.Simulated.Count() == 0:
		return Unmeasured
	case there.N == 0 && here.N > r.Simulated.Never:
		return Happens
	case there.N == 0:
		return Within
	case r.Measured.Never == 0 && here.N < r.Simulated.Never, here.N == 0 && there.N > r.Measured.Never:
		return Misses
	case here.N == 0:
		return Within
	case here.Median < low:
		return Below
	case here.Median > high:
		return Above
	}
	return Within
}

// Unexplained says whether the simulated cluster lies outside the measured spread and nobody has said why.
func (r Row) Unexplained() bool {
	standing := r.Standing()
	return standing != Within && standing != Unmeasured && r.Reason == ""
}
