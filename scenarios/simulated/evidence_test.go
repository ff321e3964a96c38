package simulated

import (
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
)

// What nodes said before a strike proves nothing of it.
func TestEarlierFailpointsAreNoEvidence(t *testing.T) {
	s := New(nil, Options{})
	s.enabled["n1"] = 1
	later := &struck{strike: scenarios.Strike{Kind: run.KindFailpoint, Machines: []string{"n1", "n2"}}, enabled: []int{1, 0}}
	require.Equal(t, scenarios.Evidence{Text: "0 of 2 nodes switched it on"}, s.defectEvidence(later))
	s.enabled["n2"]++
	require.Equal(t, scenarios.Evidence{Bit: true, Text: "1 of 2 nodes switched it on"}, s.defectEvidence(later))
}

func TestTheCommandNamesOtherPrograms(t *testing.T) {
	s := New(&Programs{}, Options{})
	require.Empty(t, s.flagsGiven())
	s.programs.node, s.programs.next.name = "/their/registry", "/their/next"
	require.Equal(t, []string{"--node", "/their/registry", "--node-next", "/their/next"}, s.flagsGiven())
}
