package scenarios

import (
	"fmt"
	"slices"

	"muster/model/run"
)

// lay finds out which ways between machines a strike on the network is about.
func (c *cast) lay(strike *Strike) error {
	switch strike.Kind {
	case run.KindIsolate:
		for _, machine := range strike.Machines {
			strike.Sides = append(strike.Sides, []string{machine})
		}
		if rest := without(c.members(), strike.Machines); len(rest) > 0 {
			strike.Sides = append(strike.Sides, rest)
		}
		strike.Ways = waysBetween(strike.Sides...)
	case run.KindBridge:
		rest := c.shuffled(strike.Number, without(c.members(), strike.Machines))
		if len(rest) < 2 {
			return fmt.Errorf("a bridge over %s needs two nodes at least beside it", strike.Machines[0])
		}
		strike.Sides = [][]string{rest[:len(rest)/2], rest[len(rest)/2:]}
		strike.Machines = append(strike.Machines, rest...)
		strike.Ways = waysBetween(strike.Sides...)
	case run.KindMajorityRing:
		strike.Machines = c.shuffled(strike.Number, c.members())
		strike.Ways = waysAcross(strike.Machines)
	case run.KindCut:
		for _, from := range strike.Sides[0] {
			for _, to := range strike.Sides[1] {
				strike.Ways = append(strike.Ways, Way{from, to})
			}
		}
	case run.KindPartition, run.KindReset, run.KindSlowLink, run.KindLongTail, run.KindNarrowLink, run.KindCloggedLink,
		run.KindLossyLink, run.KindDuplicatingLink, run.KindReorderingLink:
		if len(strike.Sides) > 0 {
			strike.Ways = waysBetween(strike.Sides...)
			break
		}
		strike.Everywhere = true
		strike.Machines = slices.Concat(c.members(), c.workloads)
		for _, machine := range strike.Machines {
			strike.Sides = append(strike.Sides, []string{machine})
		}
		strike.Ways = waysBetween(strike.Sides...)
	}
	return nil
}

// waysBetween are all ways from a machine of one side to a machine of another.
func waysBetween(sides ...[]string) []Way {
	var ways []Way
	for i, side := range sides {
		for _, other := range sides[i+1:] {
			for _, one := range side {
				for _, another := range other {
					ways = append(ways, Way{one, another}, Way{another, one})
				}
			}
		}
	}
	return ways
}

// waysAcross are the ways between those on a ring that are no neighbours. As many neighbours are left on either hand of each that it
// reaches a majority, itself included.
func waysAcross(ring []string) []Way {
	n := len(ring)
	majority := n/2 + 1
	hand := majority / 2 // of majority-1 others, half, rounded up
	var ways []Way
	for i := range ring {
		for j := i + 1; j < n; j++ {
			if distance := min(j-i, n-(j-i)); distance > hand {
				ways = append(ways, Way{ring[i], ring[j]}, Way{ring[j], ring[i]})
			}
		}
	}
	return ways
}

// shuffled is an order of machines that is drawn from the run's seed for a strike.
func (c *cast) shuffled(number int, machines []string) []string {
	order := slices.Clone(machines)
	random := c.seeding.stream(fmt.Sprintf("strike %d: order", number))
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}
