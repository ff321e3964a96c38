package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
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
		"clock":          "did you mean clock-skew or clock-storm?",
		"leader":         "did you mean leader-isolated, leader-killed, flapping-leader, far-leader or starved-leader?",
		"xyzzy":          "`muster scenarios` lists",
		"":               "`muster scenarios` lists",
	} {
		_, err := Find(typed)
		require.ErrorContains(t, err, want)
	}
}

func TestAs(t *testing.T) {
	skewed, err := Find("clock-skew")
	require.NoError(t, err)
	one, err := skewed.As(Nacos1)
	require.NoError(t, err)
	require.NoError(t, one.Validate())
	require.Equal(t, []Profile{Nacos1}, one.Profiles)
	require.Equal(t, []string{"--profile", "nacos1"}, one.Cluster.Arguments)
	require.Equal(t, []Role{ResponsibleFor(firstService)}, one.Plan[0].Fault.On)
	require.Equal(t, []Role{ResponsibleFor(firstInstance)}, skewed.Plan[0].Fault.On, "the scenario itself is as it was")
	require.Empty(t, skewed.Cluster.Arguments)
	cut := skewed
	cut.Plan = Plan{At(time.Second, Cut(ResponsibleFor(firstInstance), Others))}
	sided, err := cut.As(Nacos1)
	require.NoError(t, err)
	require.Equal(t, Cut(ResponsibleFor(firstService), Others), sided.Plan[0].Fault)
	require.Equal(t, ResponsibleFor(firstInstance), cut.Plan[0].Fault.Sides[0][0], "the original is left alone")

	two, err := skewed.As(Nacos2)
	require.NoError(t, err)
	require.Equal(t, skewed.Plan, two.Plan)

	_, err = one.As(Nacos2)
	require.ErrorContains(t, err, `clock-skew: profile "nacos2": want one of [nacos1]`)
	_, err = skewed.Over(model.GRPC).As(Nacos1)
	require.ErrorContains(t, err, "came with nacos2")
}
