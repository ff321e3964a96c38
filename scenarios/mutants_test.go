package scenarios_test

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/scenarios"
)

// Each defect, switched on in every node, must turn the verdict red that is there to notice it. A checker that passes a broken node is
// worth nothing, however green the catalog.
func TestDefectsAreNoticed(t *testing.T) {
	cases := []struct {
		defect   string
		scenario string
		change   func(*scenarios.Scenario)
		noticed  []checker.Property
	}{
		{"consensus/ackBeforeCommit", "far-leader", asItIs, []checker.Property{checker.Linearizable}},
		{"consensus/ackBeforeCommit", "leader-isolated", lastWrites, []checker.Property{checker.Durable}},
		{"distro/skipSync", "calm", asItIs, []checker.Property{checker.Converged, checker.NoLoss}},
		{"liveness/neverExpire", "silent-clients", asItIs, []checker.Property{checker.Expiry, checker.NoGhost}},
		{"probe/neverProbe", "servers-die", asItIs, []checker.Property{checker.Probed}},
		{"liveness/beatWrongInstance", "silent-clients", asItIs, []checker.Property{checker.Expiry, checker.NoLoss}},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s: %s", path.Base(c.defect), c.noticed[0]), func(t *testing.T) {
			t.Parallel()
			scenario, err := scenarios.Find(c.scenario)
			require.NoError(t, err)
			c.change(&scenario)
			scenario.Cluster.Failpoints = map[string]string{"muster/nodes/" + c.defect: "return(true)"}
			// What shows only if a request comes at the right moment gets three chances.
			var missed []string
			for seed := uint64(1); seed <= 3; seed++ {
				if missed = unnoticed(judged(t, scenario, seed), c.noticed); len(missed) == 0 {
					return
				}
			}
			t.Errorf("with none of three seeds: %s", strings.Join(missed, "; "))
		})
	}
}

// unnoticed lists the properties that are not violated, or do not say where to look.
func unnoticed(verdicts map[checker.Property]checker.Verdict, noticed []checker.Property) []string {
	var missed []string
	for _, property := range noticed {
		if verdict := verdicts[property]; verdict.Outcome != checker.Violated || len(verdict.Evidence) == 0 {
			missed = append(missed, verdict.String())
		}
	}
	return missed
}

func asItIs(*scenarios.Scenario) {}

// lastWrites has a leader that is cut off meet some writes before it notices and steps down, which takes it half a second: writes
// that it is asked for itself, and is responsible for, so that they are not forwarded into the cut. They are the last of all: what is
// lost stays lost, since nobody writes it again.
func lastWrites(s *scenarios.Scenario) {
	s.Plan[0].Within = 0
	s.Load.EphemeralClients, s.Load.PersistentClients = 2, 24
	s.Load.OperationsPerSecond, s.Load.ReadShare = 120, 0
	s.Load.Stop = s.Plan[0].At + 400*time.Millisecond
}
