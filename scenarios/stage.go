package scenarios

import (
	"context"
	"errors"
	"io"
	"time"

	"muster/model"
	"muster/model/run"
)

// ErrUnsupported is what a stage returns, wrapped with the reason, for a fault that it cannot strike. The driver records the
// strike as skipped and goes on.
var ErrUnsupported = errors.New("this stage cannot strike it")

// Stage is where a scenario runs. The driver calls Boot once, then Advance, Strike, Evidence and Clocks in turns, then Finish
// once unless something failed, and Close always. All calls come from one goroutine.
//
// What happens on stage is told to the Recorder that Boot is given: every line that a program prints, and every program that
// ends. A stage stamps both with true time: virtual time, or the time since Boot began.
type Stage interface {
	// Name is "simulated" or "live".
	Name() string
	// Boot starts the nodes and the workload, all at true time zero, and says which machines there are.
	Boot(ctx context.Context, deployment Deployment, recorder *Recorder) ([]run.Machine, error)
	// Advance lets the machines run until that true time. It returns early with the context's error if that ends first, and
	// with any other error if the stage itself broke. A program that ends is no error: it is told to the Recorder.
	Advance(ctx context.Context, until time.Duration) error
	// Now is true time on stage.
	Now() time.Duration
	// Strike does a fault to machines, and returns the true time at which it was done. It returns ErrUnsupported, wrapped
	// with the reason, for a fault that this stage cannot strike.
	Strike(ctx context.Context, strike Strike) (at time.Duration, err error)
	// Toggle lets a cut that is in force and comes and goes (Measures.Period) go, or come back.
	Toggle(ctx context.Context, number int, there bool) error
	// Evidence says whether a strike had any effect so far. The driver asks once for each: just before it is undone, or at
	// the end of the run.
	Evidence(number int) Evidence
	// Clocks says how far each machine's wall clock is off now; nothing if the stage cannot tell.
	Clocks() []run.ClockSample
	// Finish ends the run in good order and says what is known only then.
	Finish(ctx context.Context) (Ending, error)
	// Close releases what the stage holds: machines, processes, files. It may be called at any time, and twice.
	Close() error
}

// Forker is a stage that can go on from one moment in several ways.
type Forker interface {
	Stage
	// Fork returns a stage of the same past: with the same seed it goes on as this one would, with another seed as chance would have
	// it. It tells the recorder what happens from now on, and leaves its files, with what they hold so far, in that folder.
	Fork(seed uint64, folder run.Folder, recorder *Recorder) (Stage, error)
}

// Keeper is a stage whose present state can be written and read again.
type Keeper interface {
	Stage
	// Keep writes it.
	Keep(w io.Writer) error
	// Restore takes the place of Boot. It fails if anything but the same programs, driven by the same build, would go on from there.
	Restore(r io.Reader, deployment Deployment, recorder *Recorder) error
}

// Deployment is what a stage is to start.
type Deployment struct {
	// Scenario is the scenario's name.
	Scenario string
	Profile  Profile
	Seed     uint64
	Cluster  Cluster
	Load     model.Load
	// Faults are the kinds that may be struck, so that the stage can make ready for them.
	Faults []run.Kind
	// Lasts is how long the run goes, if nothing interrupts it.
	Lasts time.Duration
	// Folder is the run folder. The stage may put files of its own there, such as a trace; the driver writes the rest.
	Folder run.Folder
	// Past, if a stage is restored, is the folder that the run has left elsewhere: what it says of the time before belongs into Folder, too.
	// Empty: Folder is to hold only what comes.
	Past run.Folder
}

// Strike is a fault with its roles resolved to machines: what a stage does.
type Strike struct {
	// Number counts the strikes of a run from 1; Evidence is asked by it.
	Number int
	Kind   run.Kind
	// Machines that it strikes; for the kinds with sides, all of them.
	Machines []string
	// Sides of a partition that do not reach each other; machines on none reach everyone. An isolation has the struck
	// machines on one side each and all other nodes on the last.
	Sides [][]string
	// Ways are all directions between two machines that a strike on the network changes.
	Ways []Way
	// Everywhere says that these are all that there are.
	Everywhere bool
	// Undone are the numbers of the strikes that this one undoes.
	Undone []int
	Measures
}

// Way is one direction between two machines.
type Way struct{ From, To string }

// Evidence says whether a strike had any effect, and how one knows.
type Evidence struct {
	Bit bool
	// Text in words: "312 packets dropped".
	Text string
}

// Ending is what a stage knows only when a run has ended. All of it goes into run.json.
type Ending struct {
	// Guests are the programs that ran.
	Guests []run.Guest
	// Versions of what ran them: "go", "wazero", ….
	Versions map[string]string
	// Options that the stage drew from the seed or was given by hand.
	Options map[string]string
	// Flags that the command which runs the run again needs besides scenario, seed and defects, a word each, such as "--node", "./registry".
	Flags []string
	// TraceHash and TraceRecords of a simulated run.
	TraceHash    string
	TraceRecords uint64
	// CPU is the processor time that the run cost; 0 if the stage cannot tell.
	CPU time.Duration
	// Shared is how much of it was spent for several runs together.
	Shared time.Duration
}
