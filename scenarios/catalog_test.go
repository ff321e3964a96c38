package scenarios

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/checker"
)

func TestCatalogIsValid(t *testing.T) {
	names := map[string]bool{}
	for _, s := range Catalog() {
		require.NoError(t, s.Validate())
		require.Falsef(t, names[s.Name], "%s stands twice in the catalog", s.Name)
		names[s.Name] = true
		require.Truef(t, strings.HasSuffix(s.Claim, "."), "%s: the claim is a sentence", s.Name)
		require.NotEmptyf(t, s.Source, "%s: say why it is here", s.Name)
		require.Equalf(t, checker.Holds, s.Expect[checker.Exercised], "%s: a run that tested too little must not pass", s.Name)
		require.Greaterf(t, s.Lasts-s.Load.Stop, s.Lasts/10, "%s: the end is left to the nodes", s.Name)
	}
}

func TestFindSuggests(t *testing.T) {
	s, err := Find("calm")
	require.NoError(t, err)
	require.Equal(t, "calm", s.Name)
	for typed, want := range map[string]string{
		"leader-isolate": "did you mean leader-isolated?",
		"leder-isolated": "did you mean leader-isolated?",
		"clam":           "did you mean calm",
		"clock":          "did you mean clock-skew?",
		"leader":         "did you mean leader-isolated or leader-killed?",
		"xyzzy":          "`muster scenarios` lists",
		"":               "`muster scenarios` lists",
	} {
		_, err := Find(typed)
		require.ErrorContains(t, err, want)
	}
}
