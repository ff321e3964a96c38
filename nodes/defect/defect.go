package defect

import (
	"os"
	"slices"
	"strings"

	"github.com/pingcap/failpoint"
)

// prefix stands before every name in GO_FAILPOINTS.
const prefix = "muster/nodes/"

// Name is a defect, as "package/what". The package that has it defines it.
type Name string

// On says whether the node runs with the defect.
func On(name Name) bool {
	_, err := failpoint.Eval(prefix + string(name))
	return err == nil
}

// Enabled lists the failpoints that the environment turned on, in order, as GO_FAILPOINTS names them.
func Enabled() []string {
	var names []string
	for _, entry := range strings.Split(os.Getenv("GO_FAILPOINTS"), ";") {
		if name, _, found := strings.Cut(entry, "="); found {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
