package scenarios_test

import (
	"fmt"
	"path"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
		{"consensus/ackBeforeCommit", "leader-isolated", manyWrites, []checker.Property{checker.Linearizable}},
		{"consensus/ackBeforeCommit", "leader-isolated", lastWrites, []checker.Property{checker.Durable}},
		{"distro/skipSync", "calm", asItIs, []checker.Property{checker.Converged, checker.NoLoss}},
		{"liveness/neverExpire", "silent-clients", asItIs, []checker.Property{checker.Expiry, checker.NoGhost}},
		{"liveness/beatWrongInstance", "silent-clients", asItIs, []checker.Property{checker.Expiry, checker.NoLoss}},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s: %s", path.Base(c.defect), c.noticed[0]), func(t *testing.T) {
			t.Parallel()
			scenario, err := scenarios.Find(c.scenario)
			require.NoError(t, err)
			c.change(&scenario)
			scenario.Cluster.Failpoints = map[string]string{"muster/nodes/" + c.defect: "return(true)"}
			verdicts := judged(t, scenario, 1)
			for _, property := range c.noticed {
				verdict := verdicts[property]
				assert.Equalf(t, checker.Violated, verdict.Outcome, "%s: %s", property, verdict.Reason)
				assert.NotEmptyf(t, verdict.Evidence, "%s says where to look", property)
			}
		})
	}
}

func asItIs(*scenarios.Scenario) {}

// manyWrites has a leader that is cut off meet some writes before it notices and steps down, which takes it half a second: writes
// that it is asked for itself, and is responsible for, so that they are not forwarded into the cut.
func manyWrites(s *scenarios.Scenario) {
	s.Load.EphemeralClients, s.Load.PersistentClients = 2, 8
	s.Load.OperationsPerSecond, s.Load.ReadShare = 60, 0.3
}

// lastWrites has those be the last writes of all: what is lost stays lost, since nobody writes it again.
func lastWrites(s *scenarios.Scenario) {
	s.Plan[0].Within = 0
	s.Load.EphemeralClients, s.Load.PersistentClients = 2, 24
	s.Load.OperationsPerSecond, s.Load.ReadShare = 120, 0
	s.Load.Stop = s.Plan[0].At + 400*time.Millisecond
}
