package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/reports"
	"muster/scenarios/simulated"
	"muster/sim"
)

// ring is a command line that boots machines which greet each other in turn.
func ring(flags ...string) []string {
	return append(append([]string{"run", "./testdata/ring", "--machines", "3"}, flags...),
		"--", "-number", "{n}", "-listen", "{ip}:7", "-next", "{ip:2}:7")
}

func TestRunPrintsWhatMachinesPrint(t *testing.T) {
	code, out, stderr := invoke(t, ring("--for", "2500ms", "--seed", "7", "--env", "MOOD=good-{n}")...)
	require.Equal(t, exitAsExpected, code, stderr)
	require.Contains(t, out, "   0.000000s  n3  machine 3 with MOOD good-3\n")
	require.Contains(t, out, "n2  greetings from 1\n")
	require.Contains(t, out, "n2  greetings from 3\n")
	require.NotContains(t, out, "n1  greetings")
	require.Regexp(t, `(?m)^trace [0-9a-f]{16}, \d+ records, seed 7\n\z`, out)
	require.Contains(t, stderr, "2.5s simulated in")

	_, again, _ := invoke(t, ring("--for", "2500ms", "--seed", "7", "--env", "MOOD=good-{n}")...)
	require.Equal(t, out, again, "the same seed, the same run")
	_, other, _ := invoke(t, ring("--for", "2500ms", "--seed", "8", "--env", "MOOD=good-{n}")...)
	require.NotEqual(t, out, other)
}

func TestRunStrikesFaults(t *testing.T) {
	code, out, stderr := invoke(t, ring("--for", "12s", "--with", "./testdata/ring -number {n} -next n1:7",
		"--at", "8500ms=heal", "--at", "1500ms=kill:2", "--at", "4500ms=restart:n2", "--at", "6500ms=isolate:2")...)
	require.Equal(t, exitAsExpected, code, "who is killed has not failed: %s", stderr)
	require.Contains(t, out, "n1    greetings from 4\n", "the machine of --with has the next number")
	order := []string{"— kill:2", "connection refused", "— restart:n2", "machine 2 with MOOD", "— isolate:2", "i/o timeout", "— heal", "greetings from 1"}
	rest := out
	for _, want := range order {
		_, after, found := strings.Cut(rest, want)
		require.True(t, found, "%q, in its turn, in:\n%s", want, out)
		rest = after
	}
}

func TestRunNamesWhatFails(t *testing.T) {
	code, out, stderr := invoke(t, "run", "./testdata/ring", "--for", "1h", "--", "-next", "n1:7", "-fail", "1500ms")
	require.Equal(t, exitUnexpected, code)
	require.Contains(t, out, "1.500000s  n1  I have had enough\n   1.500000s  n1  — ended with exit code 3\n")
	require.Contains(t, stderr, "failed: n1 (ended with exit code 3)")
	require.Contains(t, stderr, "1.5s simulated", "when all have ended it ends early")
}

func TestTracesOfRunsAreReadAndCompared(t *testing.T) {
	folder := t.TempDir()
	one, two, killed := filepath.Join(folder, "one.gz"), filepath.Join(folder, "two.gz"), filepath.Join(folder, "killed.gz")
	healed := filepath.Join(folder, "healed.gz")
	for file, flags := range map[string][]string{one: nil, two: nil, killed: {"--at", "1500ms=kill:2", "--at", "2500ms=heal"},
		healed: {"--at", "1s=silent-resolver:1", "--at", "2s=heal"}} {
		code, _, stderr := invoke(t, ring(append(flags, "--for", "3s", "--trace", file)...)...)
		require.Equal(t, exitAsExpected, code, stderr)
	}
	code, out, _ := invoke(t, "diff", one, two)
	require.Equal(t, exitAsExpected, code)
	require.Equal(t, "the same, bit for bit\n", out)
	code, out, _ = invoke(t, "diff", one, killed)
	require.Equal(t, exitUnexpected, code)
	require.Contains(t, out, "n2        has its program killed")
	require.Contains(t, out, "Then, 1.5s after the world began, they part at record ")

	code, out, _ = invoke(t, "trace", killed, "--machine", "n2", "--from", "1s", "--to", "2s", "--kind", "machine,console")
	require.Equal(t, exitAsExpected, code)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 4, out)
	require.Contains(t, lines[3], "has its program killed")
	code, out, _ = invoke(t, "trace", killed, "--machine", "n2", "--from", "1s", "--kind", "kill", "--json")
	require.Equal(t, exitAsExpected, code)
	require.Regexp(t, `^\{"t":1500000000,"index":\d+,"kind":"kill","machine":"n2"\}\n$`, out)
	code, _, stderr := invoke(t, "trace", one, "--machine", "n9", "--to", "1s")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "--machine n9: there is none of that name; want one of n1, n2, n3\n")
	code, out, _ = invoke(t, "trace", healed, "--kind", "resolver")
	require.Equal(t, exitAsExpected, code)
	require.Equal(t, "   1.000000000s  n1        has another resolver: it is silent\n   2.000000000s  n1        has another resolver: it answers\n", out)
	code, out, stderr = invoke(t, "trace", killed, "--kind", "resolver")
	require.Equal(t, exitAsExpected, code)
	require.Empty(t, out, "a heal leaves resolvers alone that nothing befell")
	require.Regexp(t, `^none of the \d+ records up to 3s fits\n$`, stderr)
}

