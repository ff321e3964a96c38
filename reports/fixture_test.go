package reports

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
)

// fixture makes run folders that look like those of a real run: a minute, three nodes, fifty operations a second; the leader is
// isolated from 10 s to 30 s, a clock is off from 15 s on, and a node crashes at 40 s.
type fixture struct {
	scenario string
	seed     uint64
	// failover is how long no persistent write succeeds after the leader is cut off.
	failover time.Duration
	// converge is how long the views differ after the heal.
	converge time.Duration
	verdicts []checker.Verdict
	// change is applied to run.json last.
	change func(*run.Run)
}

const (
	isolated = 10 * time.Second
	healed   = 30 * time.Second
	crashed  = 40 * time.Second
	rebooted = 45 * time.Second
	lasted   = 60 * time.Second
)

var fixtureNodes = []string{"n1", "n2", "n3"}

// aViolation is a page with everything that could break the attribute which it is embedded in.
const aViolation = `<!DOCTYPE html><html><body><p id='x'>it's "here" &amp; there</p><script>document.title = 'seen'</script></body></html>`

func newFixture(seed uint64) fixture {
	f := fixture{scenario: "leader-isolated", seed: seed}
	random := f.random()
	f.failover = 1500*time.Millisecond + time.Duration(random.IntN(2500))*time.Millisecond
	f.converge = 2*time.Second + time.Duration(random.IntN(6000))*time.Millisecond
	service := model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}
	f.verdicts = []checker.Verdict{
		{Property: checker.Linearizable, Outcome: checker.Holds, Expected: checker.Holds, Guarantee: "Persistent writes and linearizable reads of a service behave as on one machine.", Reason: "912 operations on 5 services."},
		{Property: checker.LocalReads, Outcome: checker.Violated, Expected: checker.Violated, Guarantee: "Local reads, too, see the latest write.", Reason: "A read on n1 missed a write that n2 had acknowledged 4.2 s before.",
			Evidence: []checker.Evidence{
				{T: 14200 * time.Millisecond, Text: "write acknowledged", Client: "p2", Op: 31, Node: "n2", Service: &service},
				{T: 18400 * time.Millisecond, Text: "read <b>without</b> it", Client: "p4", Op: 77, Node: "n1", Service: &service, File: "porcupine-orders.html"},
			}},
		{Property: checker.Durable, Outcome: checker.Holds, Expected: checker.Holds, Guarantee: "No acknowledged persistent write is missing in the end.", Reason: "288 acknowledged writes."},
		{Property: checker.Converged, Outcome: checker.Violated, Expected: checker.Holds, Guarantee: "All nodes list the same ephemeral instances 10 s after the last fault.", Reason: "n3 lacked 2 instances until the end.",
			Evidence: []checker.Evidence{{T: 55 * time.Second, Text: "n3 lists 8 of 10", Node: "n3"}}},
		{Property: checker.NoLoss, Outcome: checker.Undecided, Expected: checker.Holds, Guarantee: "What a live client registered is listed.", Reason: "No registration outlived the run."},
		{Property: checker.Expiry, Outcome: checker.Undecided, Guarantee: "Silent instances go within bounds.", Reason: "No client fell silent."},
	}
	return f
}

func (f fixture) random() *rand.Rand { return rand.New(rand.NewPCG(f.seed, 7)) }

// write makes the folder.
func (f fixture) write(t testing.TB, folder run.Folder) run.Folder {
	t.Helper()
	require.NoError(t, folder.WriteJSON(run.RunFile, f.run()))
	require.NoError(t, folder.WriteJSON(run.PlanFile, f.plan()))
	var history bytes.Buffer
	require.NoError(t, model.WriteHistory(&history, f.history()))
	require.NoError(t, folder.WriteFile(run.HistoryFile, history.Bytes()))
	for i, node := range fixtureNodes {
		writeJSONLines(t, folder, filepath.Join(run.LogsFolder, node+".jsonl"), f.log(i))
	}
	writeJSONLines(t, folder, run.ClocksFile, f.clocks())
	require.NoError(t, checker.WriteVerdicts(folder, f.verdicts))
	in, _, err := checker.ReadInput(folder)
	require.NoError(t, err)
	in.Bounds.Converge = 5 * time.Second // the last fault ends 15 s before the run does
	require.NoError(t, checker.WriteFigures(folder, checker.Measure(in)))
	require.NoError(t, folder.WriteFile("porcupine-orders.html", []byte(aViolation)))
	return folder
}

