package run

import (
	"encoding/json"
	"time"
)

// Format is the version of run.json and plan.json that this code writes. Older versions stay readable.
const Format = 1

// EnvUsername and EnvPassword are the environment variables by which clients are told as whom to log in: a command line would be seen by
// everybody on the host, and kept with the run.
const (
	EnvUsername = "MUSTER_USERNAME"
	EnvPassword = "MUSTER_PASSWORD"
)

// Names of the files in a run folder.
const (
	RunFile     = "run.json"
	PlanFile    = "plan.json"
	HistoryFile = "history.jsonl"
	TraceFile   = "trace.jsonl"
	// FullTraceFile takes the place of TraceFile if the whole trace was written.
	FullTraceFile = "trace.zst"
	// OlderFullTraceFile was its name while traces were JSON lines.
	OlderFullTraceFile = "trace.jsonl.gz"
	ClocksFile         = "clocks.jsonl"
	VerdictsFile       = "verdicts.json"
	FiguresFile        = "figures.json"
	ReportFile         = "report.html"
	LogsFolder         = "logs"
	PlotsFolder        = "plots"
	// CheckpointsFolder holds how a simulated run stood at some moments, for going on from there.
	CheckpointsFolder = "checkpoints"
)

// OptionDefects is the option that names what was broken in the nodes on purpose.
const OptionDefects = "defects"

// Run is run.json: what ran and how to run it again. Two simulated runs of one seed write it byte for byte alike, except Cost, and the
// checksum of a compressed trace.
type Run struct {
	Format   int    `json:"format"`
	Scenario string `json:"scenario"`
	// Claim is the scenario's sentence.
	Claim string `json:"claim"`
	Seed  uint64 `json:"seed"`
	// Stage is "simulated" or "live".
	Stage   string `json:"stage"`
	Profile string `json:"profile"`
	// Protocol is what the clients spoke if that was not HTTP, as in model.Load; empty: HTTP.
	Protocol string `json:"protocol,omitempty"`
	// Began is the wall time of a live run's start; zero in a simulated one.
	Began time.Time `json:"began,omitzero"`
	// Lasted is the run's length in true time.
	Lasted time.Duration `json:"lasted_ns"`
	// Interrupted says why the run ended early, if it did.
	Interrupted string            `json:"interrupted,omitempty"`
	Machines    []Machine         `json:"machines"`
	Guests      []Guest           `json:"guests,omitempty"`
	Versions    map[string]string `json:"versions"`
	// Options holds every option drawn from the seed or given by hand.
	Options map[string]string `json:"options,omitempty"`
	// Fork is set if the run has the past of a run with another seed.
	Fork *Fork `json:"fork,omitempty"`
	// Replay is the command that runs this run again.
	Replay string `json:"replay"`
	// TraceHash names a simulated run's whole behaviour: equal hashes, equal runs.
	TraceHash string `json:"trace_hash,omitempty"`
	// TraceRecords is how many records were hashed.
	TraceRecords uint64 `json:"trace_records,omitempty"`
	// HistoryRecords is how many records the history holds, so that a damaged one can be told; 0 in a run that was killed.
	HistoryRecords int `json:"history_records,omitempty"`
	// Checksums are the SHA-256, in hexadecimal digits, of the plan, the history and the trace by the names of their files, so that damaged
	// and edited ones can be told (Folder.Intact). Runs that were interrupted have none, nor have those of older builds. Compressed traces
	// that hold the same may differ: a fork's begins anew where it parts from its past.
	Checksums map[string]string `json:"checksums,omitempty"`
	// Cost is what the run cost the machine it ran on. It differs from run to run.
	Cost Cost `json:"cost,omitzero"`
	// Expect maps each property to the verdict that the scenario expects of it; properties that stand here only are judged.
	Expect map[string]string `json:"expect"`
	// Details is the scenario itself as JSON (load, plan, bounds), so that a folder can be judged again without the catalog.
	Details json.RawMessage `json:"details,omitempty"`
}

// Machine is one machine of a run.
type Machine struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	// Role is "node" or "workload".
	Role string `json:"role"`
}

// Guest is a program that machines ran.
type Guest struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size_bytes"`
}

// Cost is what a run cost.
type Cost struct {
	Wall time.Duration `json:"wall_ns,omitempty"`
	// CPU is the processor time from the beginning to the end.
	CPU time.Duration `json:"cpu_ns,omitempty"`
	// Shared is how much of CPU was spent once for several runs, of which this is one, that have the same beginning.
	Shared time.Duration `json:"shared_cpu_ns,omitempty"`
}

// Fork says of which run another one is a future: it is the same up to a time, and from there on everything that is left to chance depends
// on another seed.
type Fork struct {
	// Seed is that of the past.
	Seed uint64        `json:"seed"`
	At   time.Duration `json:"at_ns"`
	// Folder is that of the past, as whoever forked it named it; empty in runs of older builds.
	Folder string `json:"folder,omitempty"`
	// Of is set if the past is itself a future, of a run with yet another seed.
	Of *Fork `json:"of,omitempty"`
}

// Nodes are the names of the machines with the role "node", in order.
func (r Run) Nodes() []string {
	var names []string
	for _, m := range r.Machines {
		if m.Role == "node" {
			names = append(names, m.Name)
		}
	}
	return names
}

// Plan is plan.json: the faults as they were struck.
type Plan struct {
	Format  int      `json:"format"`
	Strikes []Strike `json:"strikes"`
}

// Strike is one fault of a run.
type Strike struct {
	// At is when it was struck; Until when it was undone (a crash lasts until the machine's restart), zero if it lasted to the end.
	// A fault that leaves nothing to undo, such as reset-connections, ends when it strikes.
	At    time.Duration `json:"at_ns"`
	Until time.Duration `json:"until_ns,omitempty"`
	Kind  Kind          `json:"kind"`
	// Text says it in words, roles resolved: "isolate n2 (leader)".
	Text string `json:"text"`
	// Machines it struck, resolved.
	Machines []string `json:"machines,omitempty"`
	// Skipped says why this stage could not strike it, if so.
	Skipped string `json:"skipped,omitempty"`
	// Bit is false if the fault was struck and nothing came of it (no packet dropped, the machine was already down).
	Bit bool `json:"bit"`
	// Evidence says how one knows: "312 packets dropped".
	Evidence string `json:"evidence,omitempty"`
}

// Ends says whether this strike undoes others rather than doing harm: a heal, a restart, a resume.
func (s Strike) Ends() bool { return s.Kind.Ends() }

// LastFaultEnds is the time from which on no fault was in force any more; zero if none was struck. A fault without an end
// counts as lasting to the end of the run.
func (p Plan) LastFaultEnds(lasted time.Duration) time.Duration {
	var end time.Duration
	for _, s := range p.Strikes {
		switch {
		case s.Skipped != "" || s.Ends():
		case s.Until > 0:
			end = max(end, s.Until)
		default:
			end = lasted
		}
	}
	return end
}

// LogLine is one line that a program printed.
type LogLine struct {
	// T is true time since the run began.
	T time.Duration `json:"t"`
	// Boot counts the machine's boots, from 1.
	Boot int `json:"boot"`
	// Stream is 1 for standard output, 2 for standard error.
	Stream int    `json:"stream"`
	Text   string `json:"text"`
}

// ClockSample says how far a machine's wall clock was off at a moment.
type ClockSample struct {
	T       time.Duration `json:"t"`
	Machine string        `json:"machine"`
	// Offset is the machine's clock minus true time.
	Offset time.Duration `json:"offset_ns"`
}