func TestDiffTellsWhatDifferedFromTheBeginning(t *testing.T) {
	var out bytes.Buffer
	folders := make([]run.Folder, 2)
	for i := range folders {
		folders[i] = run.Folder(t.TempDir())
		require.NoError(t, folders[i].WriteJSON(run.RunFile, run.Run{Format: run.Format, Scenario: "calm", Seed: uint64(i),
			Guests: []run.Guest{{Name: "registry", SHA256: strings.Repeat(string("ab"[i]), 64)}, {Name: "workload", SHA256: "c"}}}))
	}
	contrast(&out, folders[0], folders[1])
	require.Equal(t, "Not the same seed: 0 and 1.\nNot the same program: registry, build aaaaaaaaaaaa, and registry, build bbbbbbbbbbbb.\n", out.String())
}

// onlyFolder is the one run folder in a folder, whose name must be of a form.
func onlyFolder(t *testing.T, in, form string) string {
	runs, err := run.Find(in)
	require.NoError(t, err)
	require.Len(t, runs, 1)
	require.Regexp(t, form, filepath.Base(string(runs[0])))
	return string(runs[0])
}

// Neither registries that are called alike, nor ways to run one scenario live, replace each other's runs.
func TestRunsOfAnotherKindStandInFoldersOfTheirOwn(t *testing.T) {
	require.Equal(t, programName("node", "testdata/ring"), programName("node", "./testdata/../testdata/ring"))
	require.NotEqual(t, programName("node", "../a/registry"), programName("node", "../b/registry"))

	target := []string{"http://10.0.0.1:8848", "http://10.0.0.2:8848"}
	require.Empty(t, liveFlags{}.variants(nil))
	require.Equal(t, []string{"grpc", "nacos2", "neverExpire", "loopback"},
		liveFlags{protocol: "grpc", profile: "nacos2", broken: defects{"liveness/neverExpire"}, loopback: true}.variants(nil))
	require.Equal(t, []string{"target", "10.0.0.1-8848"}, liveFlags{}.variants(target))
}

func TestAnotherRegistryTakesThePlaceOfOurs(t *testing.T) {
	folder := t.TempDir()
	code, _, stderr := invoke(t, "simulate", "calm", "--node", "./testdata/ring", "--out", folder)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "n1", "the ring does not know our flags")
	written, err := run.Folder(onlyFolder(t, folder, `^calm-node-ring-[0-9a-f]{6}-seed1$`)).ReadRun()
	require.NoError(t, err)
	require.Equal(t, "ring", written.Guests[0].Name)
	require.Equal(t, "workload", written.Guests[1].Name)
	here, err := filepath.Abs("testdata/ring")
	require.NoError(t, err)
	require.Equal(t, here, simulated.NodeOf(written), "a replay finds it")
	require.Equal(t, "node: ring", reports.Result{Run: written}.Nodes())
}

func TestBuildKeepsTheModule(t *testing.T) {
	folder := t.TempDir()
	code, out, stderr := invoke(t, "build", "./testdata/ring", "-o", folder)
	require.Equal(t, exitAsExpected, code, stderr)
	require.Contains(t, out, filepath.Join(folder, "ring.wasm")+": ")
	module, err := os.ReadFile(filepath.Join(folder, "ring.wasm"))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(module, []byte("\x00asm")))
}

func TestBuildSaysWhatCannotRun(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go.mod"), []byte("module example/mapper\n\ngo 1.26\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.go"),
		[]byte("package main\n\nimport \"syscall\"\n\nfunc main() { syscall.Mmap(0, 0, 1, 0, 0) }\n"), 0o644))
	for _, command := range []string{"build", "run"} {
		code, _, stderr := invoke(t, command, folder)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, folder+": example/mapper cannot run on simulated machines as it is:")
		require.Contains(t, stderr, "wants mmap")
	}
}

