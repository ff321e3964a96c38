//go:build linux

package bench

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim"
)

// nodes boots whole nodes in clusters of so many, and runs them until all of them serve.
func nodes(b *testing.B, program sim.Program, clusters, size int) *sim.World {
	ready := 0
	world, err := sim.New(sim.Options{Seed: 1, Output: func(line sim.Line) {
		event, ok := run.ParseNodeEvent(line.Machine, run.LogLine{Text: line.Text})
		if ok && event.Name == run.EventNodeReady {
			ready++
		}
	}})
	require.NoError(b, err)
	for cluster := range clusters {
		var members []string
		for i := range size {
			members = append(members, fmt.Sprintf("10.0.0.%d:8848", cluster*size+i+1))
		}
		for i, member := range members {
			booted, err := world.Boot(scenarios.NodeName(cluster*size+i+1), program,
				"--addr", member, "--members", strings.Join(members, ","), "--data", "/data", "--insecure")
			require.NoError(b, err)
			require.Equal(b, member, booted.Address().String()+":8848")
		}
	}
	for ready < clusters*size {
		require.NoError(b, world.Run(10*time.Millisecond))
		require.Less(b, world.Now(), 10*time.Second, "all nodes serve")
	}
	return world
}

func registry(b *testing.B, w way) sim.Program { return load(b, w, "cmd/registry", simulated.Tags...) }

// BenchmarkIdle: three nodes that have elected a leader and have nothing to do but tell each other that they live.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		var worlds [2]*sim.World
		for i, w := range []way{fast, allOff} {
			worlds[i] = nodes(b, registry(b, w), 1, 3)
			require.NoError(b, worlds[i].Run(10*time.Second))
		}
		fastly, slowly := inTurn(b, worlds[0], worlds[1], 20*time.Second)
		report(b, "idle", fastly, slowly...)
		for _, world := range worlds {
			require.NoError(b, world.Close())
		}
	}
}

// load50 is ten clients with fifty operations a second and their beats, recorded into a run folder as any run is, but without observers,
// which are the harness's and no client's.
var load50 = scenarios.Scenario{
	Name: "load50", Claim: "Fifty operations a second.", Source: "A benchmark.",
	Profiles: []scenarios.Profile{scenarios.Nacos2}, Cluster: scenarios.Nodes(3),
	Load: model.Load{
		EphemeralClients: 5, PersistentClients: 5, EphemeralServices: 2, PersistentServices: 2,
		OperationsPerSecond: 50, ReadShare: 0.5, Timeout: 3 * time.Second, BeatInterval: 5 * time.Second, WarmUp: 2 * time.Second,
		Stop: 40 * time.Second,
	},
	Lasts:  40 * time.Second,
	Expect: scenarios.Expect{checker.Linearizable: checker.Holds},
}

// BenchmarkLoad50 also holds the fast world against one that is slow but for the standard library: those are the same run. With the plain
// library the nodes collect garbage at other moments and soon take another course, under the same load.
func BenchmarkLoad50(b *testing.B) {
	engine, err := checkedEngine()
	require.NoError(b, err)
	fastPrograms, err := simulated.BuildPrograms(b.Context(), moduleRoot(b))
	require.NoError(b, err)
	samePrograms, err := simulated.BuildSlowPrograms(b.Context(), moduleRoot(b), engine, false)
	require.NoError(b, err)
	slowPrograms, err := simulated.BuildSlowPrograms(b.Context(), moduleRoot(b), engine, true)
	require.NoError(b, err)
	for b.Loop() {
		var fastly, slowly []float64
		var fastRun, slowRun loaded
		for round := range 3 {
			fast, rate := drive(b, fastPrograms)
			fastly = append(fastly, rate)
			slow, rate := drive(b, slowPrograms)
			slowly = append(slowly, rate)
			if round > 0 {
				require.Equal(b, fastRun, fast, "a run repeats")
				require.Equal(b, slowRun, slow, "a run repeats")
			}
			fastRun, slowRun = fast, slow
		}
		same, _ := drive(b, samePrograms)
		require.Equal(b, fastRun, same, "however fast, it is the same run")
		require.InEpsilon(b, fastRun.operations, slowRun.operations, 0.02, "clients of both ask for the same")
		require.InEpsilon(b, fastRun.records, slowRun.records, 0.05, "both worlds have as much to do")
		report(b, "load50", fastly, slowly...)
	}
}

// loaded is what a run under load came to.
type loaded struct {
	traceHash           string
	records, operations int
}

// drive runs load50 and returns simulated seconds per processor second, too.
func drive(b *testing.B, programs *simulated.Programs) (loaded, float64) {
	stage := simulated.New(programs, simulated.Options{})
	folder := run.Folder(b.TempDir())
	var ran run.Run
	took := cost(b, func() {
		var err error
		ran, err = scenarios.Drive(b.Context(), stage, load50, 1, folder)
		require.NoError(b, err)
	})
	require.NoError(b, stage.Close())
	return loaded{ran.TraceHash, int(ran.TraceRecords), ran.HistoryRecords}, ran.Lasted.Seconds() / took.Seconds()
}

// BenchmarkBoot: from nothing to three nodes that serve, the guests' compiled code at hand.
func BenchmarkBoot(b *testing.B) {
	program := registry(b, fast)
	require.NoError(b, nodes(b, program, 1, 3).Close())
	for b.Loop() {
		var costs []float64
		for range rounds {
			var world *sim.World
			took := cost(b, func() { world = nodes(b, program, 1, 3) })
			costs = append(costs, float64(took.Microseconds())/1000)
			require.NoError(b, world.Close())
		}
		report(b, "boot", costs)
	}
}

// BenchmarkMachines200: forty clusters of five nodes in one world, after ten simulated seconds.
func BenchmarkMachines200(b *testing.B) {
	program := registry(b, fast)
	for b.Loop() {
		debug.FreeOSMemory()
		before := residentGigabytes(b)
		world := nodes(b, program, 40, 5)
		require.NoError(b, world.Run(10*time.Second))
		require.Len(b, world.Machines(), 200)
		debug.FreeOSMemory()
		report(b, "machines200", []float64{residentGigabytes(b) - before})
		require.NoError(b, world.Close())
	}
}

// residentGigabytes is how much memory this process has.
func residentGigabytes(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	require.NoError(b, err, "resident memory is read from Linux's /proc")
	_, after, found := strings.Cut(string(text), "VmRSS:")
	require.True(b, found)
	kilobytes, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	require.NoError(b, err)
	return kilobytes / (1 << 20)
}
