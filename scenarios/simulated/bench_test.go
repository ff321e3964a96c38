package simulated

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/scenarios"
	"muster/sim"
)

// figuresFile is where the benchmarks leave what they measured, for machines to read.
var figuresFile = flag.String("figures", "", "write the figures that benchmarks measured to this `FILE`, as JSON")

// figure is one line of that file.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

var figures []figure

func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if *figuresFile != "" {
		text, err := json.MarshalIndent(figures, "", "  ")
		if err == nil {
			err = os.WriteFile(*figuresFile, append(text, '\n'), 0o666)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "figures:", err)
			status = 1
		}
	}
	os.Exit(status)
}

// measured reports a figure; the last of a benchmark's iterations counts.
func measured(b *testing.B, name string, value float64, unit string) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(value, strings.ReplaceAll(unit, " ", "-"))
	for i := range figures {
		if figures[i].Name == name {
			figures[i].Value = value
			return
		}
	}
	figures = append(figures, figure{name, value, unit})
}

const speed = "simulated s / CPU s"

// processTime is the processor time of this process, user and system, all threads.
func processTime(b *testing.B) time.Duration {
	var usage unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// threeNodes boots a world of three nodes, and runs it until all of them serve.
func threeNodes(b *testing.B, programs *Programs) *sim.World {
	ready := 0
	world, err := sim.New(sim.Options{Seed: 1, Output: func(line sim.Line) {
		event, ok := run.ParseNodeEvent(line.Machine, run.LogLine{Text: line.Text})
		if ok && event.Name == run.EventNodeReady {
			ready++
		}
	}})
	require.NoError(b, err)
	var members []string
	for number := 1; number <= 3; number++ {
		members = append(members, "10.0.0."+strconv.Itoa(number)+":8848")
	}
	for i, member := range members {
		_, err := world.Boot(scenarios.NodeName(i+1), programs.registry,
			"--addr", member, "--members", strings.Join(members, ","), "--data", dataFolder)
		require.NoError(b, err)
	}
	for ready < 3 {
		require.NoError(b, world.Run(10*time.Millisecond))
		require.Less(b, world.Now(), 10*time.Second, "three nodes serve")
	}
	return world
}

func benchmarkPrograms(b *testing.B) *Programs {
	root, err := scenarios.ModuleRoot(".")
	require.NoError(b, err)
	programs, err := BuildPrograms(b.Context(), root)
	require.NoError(b, err)
	return programs
}

// BenchmarkIdle: three nodes that have elected a leader and have nothing to do but tell each other that they live.
func BenchmarkIdle(b *testing.B) {
	programs := benchmarkPrograms(b)
	for b.Loop() {
		world := threeNodes(b, programs)
		require.NoError(b, world.Run(10*time.Second))
		before, began := processTime(b), world.Now()
		require.NoError(b, world.Run(time.Minute))
		measured(b, "idle", (world.Now()-began).Seconds()/(processTime(b)-before).Seconds(), speed)
		require.NoError(b, world.Close())
	}
}

// BenchmarkLoad50: three nodes and ten clients with fifty operations a second and their beats, recorded into a run folder as any
// run is, but without observers, which are the harness's and no client's.
func BenchmarkLoad50(b *testing.B) {
	programs := benchmarkPrograms(b)
	scenario := scenarios.Scenario{
		Name: "load50", Claim: "Fifty operations a second.", Source: "A benchmark.",
		Profiles: []scenarios.Profile{scenarios.Nacos2}, Cluster: scenarios.Nodes(3),
		Load: model.Load{
			EphemeralClients: 5, PersistentClients: 5, EphemeralServices: 2, PersistentServices: 2,
			OperationsPerSecond: 50, ReadShare: 0.5, Timeout: 3 * time.Second, BeatInterval: 5 * time.Second, WarmUp: 2 * time.Second,
			Stop: time.Minute,
		},
		Lasts:  time.Minute,
		Expect: scenarios.Expect{checker.Linearizable: checker.Holds},
	}
	for b.Loop() {
		stage := New(programs, Options{})
		before := processTime(b)
		ran, err := scenarios.Drive(b.Context(), stage, scenario, 1, run.Folder(b.TempDir()))
		require.NoError(b, err)
		measured(b, "load50", ran.Lasted.Seconds()/(processTime(b)-before).Seconds(), speed)
		require.NoError(b, stage.Close())
	}
}

// BenchmarkBoot: from nothing to three nodes that serve, the guests' compiled code at hand.
func BenchmarkBoot(b *testing.B) {
	programs := benchmarkPrograms(b)
	require.NoError(b, threeNodes(b, programs).Close())
	for b.Loop() {
		before := processTime(b)
		world := threeNodes(b, programs)
		measured(b, "boot", float64((processTime(b)-before).Microseconds())/1000, "CPU ms")
		require.NoError(b, world.Close())
	}
}

// BenchmarkMemory: what each of three nodes adds to the process's resident memory, after a minute.
func BenchmarkMemory(b *testing.B) {
	programs := benchmarkPrograms(b)
	require.NoError(b, threeNodes(b, programs).Close()) // what is shared is there now
	for b.Loop() {
		debug.FreeOSMemory()
		before := residentMemory(b)
		world := threeNodes(b, programs)
		require.NoError(b, world.Run(time.Minute))
		debug.FreeOSMemory()
		measured(b, "memory", (residentMemory(b)-before)/3, "MB a machine")
		require.NoError(b, world.Close())
	}
}

// residentMemory of this process in MB.
func residentMemory(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	require.NoError(b, err, "resident memory is read from Linux's /proc")
	_, after, found := strings.Cut(string(text), "VmRSS:")
	require.True(b, found)
	kilobytes, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	require.NoError(b, err)
	return kilobytes / 1024
}