func TestWrongRuns(t *testing.T) {
	folder := t.TempDir()
	for want, arguments := range map[string][]string{
		"--machines 0: want at least 1":                                    {"run", ".", "--machines", "0"},
		"--for 0s: want a positive duration":                               {"run", ".", "--for", "0"},
		`--env "X": want NAME=VALUE`:                                       {"run", ".", "--env", "X"},
		"its memory limit of 64 KiB is below the":                          {"run", "./testdata/ring", "--memory", "1K"},
		`--memory "2T": want a number with K, M or G`:                      {"run", ".", "--memory", "2T"},
		`want {ip:N} with a machine's number from 1 to 1`:                  {"run", ".", "--", "{ip:2}"},
		`--at "kill:1": want TIME=FAULT`:                                   {"run", ".", "--at", "kill:1"},
		`time "soon": want a duration`:                                     {"run", ".", "--at", "soon=kill:1"},
		`fault "explode": want one of isolate, partition, cut`:             {"run", ".", "--at", "1s=explode:1"},
		`fault "slow-disk" is for scenarios`:                               {"run", ".", "--at", "1s=slow-disk:1"},
		`machine "4": want a number from 1 to 1 or one of n1`:              {"run", ".", "--at", "1s=kill:4"},
		"want two sides, for example cut:1/2,3":                            {"run", ".", "--at", "1s=cut:1"},
		"heal is for the whole network: want no machines":                  {"run", ".", "--at", "1s=heal:1"},
		"--with: want 'PACKAGE ARGUMENT...'":                               {"run", ".", "--with", ""},
		"--trace: trace level \"some\": want none, faults, normal or full": {"simulate", "calm", "--trace", "some"},
		"no trace: want the folder of a simulated run":                     {"trace", folder},
		"--to 1s: want a time after --from 2s":                             {"trace", folder, "--from", "2s", "--to", "1s"},
		`--kind: kind "packets": want machine, fault, console`:             {"trace", folder, "--kind", "packets"},
		"no run folder or trace file at ":                                  {"diff", folder + "/none", folder + "/none"},
	} {
		code, _, stderr := invoke(t, arguments...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, want)
	}
}

func TestStrikes(t *testing.T) {
	machines := []machinePlan{{name: "n1"}, {name: "n2"}, {name: "client-2"}}
	strikes, err := parseStrikes([]string{"2s=partition:1,client-2/n2", "1s=cut:1/3", "1s=heal"}, machines)
	require.NoError(t, err)
	require.Equal(t, []strike{
		{time.Second, "cut:1/3", "cut", [][]string{{"n1"}, {"client-2"}}},
		{time.Second, "heal", "heal", nil},
		{2 * time.Second, "partition:1,client-2/n2", "partition", [][]string{{"n1", "client-2"}, {"n2"}}},
	}, strikes)

	world, err := sim.New(sim.Options{})
	require.NoError(t, err)
	defer world.Close()
	require.NoError(t, strikes[1].do(world), "there may be nothing to heal")
}

func TestNamesAndAddresses(t *testing.T) {
	require.Equal(t, "10.0.1.1", addressOf(257).String())
	require.Equal(t, "my-client", hostName("./examples/My_Client"))
	require.Equal(t, "muster", hostName("."))
	require.Equal(t, "other", hostName("../例"))
	size, err := parseSize("256M")
	require.NoError(t, err)
	require.EqualValues(t, 256<<20, size)

	f := runFlags{machines: 1, lasts: time.Second, with: []string{"./client {n}", "../x/client {ip:1}"}}
	machines, err := f.plan("./server", []string{"{n}{ip}", "{other}"})
	require.NoError(t, err)
	require.Equal(t, []machinePlan{
		{"n1", "./server", []string{"110.0.0.1", "{other}"}},
		{"client", "./client", []string{"2"}},
		{"client-2", "../x/client", []string{"10.0.0.1"}},
	}, machines)
}

// Nodes are upgraded to the build that was named, and a replay finds it again.
func TestNodesAreUpgradedToTheBuildThatIsNamed(t *testing.T) {
	folder := t.TempDir()
	code, out, stderr := invoke(t, "simulate", "rolling-upgrade", "--node-next", "../registry", "--trace", "none", "--out", folder)
	require.Equal(t, exitAsExpected, code, out+stderr)
	written, err := run.Folder(onlyFolder(t, folder, `^rolling-upgrade-next-registry-[0-9a-f]{6}-seed1$`)).ReadRun()
	require.NoError(t, err)
	require.Len(t, written.Guests, 3)
	require.Equal(t, "registry-next", written.Guests[2].Name)
	require.NotEqual(t, written.Guests[0].SHA256, written.Guests[2].SHA256, "ours has failpoints, and a package that is named has none")
	here, err := filepath.Abs("../registry")
	require.NoError(t, err)
	require.Equal(t, here, simulated.NextOf(written))
	require.Equal(t, "node-next: registry", reports.Result{Run: written}.Nodes())
}
