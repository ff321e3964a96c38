package goldentest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/golden"
)

const (
	// sideBySide is how many cases are played at once, for they wait most of the time.
	sideBySide = 96
	// plays is how often a case is played at most: a busy machine may be late.
	plays = 3
)

// Test plays files of recordings against a cluster, side by side, and demands that all match strictly but those that differ on purpose, and
// that those do not match. It returns the results.
func Test(t *testing.T, nodes []string, files ...string) []golden.Result {
	player, err := golden.NewPlayer(nodes)
	require.NoError(t, err)
	meant := golden.Meant()
	results, err := player.PlayAll(t.Context(), golden.Order{Files: files, SideBySide: sideBySide, Plays: plays, Meant: meant})
	require.NoError(t, err)
	Demand(t, results, meant)
	return results
}

// Demand demands of results that they match strictly, but those that are meant not to, and that those do not, unless they differ sometimes
// only.
func Demand(t *testing.T, results []golden.Result, meant map[string]string) {
	for _, r := range results {
		reason, listed := meant[r.Name()]
		switch {
		case r.Outcome == golden.Strict && golden.Sometimes(reason):
		case r.Outcome == golden.Strict && listed:
			t.Errorf("%s matches: take it off the list of differences", r.Name())
		case r.Outcome == golden.Compatible && !listed, r.Outcome == golden.Different && !listed:
			var texts []string
			for _, d := range r.Differences {
				texts = append(texts, d.Text)
			}
			t.Errorf("%s (%s): %s\n  %s", r.Name(), r.About, r.Outcome, strings.Join(texts, "\n  "))
		}
	}
	t.Logf("\n%s", golden.MatrixOf(results))
}
