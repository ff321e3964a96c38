package plots

import (
	"fmt"
	"time"
)

// Second is what became of the operations invoked in one second.
type Second struct {
	// At is the second's beginning.
	At                time.Duration
	OK, Fail, Unknown int
}

// Outage is a time in which nothing of a kind succeeded.
type Outage struct{ From, Until time.Duration }

// Available is the availability of one kind of operation.
type Available struct {
	Kind    string
	Seconds []Second
	Outages []Outage
}

// Availability shows, second by second, which share of the operations succeeded, and marks the outages.
func Availability(t Timeline, kinds []Available) Picture {
	var panels []*panel
	for _, kind := range kinds {
		p := t.panel(kind.Kind, 74)
		p.plot.Y.Min, p.plot.Y.Max = 0, 118
		p.plot.Y.Tick.Marker = ticker(percents)
		bars := make([][]span, len(outcomes))
		for _, second := range kind.Seconds {
			total := float64(second.OK + second.Fail + second.Unknown)
			if total == 0 {
				continue
			}
			base := 0.0
			for i, count := range []int{second.OK, second.Fail, second.Unknown} {
				share := 100 * float64(count) / total
				if share > 0 {
					// The gap between bars lets each second be seen.
					bars[i] = append(bars[i], span{second.At.Seconds() + 0.04, second.At.Seconds() + 0.96, base, base + share, ""})
				}
				base += share
			}
		}
		p.add(gridlines{horizontal: true})
		for i, look := range outcomes {
			if len(bars[i]) == 0 {
				continue
			}
			h := look.hue
			if look.outcome == OK {
				h = calm // so much of it would shout down what went wrong
			}
			p.add(spans{boxes: bars[i], hue: h})
			p.legend = append(p.legend, entry{look.label, h, block})
		}
		var outages []span
		for _, o := range kind.Outages {
			outages = append(outages, span{o.From.Seconds(), o.Until.Seconds(), 103, 116, ""})
		}
		if len(outages) > 0 {
			p.add(spans{boxes: outages, hue: outage})
			p.legend = append(p.legend, entry{describe(kind.Outages), outage, block})
		}
		panels = append(panels, p)
	}
	return render("availability", "Whether clients were served",
		"The share of the operations invoked in each second that succeeded, failed, or stayed unknown; seconds without operations are empty. "+
			"The bar on top marks the times in which not one succeeded.",
		newFaultLabels(t), panels...)
}

func describe(outages []Outage) string {
	var total, longest time.Duration
	for _, o := range outages {
		total += o.Until - o.From
		longest = max(longest, o.Until-o.From)
	}
	if len(outages) == 1 {
		return "unavailable for " + short(total)
	}
	return fmt.Sprintf("unavailable %d times, for %s in all, for %s at most", len(outages), short(total), short(longest))
}
