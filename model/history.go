package model

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// HistoryFormat is the version of the history file that this code writes. Older versions stay readable.
const HistoryFormat = 1

// Phase says which moment of an operation a record stands for.
type Phase string

// An operation is invoked once and then completes at most once. One that never completes, because its client died or the run
// ended, counts as unknown.
const (
	// Invoke: the client is about to send the request.
	Invoke Phase = "invoke"
	// OK: the answer came, and it was a success.
	OK Phase = "ok"
	// Fail: it certainly did not happen (the registry refused it before doing anything, or it was never sent).
	Fail Phase = "fail"
	// Unknown: it may have happened, may happen later, or never. A time-out of a write is unknown, and so is a 5xx: a real
	// Nacos cluster applied writes up to 112 s after it had answered 500.
	Unknown Phase = "unknown"
	// Event: something about the client itself, which is no operation (see ClientSilent).
	Event Phase = "event"
)

// Call names what a client asks for.
type Call string

// The operations of a workload, and the events of its clients.
const (
	// Register adds an instance or replaces what it said before (POST /nacos/v1/ns/instance, InstanceRequest,
	// PersistentInstanceRequest).
	Register Call = "register"
	// Deregister takes an instance off (DELETE /nacos/v1/ns/instance, or the same requests as above).
	Deregister Call = "deregister"
	// Update writes operator metadata over an instance (PUT /nacos/v1/ns/instance).
	Update Call = "update"
	// Beat says that an ephemeral instance lives (PUT /nacos/v1/ns/instance/beat). It is a light beat, which registers nothing: for
	// an instance that the registry does not know it ends as Fail. Over gRPC it is a sign of life of the connection that the instance
	// was registered over (HealthCheckRequest).
	Beat Call = "beat"
	// Query lists a service (GET /nacos/v1/ns/instance/list, ServiceQueryRequest), at whichever node the client prefers.
	Query Call = "query"
	// Observe lists a service at one given node, never at another, so that a checker can follow each node's view. It is no
	// load: unavailability and linearizability are not judged by it.
	Observe Call = "observe"

	// ClientSilent (phase Event): from now on the client sends nothing, as if its process had died: no beats, no deregister.
	ClientSilent Call = "silent"
	// ClientResumed (phase Event): the client beats and works again.
	ClientResumed Call = "resumed"
	// ClientStopped (phase Event): the client has finished its work in good order; what it registered stays registered, unless it
	// is one of those that leave (see Load.Leaving).
	ClientStopped Call = "stopped"
	// Pushed (phase Event): a subscriber learned what Instances of a Service there are, and from which Node; it believes that until it
	// learns otherwise.
	Pushed Call = "pushed"
	// ServerListens (phase Event): a server listens from now on, where its persistent Instance of a Service says; ServerGone: from now on
	// nobody listens there.
	ServerListens Call = "listens"
	ServerGone    Call = "gone"
)

// ReadMode says which guarantee a query asked for.
type ReadMode string

const (
	// ReadLocal is what Nacos does: the node answers from its own memory, which may be stale.
	ReadLocal ReadMode = "local"
	// ReadLinearizable has the leader prove its leadership and waits for its applied index.
	ReadLinearizable ReadMode = "linearizable"
)

// Header is the first line of a history.
type Header struct {
	Format   int    `json:"format"`
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	// Stage is "simulated" or "live".
	Stage string `json:"stage"`
	// Profile is "nacos1" or "nacos2".
	Profile string `json:"profile"`
	// Nodes are the names of the registry nodes, in order.
	Nodes []string `json:"nodes"`
	// End is the true time at which the run ended; 0 in a history that was cut short.
	End time.Duration `json:"end_ns,omitempty"`
}

