package conformance_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/conformance"
	"muster/nodes/golden"
	"muster/nodes/golden/goldentest"
	"muster/scenarios"
)

var (
	nativeFlag = flag.Bool("native", false, "play the recordings against nodes that are processes, too, and compare case by case")
	targetFlag = flag.String("target", "", "the `ip:port,ip:port,ip:port` of a cluster to hold against the recordings")
	onlyFlag   = flag.String("only", "", "play only cases in whose name, file/case, this `text` is")
	profileOf  = flag.String("profile", "nacos2", "the profile of the target's recordings: nacos1, nacos2 or auth")
	seedFlag   = flag.Uint64("seed", 1, "the seed of simulated worlds")
)

var guests = sync.OnceValues(func() (*conformance.Programs, error) {
	root, err := scenarios.ModuleRoot(".")
	if err != nil {
		return nil, err
	}
	return conformance.Build(context.Background(), root)
})

var profiles = []string{"nacos2", "nacos1", "auth"}

// simulated are the results of all plays on simulated machines.
var simulated = struct {
	sync.Mutex
	by map[string]golden.Result
}{by: map[string]golden.Result{}}

// TestSimulated plays every recording against three nodes on simulated machines.
func TestSimulated(t *testing.T) {
	programs, err := guests()
	require.NoError(t, err)
	for _, profile := range profiles {
		cluster, err := programs.Boot(profile, *seedFlag)
		require.NoError(t, err)
		t.Cleanup(cluster.Close)
		for _, file := range golden.Files(profile) {
			t.Run(file, func(t *testing.T) {
				t.Parallel()
				begun := time.Now()
				played, err := cluster.Play(t.Context(), file, *onlyFlag, *seedFlag)
				require.NoError(t, err)
				goldentest.Demand(t, played.Results, golden.Meant())
				t.Logf("%v of simulated time in %v", played.Lasted.Round(time.Second), time.Since(begun).Round(time.Millisecond))
				simulated.Lock()
				defer simulated.Unlock()
				for _, r := range played.Results {
					simulated.by[r.Name()] = r
				}
			})
		}
	}
}

// TestSameSeedSamePlay plays one file twice: the same seed is the same play, bit for bit, and another seed has the same results.
func TestSameSeedSamePlay(t *testing.T) {
	programs, err := guests()
	require.NoError(t, err)
	cluster, err := programs.Boot("nacos2", *seedFlag)
	require.NoError(t, err)
	defer cluster.Close()
	first, err := cluster.Play(t.Context(), "v2-core", "", 7)
	require.NoError(t, err)
	again, err := cluster.Play(t.Context(), "v2-core", "", 7)
	require.NoError(t, err)
	require.Equal(t, first, again)
	other, err := cluster.Play(t.Context(), "v2-core", "", 8)
	require.NoError(t, err)
	require.NotEqual(t, first.Hash, other.Hash)
	require.Equal(t, golden.MatrixOf(first.Results), golden.MatrixOf(other.Results))
	_, err = cluster.Play(t.Context(), "v9", "", 7)
	require.ErrorContains(t, err, `there are no recordings "v9"`)
}

// TestSwitches plays cases that are meant to differ because Nacos has a defect there: with the switch on that brings it back they match.
func TestSwitches(t *testing.T) {
	programs, err := guests()
	require.NoError(t, err)
	for defect, cases := range map[string][]string{
		"openapi/versionTwoStaysLocal": {"v2-instance/defect-no-beat-check-elsewhere"},
	} {
		cluster, err := programs.Boot("nacos2", *seedFlag, defect)
		require.NoError(t, err)
		defer cluster.Close()
		for _, name := range cases {
			require.Contains(t, golden.Meant(), name)
			file, _, _ := strings.Cut(name, "/")
			played, err := cluster.Play(t.Context(), file, name, *seedFlag)
			require.NoError(t, err)
			require.Len(t, played.Results, 1, name)
			require.Equal(t, golden.Strict, played.Results[0].Outcome, "%s with %s: %v", name, defect, played.Results[0].Differences)
		}
	}
}

// TestNative plays every recording against three nodes that are processes, and demands that each case comes out as on simulated machines,
// but for those that timing decides about.
func TestNative(t *testing.T) {
	if !*nativeFlag {
		t.Skip("plays in real time for about a minute: run with -native, as make conformance does")
	}
	accounts := filepath.Join(t.TempDir(), "accounts")
	require.NoError(t, os.WriteFile(accounts, golden.Accounts(), 0o600))
	for profile, arguments := range map[string][]string{"nacos2": nil, "nacos1": {"--profile", "nacos1"}, "auth": {"--accounts", accounts}} {
		t.Run(profile, func(t *testing.T) {
			results := goldentest.Test(t, goldentest.StartCluster(t, arguments...), golden.Files(profile)...)
			compared, meant := 0, golden.Meant()
			for _, r := range results {
				if other, played := simulated.by[r.Name()]; played && !golden.Sometimes(meant[r.Name()]) {
					compared++
					require.Equal(t, r.Outcome, other.Outcome, "%s natively and simulated: %v, %v", r.Name(), r.Differences, other.Differences)
				}
			}
			t.Logf("%d of %d cases came out natively as they did on simulated machines", compared, len(results))
		})
	}
}

// TestTarget holds any cluster against the recordings and prints how it came out, topic by topic. It fails only if the cluster cannot be
// asked.
func TestTarget(t *testing.T) {
	if *targetFlag == "" {
		t.Skip("no cluster to judge: name one with -target ip:port,ip:port,ip:port, as make conformance TARGET=… does")
	}
	player, err := golden.NewPlayer(strings.Split(strings.ReplaceAll(*targetFlag, "http://", ""), ","))
	require.NoError(t, err)
	require.NoError(t, player.Reach(t.Context()))
	results, err := player.PlayAll(t.Context(), golden.Order{Files: golden.Files(*profileOf), Only: *onlyFlag, SideBySide: 24, Plays: 2})
	require.NoError(t, err)
	for _, r := range results {
		if r.Outcome == golden.Different {
			t.Logf("%s: %v", r.Name(), r.Differences)
		}
	}
	t.Logf("\n%s", golden.MatrixOf(results))
}
