package scenarios_test

import (
	"strings"
	"testing"

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
		noticed  []checker.Property
	}{
		{"consensus/ackBeforeCommit", "leader-isolated", []checker.Property{checker.Linearizable, checker.Durable}},
		{"distro/skipSync", "calm", []checker.Property{checker.Converged, checker.NoLoss}},
		{"liveness/neverExpire", "silent-clients", []checker.Property{checker.Expiry, checker.NoGhost}},
		{"liveness/beatWrongInstance", "silent-clients", []checker.Property{checker.Expiry, checker.NoLoss}},
	}
	for _, c := range cases {
		t.Run(c.defect, func(t *testing.T) {
			t.Parallel()
			scenario, err := scenarios.Find(c.scenario)
			require.NoError(t, err)
			scenario.Name = strings.ToLower("mutant-" + strings.ReplaceAll(c.defect, "/", "-"))
			scenario.Cluster.Failpoints = map[string]string{"muster/nodes/" + c.defect: "return(true)"}
			verdicts := judged(t, scenario, 1)
			for _, property := range c.noticed {
				verdict := verdicts[property]
				require.Equalf(t, checker.Violated, verdict.Outcome, "%s: %s", property, verdict.Reason)
				require.NotEmptyf(t, verdict.Evidence, "%s says where to look", property)
			}
		})
	}
}