// Record is one line of a history after the header. Fields that do not apply are left out.
type Record struct {
	// T is true time since the run began, whatever any machine's own clock said. Clients do not know it: the stage stamps what they print.
	T      time.Duration `json:"t,omitempty"`
	Client string        `json:"client"`
	// Op pairs an invocation with its completion; it is unique within a client and grows. A client does one thing at a time, but for what
	// it does again over gRPC because it was lost with a connection, and for the writes of one that is scripted.
	Op int64 `json:"op,omitempty"`
	// Repeats is the first of the client's operations that this one is sent again for, word for word, because its outcome was
	// unknown; present at Invoke. 0: it repeats nothing. It tells a reader why a client says the same again. It settles nothing:
	// a registry does not know that they belong together, and may apply the first long after it acknowledged the last. So each is
	// a write of its own, and an unknown one stays unknown whatever became of its repetitions.
	Repeats int64 `json:"repeats,omitempty"`
	Phase   Phase `json:"phase"`
	Call    Call  `json:"call"`
	// Node is the name of the node that was asked.
	Node    string  `json:"node,omitempty"`
	Service Service `json:"service,omitzero"`
	// Ephemeral tells an operation on ephemeral instances from one on persistent ones.
	Ephemeral bool `json:"ephemeral,omitempty"`
	// Instance is the argument of Register, Deregister, Update and Beat; present at Invoke.
	Instance *Instance `json:"instance,omitempty"`
	// Read is the mode of a Query; present at Invoke.
	Read ReadMode `json:"read,omitempty"`
	// Instances is what a Query or Observe listed, or what was Pushed; present at OK (an empty list is written as []).
	Instances []Instance `json:"instances,omitzero"`
	// Status is the HTTP status of the answer, or the error code of one over gRPC (200 for a success); 0 if none came.
	Status int `json:"status,omitempty"`
	// Error says why a Fail or Unknown was one.
	Error string `json:"error,omitempty"`
}

// History is what the clients of one run did and saw, in the order of true time.
type History struct {
	Header  Header
	Records []Record
}

// Operation is an invocation joined with its completion.
type Operation struct {
	// Invoked is the Invoke record.
	Invoked Record
	// Completed is the OK, Fail or Unknown record; where none was written, its Phase is Unknown and its T
	// the history's end.
	Completed Record
}

// Operations joins invocations with completions, in the order of invocation. Events are left out. If a client wrongly invokes a
// number again that is still open, the earlier operation ends there as Unknown.
func (h History) Operations() []Operation {
	type id struct {
		client string
		op     int64
	}
	var operations []Operation
	open := map[id]int{}
	end := h.Header.End
	for _, r := range h.Records {
		end = max(end, r.T)
		switch r.Phase {
		case Invoke:
			if at, again := open[id{r.Client, r.Op}]; again { // its completion would be anybody's
				operations[at].Completed = unanswered(operations[at].Invoked, r.T, "the client used its number again")
			}
			open[id{r.Client, r.Op}] = len(operations)
			operations = append(operations, Operation{Invoked: r})
		case OK, Fail, Unknown:
			if at, ok := open[id{r.Client, r.Op}]; ok {
				operations[at].Completed = r
				delete(open, id{r.Client, r.Op})
			}
		}
	}
	for _, at := range open {
		operations[at].Completed = unanswered(operations[at].Invoked, end, "no answer before the run ended")
	}
	return operations
}

// unanswered is the completion of an operation that has none of its own: given up at a time, for a reason.
func unanswered(invoked Record, at time.Duration, why string) Record {
	invoked.T, invoked.Phase, invoked.Error = at, Unknown, why
	return invoked
}

// WriteHistory writes a history as JSON lines, its header first.
func WriteHistory(w io.Writer, h History) error {
	buffered := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(h.Header); err != nil {
		return fmt.Errorf("history header: %w", err)
	}
	for i, r := range h.Records {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("history record %d: %w", i, err)
		}
	}
	return buffered.Flush()
}

// ReadHistory reads what WriteHistory wrote. A last line that was cut short, as a run that was killed leaves it, is dropped.
func ReadHistory(r io.Reader) (History, error) {
	var h History
	buffered := bufio.NewReader(r)
	for line := 1; ; line++ {
		text, err := buffered.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if line == 1 {
				return h, errors.New("history: no header line")
			}
			return h, nil
		}
		if err != nil {
			return h, fmt.Errorf("history line %d: %w", line, err)
		}
		if line == 1 {
			if err := json.Unmarshal(text, &h.Header); err != nil {
				return h, fmt.Errorf("history header: %w", err)
			}
			if h.Header.Format < 1 || h.Header.Format > HistoryFormat {
				return h, fmt.Errorf("history format %d: this build reads formats 1 to %d", h.Header.Format, HistoryFormat)
			}
			continue
		}
		var record Record
		if err := json.Unmarshal(text, &record); err != nil {
			return h, fmt.Errorf("history line %d: %w", line, err)
		}
		h.Records = append(h.Records, record)
	}
}
