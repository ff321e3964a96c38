package simulated

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/scenarios"
	"muster/sim"
	"muster/sim/guest"
)

// besieged is a stage on which a further machine runs a program that means harm to the nodes.
type besieged struct {
	*Stage
	hostile sim.Program
}

// Boot boots that machine last.
func (b besieged) Boot(ctx context.Context, deployment scenarios.Deployment, recorder *scenarios.Recorder) ([]run.Machine, error) {
	machines, err := b.Stage.Boot(ctx, deployment, recorder)
	if err != nil {
		return nil, err
	}
	var nodes []string
	for _, machine := range b.machines[:deployment.Cluster.Nodes] {
		nodes = append(nodes, machine.Address().String())
	}
	_, err = b.world.Boot("hostile", b.hostile, "--nodes", strings.Join(nodes, ","))
	return machines, err
}

// Whatever a client sends to a node's ports, the node serves the others as it should, and lives.
func TestNodesServeOthersUnderAttack(t *testing.T) {
	ctx := t.Context()
	root, err := scenarios.ModuleRoot(".")
	require.NoError(t, err)
	programs, err := BuildPrograms(ctx, root)
	require.NoError(t, err)
	built, err := guest.Build(ctx, guest.Options{Package: "./testdata/hostile", Cache: filepath.Join(root, "build", "guests"), Tags: Tags})
	require.NoError(t, err)
	hostile, err := sim.Load(ctx, built)
	require.NoError(t, err)

	holds := scenarios.Expect{}
	for _, property := range []checker.Property{checker.Linearizable, checker.Durable, checker.Converged, checker.NoLoss, checker.NoGhost} {
		holds[property] = checker.Holds
	}
	stage, folder := besieged{New(programs, Options{}), hostile}, run.Folder(t.TempDir())
	_, err = scenarios.Drive(ctx, stage, scenarios.Scenario{
		Name: "besieged", Claim: "A client that means harm changes nothing for the others.", Profiles: []scenarios.Profile{scenarios.Nacos2},
		Cluster: scenarios.Cluster{Nodes: 3, Arguments: []string{"--connections-per-address", "100"}},
		Load: model.Load{
			EphemeralClients: 3, EphemeralServices: 2, PersistentClients: 3, PersistentServices: 2, OperationsPerSecond: 10, ReadShare: 0.5,
			Timeout: 2 * time.Second, BeatInterval: 5 * time.Second, ObserveInterval: 2 * time.Second, WarmUp: 2 * time.Second,
		},
		Lasts: 30 * time.Second, Expect: holds,
	}, 1, folder)
	require.NoError(t, err)
	require.NoError(t, stage.Close())

	verdicts, _, err := checker.JudgeFolder(ctx, folder)
	require.NoError(t, err)
	for _, verdict := range verdicts {
		require.True(t, verdict.AsExpected(), "%+v", verdict)
	}
	requireHarmDone(t, folder)
}

// requireHarmDone makes sure that the attack took place, and that who was to be cut off was.
func requireHarmDone(t *testing.T, folder run.Folder) {
	text, err := os.ReadFile(folder.Path(run.LogsFolder, "hostile.jsonl"))
	require.NoError(t, err)
	var tallies map[string]struct{ Done, CutOff, Borne, Refused int }
	for line := range strings.Lines(string(text)) {
		var printed run.LogLine
		require.NoError(t, json.Unmarshal([]byte(line), &printed))
		require.NoError(t, json.Unmarshal([]byte(printed.Text), &tallies), printed.Text)
	}
	require.Len(t, tallies, 39, "%v", tallies)
	for deed, tally := range tallies {
		require.NotZero(t, tally.Done, deed)
		require.Zero(t, tally.Borne, "%s: not cut off: %+v", deed, tally)
		if strings.HasPrefix(deed, "a crowd") {
			require.Greater(t, tally.CutOff, tally.Done/10, deed)
		}
	}
}
