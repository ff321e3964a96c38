package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
)

// briefly is a scenario of six seconds.
func briefly() scenarios.Scenario {
	return scenarios.Scenario{
		Name: "brief", Claim: "It is over soon.", Profiles: []scenarios.Profile{scenarios.Nacos2}, Cluster: scenarios.Nodes(3),
		Load: model.Load{
			EphemeralClients: 1, EphemeralServices: 1, PersistentClients: 1, PersistentServices: 1, OperationsPerSecond: 20, ReadShare: 0.5,
			Timeout: time.Second, BeatInterval: 5 * time.Second, WarmUp: 2 * time.Second,
		},
		Plan:  scenarios.Plan{scenarios.At(3*time.Second, scenarios.Crash(scenarios.Node(2)))},
		Lasts: 6 * time.Second, Expect: scenarios.Expect{checker.Durable: checker.Holds},
	}
}

// brief leaves a run of six seconds in a folder, with or without checkpoints.
func brief(t *testing.T, checkpoints bool) run.Folder {
	root, err := scenarios.ModuleRoot(".")
	require.NoError(t, err)
	programs, err := simulated.BuildPrograms(t.Context(), root)
	require.NoError(t, err)
	folder := run.Folder(filepath.Join(t.TempDir(), "brief-seed5"))
	job := scenarios.Job{Scenario: briefly(), Seed: 5, Folder: folder}
	if stage := simulated.New(programs, simulated.Options{}); checkpoints {
		err = driveWithCheckpoints(t.Context(), stage, job)
	} else {
		_, err = drive(t.Context(), stage, job)
	}
	require.NoError(t, err)
	return folder
}

func TestVisits(t *testing.T) {
	folder := string(brief(t, false))
	var before string
	for _, how := range []string{"simulated", "from a checkpoint"} {
		code, out, stderr := invoke(t, "replay", folder, "--until", "4500ms")
		require.Equal(t, exitAsExpected, code, stderr)
		require.Contains(t, out, " at 4500ms of 6s, seed 5: brief\n")
		require.Regexp(t, `(?m)^  n2 +10\.0\.0\.2 +crashed +1 +00:00:04\.500 +0s +-$`, out)
		require.Regexp(t, `(?m)^  n1 +(leader|follower|candidate) since term \d`, out)
		require.Contains(t, out, "  crash n2, since 3s\n")
		require.Regexp(t, `(?m)^  clients > n1: \d+$`, out)
		require.Regexp(t, `(?m)^  n3 +\{"time"`, out)
		require.Contains(t, out, "Pending operations of clients: ")
		require.True(t, before == "" || before == out, how)
		before = out
	}
	// The run kept no packets, a visit shows them.
	code, out, stderr := invoke(t, "replay", folder, "--from", "2900ms", "--to", "3100ms", "--machine", "n2", "--kind", "delivered,crash")
	require.Equal(t, exitAsExpected, code, stderr)
	require.Regexp(t, `2\.9\d+s  n\d .*packet to .* arrives`, out)
	require.Contains(t, out, "   3.000000000s  n2        loses its power\n")
	require.NotContains(t, out, "   3.2")
	code, out, _ = invoke(t, "replay", folder, "--checkpoints")
	require.Equal(t, exitAsExpected, code)
	require.Equal(t, "3 checkpoints up to 6s\n", out)
	code, out, _ = invoke(t, "replay", folder)
	require.Equal(t, exitAsExpected, code)
	require.Contains(t, out, "the same run, bit for bit")

	for _, typed := range []string{"0s", "5200ms", "0.1m"} {
		code, out, _ = invoke(t, "replay", folder, "--until", typed)
		require.Equal(t, exitAsExpected, code)
		require.Contains(t, out, " at "+typed+" of 6s, seed 5: brief\n")
	}

	code, out, _ = invoke(t, "prune", filepath.Dir(folder))
	require.Equal(t, exitAsExpected, code)
	require.Regexp(t, `^checkpoints deleted: 3, with [1-9]\d*\.\d MB\n$`, out)
	code, out, _ = invoke(t, "replay", folder, "--until", "4500ms")
	require.Equal(t, exitAsExpected, code)
	require.Equal(t, before, out, "what is deleted is made again")

	for want, flags := range map[string][]string{
		"--machine is about what --from shows":   {"--until", "1s", "--machine", "n1"},
		"--to is about what --from shows":        {"--to", "1s"},
		"--out keeps a run":                      {"--until", "1s", "--out", t.TempDir()},
		"--until 0.5m: want a time from 0 to 6s": {"--until", "0.5m"},
		"want a duration such as 34.2s":          {"--until", "7"},
		"want one of them":                       {"--until", "1s", "--from", "1s"},
		"want a time after --from 2s":            {"--from", "2s", "--to", "1s"},
		`--trace: trace level "some"`:            {"--from", "2s", "--trace", "some"},
		`kind "packets": want machine`:           {"--from", "2s", "--kind", "packets"},
	} {
		code, _, stderr := invoke(t, append([]string{"replay", folder}, flags...)...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, want)
	}

	code, _, stderr = invoke(t, "trace", folder, "--machine", "n1,n9")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "--machine n9: there is none of that name; want one of clients, n1, n2, n3")
	code, out, stderr = invoke(t, "trace", folder, "--machine", "n1", "--from", "3s", "--to", "4s", "--kind", "delivered")
	require.Equal(t, exitAsExpected, code)
	require.Empty(t, out)
	require.Contains(t, stderr, "the trace is of level normal, which does not keep delivered\n"+
		"muster replay "+folder+" --from 3s --to 4s --machine n1 --kind delivered --trace full shows it\n")
}
