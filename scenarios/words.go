package scenarios

import (
	"fmt"
	"strings"
)

// roleWord is how a text names the role that a machine plays, "" for roles that say nothing new.
func roleWord(role Role) string {
	if address, ok := strings.CutPrefix(string(role), responsiblePrefix); ok {
		return "responsible for " + address
	}
	switch role {
	case Leader, Follower:
		return string(role)
	}
	return ""
}

// describe says a strike in words: "isolate n2 (leader)".
func describe(strike Strike, words map[string]string) string {
	list := func(machines []string) string {
		var texts []string
		for _, machine := range machines {
			if word := words[machine]; word != "" {
				machine += " (" + word + ")"
			}
			texts = append(texts, machine)
		}
		return strings.Join(texts, ", ")
	}
	var sides []string
	for _, side := range strike.Sides {
		sides = append(sides, list(side))
	}
	switch strike.Kind {
	case KindHeal:
		return "heal the network"
	case KindPartition:
		return "partition " + strings.Join(sides, " | ")
	case KindCut:
		return "cut what " + sides[0] + " sends to " + sides[1]
	case KindSlowLink:
		return fmt.Sprintf("slow the link between %s and %s by %v", sides[0], sides[1], strike.Delay)
	case KindClockOffset:
		return fmt.Sprintf("set the clock of %s %s", list(strike.Machines), offsetWords(strike))
	case KindClockJump:
		return fmt.Sprintf("move the clock of %s %s", list(strike.Machines), offsetWords(strike))
	case KindClockDrift:
		return fmt.Sprintf("let the clock of %s drift by %+g ppm", list(strike.Machines), strike.Drift)
	case KindClockReset:
		return "set the clock of " + list(strike.Machines) + " right"
	}
	return string(strike.Kind) + " " + list(strike.Machines)
}

// offsetWords are "5s ahead" or "5s back".
func offsetWords(strike Strike) string {
	if strike.Offset < 0 {
		return (-strike.Offset).String() + " back"
	}
	return strike.Offset.String() + " ahead"
}

// describeUnresolved says a fault in words whose roles nobody plays.
func describeUnresolved(fault Fault) string {
	var roles []string
	for _, role := range fault.roles() {
		roles = append(roles, string(role))
	}
	if fault.Kind == KindHeal {
		return describe(Strike{Kind: KindHeal}, nil)
	}
	return string(fault.Kind) + " " + strings.Join(roles, ", ")
}
