// Package defect holds the switches by which a node is broken on purpose, so that it can be shown that the checkers notice. They
// are always compiled in and off unless the environment variable GO_FAILPOINTS turns them on (github.com/pingcap/failpoint), for
// example
//
//	GO_FAILPOINTS='muster/nodes/liveness/neverExpire=return(true)' registry …
//
// It must not know what a defect does: the package that has it says where it strikes.
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
