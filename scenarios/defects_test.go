package scenarios_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/scenarios"
)

// What the list of defects says of the suite is what the suite does.
func TestDefectsAreListedAsTheyAreNoticed(t *testing.T) {
	noticed := map[string]string{}
	for _, c := range mutants {
		var properties []string
		for _, property := range c.noticed {
			properties = append(properties, string(property))
		}
		if noticed[c.defect] != "" {
			noticed[c.defect] += "; "
		}
		varied := ""
		if c.change != nil {
			varied = " (varied)"
		}
		noticed[c.defect] += c.scenario + varied + ": " + strings.Join(properties, ", ")
	}
	byScenario := regexp.MustCompile(`^[a-z-]+( \(varied\))?: [a-z-]+(, [a-z-]+)*$`)
	for _, d := range scenarios.Defects() {
		require.NotEmpty(t, d.Does, d.Name)
		require.NotEmpty(t, d.Source, d.Name)
		if by, does := noticed[d.Name]; does {
			require.Equal(t, by, d.Noticed, d.Name)
		} else {
			require.NotRegexp(t, byScenario, d.Noticed, "%s: no run of the suite shows it", d.Name)
		}
		delete(noticed, d.Name)
	}
	require.Empty(t, noticed, "these are not listed")
}
