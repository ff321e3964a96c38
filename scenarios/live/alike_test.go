package live

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/guest"
)

// scripted is a scenario whose workload is testdata/script: one client that does one thing after another.
func scripted() scenarios.Scenario {
	s := brief()
	s.Name, s.Claim = "scripted", "A registry does the same on every stage."
	s.Cluster, s.Plan, s.Bounds = scenarios.Nodes(3), nil, checker.Bounds{}
	s.Lasts = 20 * time.Second
	return s
}

// TestStagesLeaveTheSameHistory holds the simulated stage against the live one: the same nodes and the same script must leave the same
// history, but for times and addresses.
func TestStagesLeaveTheSameHistory(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	root, err := scenarios.ModuleRoot(".")
	require.NoError(t, err)

	binaries, err := programsForTest()
	require.NoError(t, err)
	binaries.Workload = filepath.Join(t.TempDir(), "script")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binaries.Workload, "./testdata/script").CombinedOutput()
	require.NoError(t, err, "%s", out)
	real := story(ctx, t, New(Options{Programs: binaries, Loopback: true}))

	guests, err := simulated.BuildPrograms(ctx, root)
	require.NoError(t, err)
	script, err := guest.Build(ctx, guest.Options{Package: "./testdata/script", Cache: filepath.Join(root, "build", "guests"), Tags: simulated.Tags})
	require.NoError(t, err)
	require.NoError(t, guests.UseWorkload(ctx, script))
	require.Equal(t, lines(t, real), lines(t, story(ctx, t, simulated.New(guests, simulated.Options{}))))

	calls := map[string]int{}
	for _, record := range real {
		calls[string(record.Call)+" "+string(record.Phase)]++
	}
	require.Equal(t, "nowhere", real[len(real)-1].Node, "the script came to its end")
	for _, call := range []string{"register ok", "register fail", "update ok", "deregister ok", "beat ok", "beat fail", "query ok", "query fail",
		"observe ok", "create-service ok", "create-service fail", "delete-service ok", "delete-service fail", "list-services ok"} {
		require.NotZero(t, calls[call], "no %q among %v", call, calls)
	}
}

// lines writes records as a history does, where differences are easier to read.
func lines(t *testing.T, records []model.Record) []string {
	var all []string
	for _, record := range records {
		line, err := json.Marshal(record)
		require.NoError(t, err)
		all = append(all, string(line))
	}
	return all
}

// addresses of nodes and of connections, which differ from stage to stage.
var addresses = regexp.MustCompile(`(127\.\d+\.\d+\.\d+|10\.0\.0\.\d+)(:\d+)?`)

// story plays the script on a stage and returns its history without times and addresses.
func story(ctx context.Context, t *testing.T, stage scenarios.Stage) []model.Record {
	folder := run.Folder(t.TempDir())
	_, err := scenarios.Drive(ctx, stage, scripted(), 1, folder)
	require.NoError(t, err)
	require.NoError(t, stage.Close())
	history, err := folder.ReadHistory()
	require.NoError(t, err)
	for i := range history.Records {
		record := &history.Records[i]
		record.T = 0
		record.Error = addresses.ReplaceAllString(record.Error, "ADDRESS")
	}
	return history.Records
}
