package scenarios

import "strings"

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
	if say := forms[strike.Kind].words; say != nil {
		return say(strike, list)
	}
	return string(strike.Kind) + " " + list(strike.Machines)
}

// describeUnresolved says a fault in words whose roles nobody plays.
func describeUnresolved(fault Fault) string {
	if len(fault.roles()) == 0 {
		return describe(Strike{Kind: fault.Kind, Everywhere: true, Measures: fault.Measures}, nil)
	}
	var roles []string
	for _, role := range fault.roles() {
		roles = append(roles, string(role))
	}
	return string(fault.Kind) + " " + strings.Join(roles, ", ")
}