func writeJSONLines[T any](t testing.TB, folder run.Folder, name string, values []T) {
	t.Helper()
	var text bytes.Buffer
	for _, value := range values {
		require.NoError(t, json.NewEncoder(&text).Encode(value))
	}
	require.NoError(t, folder.WriteFile(name, text.Bytes()))
}

// writeFolders makes one folder for each seed.
func writeFolders(t testing.TB, below string, fixtures ...fixture) []run.Folder {
	t.Helper()
	var folders []run.Folder
	for _, f := range fixtures {
		folders = append(folders, f.write(t, run.Folder(filepath.Join(below, fmt.Sprintf("%s-%d", f.scenario, f.seed)))))
	}
	return folders
}

func (f fixture) run() run.Run {
	r := run.Run{
		Format: run.Format, Scenario: f.scenario, Seed: f.seed, Stage: "simulated", Profile: "nacos2", Lasted: lasted,
		Claim: "A leader cut off from its followers acknowledges nothing; the rest elect another within 5 s.",
		Machines: []run.Machine{
			{Name: "n1", Address: "10.0.0.1", Role: "node"}, {Name: "n2", Address: "10.0.0.2", Role: "node"},
			{Name: "n3", Address: "10.0.0.3", Role: "node"}, {Name: "clients", Address: "10.0.1.1", Role: "workload"},
		},
		Guests:   []run.Guest{{Name: "registry", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Size: 21_400_000}},
		Versions: map[string]string{"muster": "v0.1.0", "go": "go1.26.8", "wazero": "v1.12.0"},
		Options:  map[string]string{"latency": "0.2 ms to 1.4 ms", "loss": "0"},
		Replay:   fmt.Sprintf("make simulate SCENARIO=%s SEED=%d", f.scenario, f.seed),
		Cost:     run.Cost{Wall: 4 * time.Second, CPU: 5 * time.Second}, TraceHash: "3c9909afec25354d551dae21590bb26e", TraceRecords: 181_240,
		Expect: map[string]string{"linearizable": "holds", "local-reads-linearizable": "violated", "durable": "holds", "converged": "holds", "no-loss": "holds"},
	}
	if f.change != nil {
		f.change(&r)
	}
	return r
}

func (f fixture) plan() run.Plan {
	return run.Plan{Format: run.Format, Strikes: []run.Strike{
		{At: isolated, Until: healed, Kind: "isolate", Text: "isolate n1 (leader)", Machines: []string{"n1"}, Bit: true, Evidence: "312 packets dropped"},
		{At: 15 * time.Second, Until: 35 * time.Second, Kind: "clock-offset", Text: "n3's clock 30 s ahead", Machines: []string{"n3"}, Bit: true, Evidence: "offset measured"},
		{At: 20 * time.Second, Until: 22 * time.Second, Kind: "slow-link", Text: "slow n2 to n3", Machines: []string{"n2", "n3"}},
		{At: healed, Kind: "heal", Text: "heal", Bit: true},
		{At: 35 * time.Second, Kind: "clock-reset", Text: "n3's clock set right", Machines: []string{"n3"}, Bit: true},
		{At: 36 * time.Second, Kind: "cut", Text: "cut n1 to n2", Machines: []string{"n1"}, Skipped: "this stage cannot cut one way"},
		{At: crashed, Until: rebooted, Kind: "crash", Text: "crash n3", Machines: []string{"n3"}, Bit: true, Evidence: "memory dropped"},
		{At: rebooted, Kind: "restart", Text: "restart n3", Machines: []string{"n3"}, Bit: true},
	}}
}

