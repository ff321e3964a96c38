package scenarios_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
)

// requireMembersAsAsked wants the Raft group to have, in the end, the members that a plan's faults ask for, all with a vote, by what leaders logged.
func requireMembersAsAsked(t *testing.T, scenario scenarios.Scenario, plan run.Plan, events []run.NodeEvent) {
	t.Helper()
	asked, changed := map[string]bool{}, false
	for number := range scenario.Cluster.Nodes {
		asked[fmt.Sprintf("n%d", number+1)] = true
	}
	voters := map[string]bool{}
	for name := range asked {
		voters[name] = true
	}
	for _, strike := range plan.Strikes {
		if strike.Kind.Family() != run.MembershipFamily {
			continue
		}
		changed = true
		switch strike.Kind {
		case run.KindAddNode:
			asked[strike.Machines[0]] = true
		case run.KindRemoveNode:
			delete(asked, strike.Machines[0])
		case run.KindReplaceNode:
			delete(asked, strike.Machines[0])
			asked[strike.Machines[1]] = true
		}
	}
	if !changed {
		return
	}
	slices.SortStableFunc(events, func(a, b run.NodeEvent) int { return cmp.Compare(a.T, b.T) })
	for _, event := range events {
		if event.Name != run.EventRaftMember {
			continue
		}
		var number int
		_, err := fmt.Sscanf(event.Text("member"), "10.0.0.%d:", &number)
		require.NoError(t, err, "member %q", event.Text("member"))
		name := fmt.Sprintf("n%d", number)
		switch event.Text("change") {
		case "given a vote":
			voters[name] = true
		case "removed":
			delete(voters, name)
		}
	}
	require.Equal(t, asked, voters, "the members that have a vote in the end")
}
