package live

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"

	"muster/model/run"
	"muster/scenarios"
)

// traffic is what tc has counted on the ways that are shaped.
type traffic struct {
	// sent are the packets that went through; waited are those that had to, since the way is narrow.
	sent, waited uint64
	// worsened are the packets that netem had, to delay, double or reorder; lost are those that it dropped.
	worsened, lost uint64
}

// What tc tells of the classes that shaped ways have, and of netem in them.
var (
	classCounts = regexp.MustCompile(`class htb 1:\d\d+ (?s:.*?)Sent \d+ bytes (\d+) pkt \(dropped \d+, overlimits (\d+)`)
	netemCounts = regexp.MustCompile(`qdisc netem (?s:.*?)Sent \d+ bytes (\d+) pkt \(dropped (\d+)`)
)

// count adds what tc said of a machine's classes and qdiscs.
func (t *traffic) count(classes, qdiscs string) error {
	for _, kind := range []struct {
		counts       *regexp.Regexp
		text         string
		first, other *uint64
	}{{classCounts, classes, &t.sent, &t.waited}, {netemCounts, qdiscs, &t.worsened, &t.lost}} {
		for _, match := range kind.counts.FindAllStringSubmatch(kind.text, -1) {
			for i, sum := range []*uint64{kind.first, kind.other} {
				count, err := strconv.ParseUint(match[i+1], 10, 64)
				if err != nil {
					return err
				}
				*sum += count
			}
		}
	}
	return nil
}

// since is what was counted after an earlier count; all, if counting began anew since, as it does with each strike on links.
func (t traffic) since(before traffic) traffic {
	if t.sent < before.sent || t.worsened+t.lost < before.worsened+before.lost {
		return t
	}
	return traffic{t.sent - before.sent, t.waited - before.waited, t.worsened - before.worsened, t.lost - before.lost}
}

// evidence says what a kind of strike on links did to them.
func (t traffic) evidence(kind run.Kind) scenarios.Evidence {
	switch kind {
	case run.KindNarrowLink:
		return scenarios.Evidence{Bit: t.waited > 0, Text: fmt.Sprintf("packets had to wait %d times, %d went through", t.waited, t.sent)}
	case run.KindLossyLink:
		return scenarios.Evidence{Bit: t.lost > 0, Text: fmt.Sprintf("%d packets lost, %d went through", t.lost, t.worsened)}
	}
	return scenarios.Evidence{Bit: t.worsened > 0, Text: fmt.Sprintf("%d packets on bad links", t.worsened)}
}

func (n *namespaces) traffic(ctx context.Context) (traffic, error) {
	var total traffic
	for _, machine := range n.machines {
		var said [2]string
		for i, what := range []string{"class", "qdisc"} {
			output, err := exec.CommandContext(ctx, "tc", "-n", n.space(machine), "-s", what, "show", "dev", "eth0").Output()
			if err != nil {
				return total, fmt.Errorf("counting the packets of %s: %w", machine, err)
			}
			said[i] = string(output)
		}
		if err := total.count(said[0], said[1]); err != nil {
			return total, fmt.Errorf("counting the packets of %s: %w", machine, err)
		}
	}
	return total, nil
}
