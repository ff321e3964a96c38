package scenarios

import (
	"fmt"
	"regexp"

	"muster/model/run"
)

// Failpoint switches a defect of our node on, by its name ("liveness/neverExpire"), on running nodes.
func Failpoint(name string, roles ...Role) Fault {
	return Fault{Kind: run.KindFailpoint, On: roles, Measures: Measures{Failpoint: name, Term: "return(true)"}}
}

// FailpointOff switches all defects off that were switched on while the nodes ran.
func FailpointOff(roles ...Role) Fault { return Fault{Kind: run.KindFailpointOff, On: roles} }

// failpointName is what a defect is called: the package that has it, and what it does.
var failpointName = regexp.MustCompile(`^[a-z]+/[A-Za-z]+$`)

var defectForms = map[run.Kind]form{
	run.KindFailpoint: {
		check: func(f Fault) error {
			if !failpointName.MatchString(f.Failpoint) {
				return fmt.Errorf("of %q: want a name such as liveness/neverExpire", f.Failpoint)
			}
			if f.Term == "" {
				return fmt.Errorf("%s has no term: want one such as return(true)", f.Failpoint)
			}
			return nil
		},
		words: func(s Strike, list func([]string) string) string {
			return fmt.Sprintf("switch on %s in %s", s.Failpoint, list(s.Machines))
		},
	},
	run.KindFailpointOff: {words: func(s Strike, list func([]string) string) string {
		return "switch off what was switched on in " + list(s.Machines)
	}},
}