func (f fixture) history() model.History {
	random := f.random()
	h := model.History{Header: model.Header{Format: model.HistoryFormat, Scenario: f.scenario, Seed: f.seed, Stage: "simulated", Profile: "nacos2", Nodes: fixtureNodes, End: lasted}}
	ops := map[string]int64{}
	add := func(at, took time.Duration, client string, outcome model.Phase, invoked, completed model.Record) {
		ops[client]++
		invoked.T, invoked.Client, invoked.Op, invoked.Phase = at, client, ops[client], model.Invoke
		completed.T, completed.Client, completed.Op, completed.Phase, completed.Call = at+took, client, ops[client], outcome, invoked.Call
		h.Records = append(h.Records, invoked, completed)
	}
	latency := func() time.Duration {
		return time.Duration(float64(3*time.Millisecond) * (1 + random.ExpFloat64()))
	}
	for at := time.Second; at < lasted-2*time.Second; at += 20 * time.Millisecond {
		client := fmt.Sprintf("c%d", random.IntN(10))
		node := fixtureNodes[random.IntN(3)]
		invoked := model.Record{Node: node, Service: f.service(random.IntN(5)), Ephemeral: random.IntN(2) == 0}
		instance := &model.Instance{IP: "192.168.0.1", Port: 8000 + random.IntN(20), Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true, Ephemeral: invoked.Ephemeral}
		took, outcome := latency(), model.OK
		switch random.IntN(3) {
		case 0:
			invoked.Call, invoked.Instance = model.Register, instance
		case 1:
			invoked.Call, invoked.Read = model.Query, model.ReadLocal
		default:
			invoked.Call, invoked.Read = model.Query, model.ReadLinearizable
		}
		leaderless := at > isolated && at < isolated+f.failover || node == "n1" && at > isolated && at < healed
		if !invoked.Ephemeral && leaderless && invoked.Read != model.ReadLocal {
			took, outcome = 2*time.Second, model.Unknown
		}
		if node == "n3" && at > crashed && at < rebooted {
			took, outcome = time.Millisecond, model.Fail
		}
		add(at, took, client, outcome, invoked, model.Record{Status: 200})
	}
	for i := range 10 {
		for at := time.Duration(i) * 300 * time.Millisecond; at < lasted; at += 5 * time.Second {
			add(at, latency(), fmt.Sprintf("e%d", i), model.OK, model.Record{Call: model.Beat, Ephemeral: true, Node: "n2", Service: f.service(0)}, model.Record{})
		}
	}
	f.observe(add)
	slices.SortStableFunc(h.Records, func(a, b model.Record) int { return cmp.Compare(a.T, b.T) })
	return h
}

func (f fixture) service(i int) model.Service {
	return model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: fmt.Sprintf("service-%d", i)}
}

// observe adds what the observers of the nodes saw of two services of ten instances each.
func (f fixture) observe(add func(at, took time.Duration, client string, outcome model.Phase, invoked, completed model.Record)) {
	for i, node := range fixtureNodes {
		for at := time.Second; at < lasted-time.Second; at += 500 * time.Millisecond {
			for service := range 2 {
				invoked := model.Record{Call: model.Observe, Ephemeral: true, Node: node, Service: f.service(service)}
				if node == "n3" && at > crashed && at < rebooted {
					add(at, time.Millisecond, "observer-"+node, model.Fail, invoked, model.Record{Error: "connection refused"})
					continue
				}
				listed := min(10, int(at/(300*time.Millisecond)))
				if i == 0 && at > isolated && at < healed+f.converge {
					listed -= 4
				}
				instances := []model.Instance{}
				for port := range max(0, listed) {
					instances = append(instances, model.Instance{IP: "192.168.1.1", Port: 9000 + port, Cluster: "DEFAULT", Ephemeral: true})
				}
				add(at+time.Duration(i)*10*time.Millisecond, 2*time.Millisecond, "observer-"+node, model.OK, invoked, model.Record{Instances: instances})
			}
		}
	}
}

