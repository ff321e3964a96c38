package scenarios_test

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/scenarios"
)

// mutants are runs with a defect switched on in every node, and the properties that are there to notice it.
var mutants = []struct {
	defect   string
	scenario string
	// change makes the defect bite; nil if it does as it is.
	change  func(*scenarios.Scenario)
	noticed []checker.Property
}{
	{"consensus/ackBeforeCommit", "leader-isolated", manyWrites, []checker.Property{checker.Linearizable}},
	{"consensus/ackBeforeCommit", "leader-isolated", lastWrites, []checker.Property{checker.Durable}},
	{"distro/skipSync", "calm", nil, []checker.Property{checker.Converged, checker.NoLoss}},
	{"liveness/neverExpire", "silent-clients", nil, []checker.Property{checker.Expiry, checker.NoGhost}},
	{"probe/neverProbe", "servers-die", nil, []checker.Property{checker.Probed}},
	{"liveness/beatWrongInstance", "silent-clients", nil, []checker.Property{checker.Expiry, checker.NoLoss}},
	{"liveness/takeOverLastBeats", "leader-killed", lateInNacos1, []checker.Property{checker.Kept}},
	{"distro/deleteFromAnyone", "long-isolation", nil, []checker.Property{checker.Kept}},
	{"distro/changeFromAnyone", "long-isolation", healedWhileUnhealthy, []checker.Property{checker.Kept}},
	{"rpc/neverSuspect", "connections-silent", nil, []checker.Property{checker.Expiry, checker.NoGhost}},
	{"liveness/checkEverybody", "calm", quietInNacos1, []checker.Property{checker.NoLoss}},
	{"connected/neverRedo", "connections-move", nil, []checker.Property{checker.Converged}},
	{"connected/newestByClock", "clock-skew", overConnections, []checker.Property{checker.NoGhost}},
}

// A checker that passes a broken node is worth nothing, however green the catalog.
func TestDefectsAreNoticed(t *testing.T) {
	for _, c := range mutants {
		t.Run(fmt.Sprintf("%s: %s", path.Base(c.defect), c.noticed[0]), func(t *testing.T) {
			t.Parallel()
			scenario, err := scenarios.Find(c.scenario)
			require.NoError(t, err)
			if c.change != nil {
				c.change(&scenario)
				require.NotEmpty(t, unnoticed(judged(t, scenario, 1), c.noticed), "noticed without the defect, too")
			}
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

// lateInNacos1 has a node die when its instances have long been registered: in Nacos 1.x nodes tell each other of beats only with the list, which
// has not changed since.
func lateInNacos1(s *scenarios.Scenario) {
	asNacos1(s)
	s.Load.EphemeralClients, s.Load.EphemeralServices = 18, 9 // of nine services, whose owners their names decide, whoever dies has some
	s.Plan[0].At, s.Plan[0].Within, s.Plan[1].At = 50*time.Second, 0, 74*time.Second
	s.Lasts = 95 * time.Second
}

// asNacos1 is the scenario in the other profile.
func asNacos1(s *scenarios.Scenario) {
	one, err := s.As(scenarios.Nacos1)
	if err != nil {
		panic(err) // the scenario is for both
	}
	*s = one
}

// quietInNacos1 goes on when nothing is registered any more: in Nacos 1.x nodes learn of beats that others heard only with a list that changes.
func quietInNacos1(s *scenarios.Scenario) {
	asNacos1(s)
	s.Lasts = s.Load.Stop + 40*time.Second
}

// overConnections is the scenario with clients that have connections.
func overConnections(s *scenarios.Scenario) { *s = s.Over(model.GRPC) }

// healedWhileUnhealthy heals the cut when each side has taken over the other's instances and missed their beats for 15 s, not yet for 30 s.
func healedWhileUnhealthy(s *scenarios.Scenario) {
	s.Load.EphemeralClients = 9
	s.Plan[0].Within = 0
	s.Plan[1].At = s.Plan[0].At + 38*time.Second
}

// manyWrites has a leader that is cut off meet some writes before it notices and steps down, which takes it half a second: writes
// that it is asked for itself, and is responsible for, so that they are not forwarded into the cut. Reads follow for a while.
func manyWrites(s *scenarios.Scenario) {
	s.Plan[0].Within = 0
	s.Load.EphemeralClients, s.Load.PersistentClients = 2, 24
	s.Load.OperationsPerSecond, s.Load.ReadShare = 120, 0.4
	s.Load.Stop = s.Plan[0].At + 8*time.Second
}

// lastWrites has those be the last writes of all: what is lost stays lost, since nobody writes it again.
func lastWrites(s *scenarios.Scenario) {
	manyWrites(s)
	s.Load.ReadShare, s.Load.Stop = 0, s.Plan[0].At+400*time.Millisecond
}
