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

// String is "least / median / greatest (n=…)"; of lengths of time, the greatest is the worst.
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
	// Reason says why the simulated cluster is not as the measured one where it is not; empty if nobody knows, or if it is.
	Reason string `json:"reason,omitempty"`
	// Kind says of which kind the reason is; empty without one.
	Kind Kind `json:"kind,omitempty"`
}

// Kind says what it means to users that a simulated cluster is not as the measured one.
type Kind string

// The kinds.
const (
	// Better: it is faster, or does less harm, on purpose.
	Better Kind = "better on purpose"
	// Slower: users wait for longer, and the reason says what for.
	Slower Kind = "slower"
	// Different: neither: it does the same in another way, or other clients or machines were measured.
	Different Kind = "different by design or set-up"
)

// Kinds lists them, in the order in which they are told.
func Kinds() []Kind { return []Kind{Better, Slower, Different} }

// Standing says how the simulated cluster stands to the measured one.
type Standing string

// The standings; see Rule.
const (
	Within      Standing = "within"
	PartlyBelow Standing = "partly below"
	PartlyAbove Standing = "partly above"
	Below       Standing = "below"
	Above       Standing = "above"
	// Happens and Misses: it happens here and never did there, or the other way round.
	Happens Standing = "happens here only"
	Misses  Standing = "never here"
	// Unmeasured: one of the two has no samples.
	Unmeasured Standing = "nothing to compare"
)

// What spreads are widened by, in seconds and by which share, since both were found by polling, and the measured one on a busy machine; and how
// many samples make a spread that the other side's median can be expected in.
const (
	slack       = 0.2
	slackShare  = 0.05
	spreadCount = 5
)

// Rule says in words how rows are judged.
const Rule = "A figure is within if the median (p50) of each side lies in the spread of the other, from the least value to the worst; below or above if " +
	"the simulated median lies outside the measured spread; partly below or above if it lies within, but the measured median lies above or below all that " +
	"was simulated. Spreads count 0.2 s and 5 % wider than they are, and a simulated one from 5 values on. Worst values are shown and not judged: the more " +
	"runs, the worse the worst of them."

// Standing compares spreads by their medians and not by their extremes, since the one side has few samples and the other as many as one likes.
func (r Row) Standing() Standing {
	there, here := r.Measured.Summary(), r.Simulated.Summary()
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
	}
	switch side := r.beside(here.Median, there); {
	case side < 0:
		return Below
	case side > 0:
		return Above
	}
	if here.N < spreadCount {
		return Within
	}
	switch side := r.beside(there.Median, here); {
	case side < 0:
		return PartlyAbove
	case side > 0:
		return PartlyBelow
	}
	return Within
}

// beside says whether a value lies below (-1), in (0) or above (1) a spread.
func (r Row) beside(value float64, s Spread) int {
	low, high := s.Least*(1-slackShare), s.Greatest*(1+slackShare)
	if r.Unit == "" {
		low, high = low-slack, high+slack
	}
	switch {
	case value < low:
		return -1
	case value > high:
		return 1
	}
	return 0
}

// Differs says whether the simulated cluster is not as the measured one.
func (r Row) Differs() bool {
	standing := r.Standing()
	return standing != Within && standing != Unmeasured
}

// Unexplained says whether the simulated cluster is not as the measured one and nobody has said why.
func (r Row) Unexplained() bool { return r.Differs() && r.Reason == "" }

// Tally counts rows.
type Tally struct {
	// Compared are those of which both sides have samples, Within those of them that are alike.
	Compared, Within int
	// Explained are those that differ for a reason, by its kind.
	Explained map[Kind]int
	// Worse are those, alike or not, whose worst simulated value is worse than the worst measured one.
	Worse int
}

// Unexplained is how many rows differ and nobody has said why.
func (t Tally) Unexplained() int {
	n := t.Compared - t.Within
	for _, explained := range t.Explained {
		n -= explained
	}
	return n
}

// Count counts rows.
func Count(rows []Row) Tally {
	t := Tally{Explained: map[Kind]int{}}
	for _, r := range rows {
		standing := r.Standing()
		if standing == Unmeasured {
			continue
		}
		t.Compared++
		if r.Measured.Summary().N > 0 && r.beside(r.Simulated.Summary().Greatest, r.Measured.Summary()) > 0 {
			t.Worse++
		}
		switch {
		case standing == Within:
			t.Within++
		case r.Reason != "":
			t.Explained[r.Kind]++
		}
	}
	return t
}