// log is what the i-th node printed.
func (f fixture) log(i int) []run.LogLine {
	var lines []run.LogLine
	boot := 1
	say := func(at time.Duration, name string, attributes map[string]any) {
		text := map[string]any{"msg": name, "level": "INFO", "time": "2026-01-01T00:00:00Z", "node": fmt.Sprintf("10.0.0.%d:8848", i+1)}
		for key, value := range attributes {
			text[key] = value
		}
		encoded, err := json.Marshal(text)
		if err != nil {
			panic(err)
		}
		lines = append(lines, run.LogLine{T: at, Boot: boot, Stream: 2, Text: string(encoded)})
	}
	leader := func(at time.Duration, who string, term int) {
		say(at, run.EventRaftLeader, map[string]any{"leader": who, "term": term})
	}
	state := func(at time.Duration, state string, term int) {
		say(at, run.EventRaftState, map[string]any{"state": state, "term": term})
	}
	const ms = time.Millisecond
	say(20*ms, run.EventNodeStart, map[string]any{"members": "10.0.0.1:8848,10.0.0.2:8848,10.0.0.3:8848"})
	say(60*ms, run.EventNodeReady, nil)
	state(70*ms, "follower", 1)
	elected := isolated + f.failover
	switch i {
	case 0:
		state(900*ms, "candidate", 2)
		state(950*ms, "leader", 2)
		leader(950*ms, "10.0.0.1:8848", 2)
		state(isolated+1200*ms, "follower", 2)
		leader(isolated+1200*ms, "", 2)
		for at := isolated + 3*time.Second; at < healed; at += 3 * time.Second {
			state(at, "candidate", 2)
			say(at+10*ms, run.EventDistroSyncFailed, map[string]any{"target": "10.0.0.2:8848", "error": "i/o timeout"})
		}
		say(isolated+4*time.Second, run.EventMemberState, map[string]any{"member": "10.0.0.2:8848", "state": "SUSPICIOUS", "failures": 1, "reason": "i/o timeout"})
		state(healed+200*ms, "follower", 4)
		leader(healed+200*ms, "10.0.0.2:8848", 4)
	case 1:
		leader(960*ms, "10.0.0.1:8848", 2)
		leader(isolated+1100*ms, "", 2)
		state(elected-100*ms, "candidate", 4)
		state(elected, "leader", 4)
		leader(elected, "10.0.0.2:8848", 4)
		say(isolated+5*time.Second, run.EventMemberState, map[string]any{"member": "10.0.0.1:8848", "state": "DOWN", "failures": 3, "reason": "i/o timeout"})
		say(healed+2*time.Second, run.EventMemberState, map[string]any{"member": "10.0.0.1:8848", "state": "UP", "failures": 0})
	case 2:
		leader(960*ms, "10.0.0.1:8848", 2)
		leader(isolated+1100*ms, "", 2)
		leader(elected+10*ms, "10.0.0.2:8848", 4)
		boot = 2
		say(rebooted+20*ms, run.EventNodeStart, nil)
		state(rebooted+70*ms, "follower", 4)
		leader(rebooted+400*ms, "10.0.0.2:8848", 4)
		say(rebooted+500*ms, run.EventDistroLoaded, map[string]any{"from": "10.0.0.2:8848", "clients": 10})
	}
	return append(lines, run.LogLine{T: lasted - time.Second, Boot: boot, Stream: 1, Text: "not an event"})
}

func (f fixture) clocks() []run.ClockSample {
	var samples []run.ClockSample
	for at := time.Duration(0); at <= lasted; at += 500 * time.Millisecond {
		third := time.Duration(0)
		if at >= 15*time.Second && at < 35*time.Second {
			third = 30 * time.Second
		}
		samples = append(samples, run.ClockSample{T: at, Machine: "n1"}, run.ClockSample{T: at, Machine: "n2", Offset: at / 5000},
			run.ClockSample{T: at, Machine: "n3", Offset: third})
	}
	return samples
}
