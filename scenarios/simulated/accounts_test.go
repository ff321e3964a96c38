package simulated_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/scenarios"
)

// Nodes that were given accounts want them: clients that log in are served, and the same clients without a name are not.
func TestOnlyClientsThatLogInAreServed(t *testing.T) {
	for name, login := range map[string]scenarios.Login{"known": scenarios.Nodes(3).WithAccounts().Login(), "nobody": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := short()
			scenario.Cluster = scenario.Cluster.WithAccounts()
			scenario.Cluster.Accounts.Login = login
			folder, err := drive(t.Context(), t, scenario)
			require.NoError(t, err)
			history, err := folder.ReadHistory()
			require.NoError(t, err)
			served := map[bool]int{}
			for _, operation := range history.Operations() {
				served[operation.Completed.Phase == model.OK]++
			}
			if login.Name == "" {
				require.Zero(t, served[true])
				require.Greater(t, served[false], 20)
				return
			}
			require.Greater(t, served[true], 20)
			require.Less(t, served[false], served[true]/10)
		})
	}
}
