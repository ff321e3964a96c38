package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"muster/checker"
	"muster/model"
	"muster/model/run"
)

// Scenario says what happens to a registry and which verdicts are then right. It is plain data and means the same on every
// stage; everything that may vary from run to run is drawn from the run's seed.
type Scenario struct {
	// Name is how commands, folders and reports call it: "leader-isolated".
	Name string `json:"name"`
	// Claim is what it shows, in one sentence.
	Claim string `json:"claim"`
	// Source says why it is here: a guarantee, a bug that somebody met, a paper.
	Source string `json:"source"`
	// File that it was read from; empty: it is of the catalog, or of a command.
	File string `json:"file,omitempty"`
	// Command of muster that runs it; empty: simulate or live, by its name in the catalog.
	Command string `json:"command,omitempty"`
	// Profiles that it makes sense for; the first is the one that runs unless another is asked for.
	Profiles []Profile `json:"profiles"`
	// Cluster is what runs.
	Cluster Cluster `json:"cluster"`
	// Load is what the clients do.
	Load model.Load `json:"load"`
	// Plan is what befalls the machines, in the order of time.
	Plan Plan `json:"plan,omitempty"`
	// Draw leaves the plan to the run's seed.
	Draw *Draw `json:"draw,omitempty"`
	// Lasts is the run's length in true time.
	Lasts time.Duration `json:"lasts_ns"`
	// Expect says which verdicts are right. Properties that do not stand here are not judged.
	Expect Expect `json:"expect"`
	// Bounds of the checkers; zero values mean the checkers' defaults.
	Bounds checker.Bounds `json:"bounds,omitzero"`
	// Sometimes must come up at least once, or the run has tested too little.
	Sometimes []checker.Condition `json:"sometimes,omitempty"`
}

// Profile is a generation of Nacos: what a service is to the nodes, and how they keep each other informed.
type Profile string

// The profiles.
const (
	// Nacos1: each instance is ephemeral or persistent by itself; Distro compares whole services by checksum.
	Nacos1 Profile = "nacos1"
	// Nacos2: a service is ephemeral or persistent as a whole; clients own what they publish; Distro compares clients by revision.
	// Clients speak HTTP with beats, as those of the 1.x line do, or gRPC.
	Nacos2 Profile = "nacos2"
)

// Cluster is what a scenario runs on.
type Cluster struct {
	// Nodes is how many registry nodes there are, named n1, n2, ….
	Nodes int `json:"nodes"`
	// Spares are how many more there are that do not run at first: they can be added, or take another's place. They are numbered on.
	Spares int `json:"spares,omitempty"`
	// Failpoints are defects that are switched on in every node, and in the clients: name to term, in the words of pingcap/failpoint, for
	// example "muster/nodes/distro/skipSync": "return(true)".
	Failpoints map[string]string `json:"failpoints,omitempty"`
	// Arguments are given to every node after those that the stage gives it (address, members, data folder).
	Arguments []string `json:"arguments,omitempty"`
	// Accounts, if there are any, are what nodes and clients know each other by.
	Accounts *Accounts `json:"accounts,omitempty"`
}

// Login is the clients' name and password, if they have any.
func (c Cluster) Login() Login {
	if c.Accounts == nil {
		return Login{}
	}
	return c.Accounts.Login
}

// FailpointEnvironment is what has a node or a client of ours run with the failpoints: the environment variable GO_FAILPOINTS, if there are any.
func (c Cluster) FailpointEnvironment() []string {
	if len(c.Failpoints) == 0 {
		return nil
	}
	var terms []string
	for _, name := range sortedKeys(c.Failpoints) {
		terms = append(terms, name+"="+c.Failpoints[name])
	}
	return []string{"GO_FAILPOINTS=" + strings.Join(terms, ";")}
}

// failpointPrefix stands before every failpoint of a node of ours.
const failpointPrefix = "muster/nodes/"

// With returns the cluster with defects of our nodes and clients switched on, by their names: "consensus/ackBeforeCommit".
func (c Cluster) With(defects ...string) Cluster {
	failpoints := maps.Clone(c.Failpoints)
	for _, defect := range defects {
		if failpoints == nil {
			failpoints = map[string]string{}
		}
		failpoints[failpointPrefix+defect] = "return(true)"
	}
	c.Failpoints = failpoints
	return c
}

// Defects names the failpoints that are on, those of our node without their prefix.
func (c Cluster) Defects() []string {
	var names []string
	for _, name := range sortedKeys(c.Failpoints) {
		names = append(names, strings.TrimPrefix(name, failpointPrefix))
	}
	return names
}

// Nodes is a cluster of healthy nodes with nothing special about them.
func Nodes(count int) Cluster { return Cluster{Nodes: count} }

// WithSpares returns the cluster with so many nodes more that do not run at first.
func (c Cluster) WithSpares(count int) Cluster {
	c.Spares = count
	return c
}

// NodeName is the name of a cluster's node, counted from 1.
func NodeName(number int) string { return fmt.Sprintf("n%d", number) }

// Expect maps properties to the outcomes that are right.
type Expect map[checker.Property]checker.Outcome

// With returns a copy in which some properties have another outcome.
func (e Expect) With(changes Expect) Expect {
	merged := make(Expect, len(e)+len(changes))
	for property, outcome := range e {
		merged[property] = outcome
	}
	for property, outcome := range changes {
		merged[property] = outcome
	}
	return merged
}

// Without returns a copy that expects nothing of a property.
func (e Expect) Without(property checker.Property) Expect {
	rest := e.With(nil)
	delete(rest, property)
	return rest
}

// Plan is what befalls the machines of a run.
type Plan []Step

// Kinds are the kinds of faults of a plan, in the order in which they come up first.
func (p Plan) Kinds() []run.Kind {
	var kinds []run.Kind
	for _, step := range p {
		if !slices.Contains(kinds, step.Fault.Kind) {
			kinds = append(kinds, step.Fault.Kind)
		}
	}
	return kinds
}

// prepared are those kinds of faults of a plan, in order, for which nodes or clients are booted in another way.
func (p Plan) prepared() []run.Kind {
	var kinds []run.Kind
	for _, kind := range p.Kinds() {
		switch kind {
		case run.KindFailpoint, run.KindUpgrade, run.KindMove, run.KindAddNode, run.KindRemoveNode, run.KindReplaceNode,
			run.KindSilentResolver, run.KindFailingResolver:
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// Step is one fault of a plan.
type Step struct {
	// At is when it strikes, since the run began.
	At time.Duration `json:"at_ns"`
	// Within spreads it: the strike comes up to so much later, drawn from the run's seed.
	Within time.Duration `json:"within_ns,omitempty"`
	// Fault is what strikes.
	Fault Fault `json:"fault"`
}

// At is a step of a plan that strikes at just that time.
func At(at time.Duration, fault Fault) Step { return Step{At: at, Fault: fault} }

// Around is a step that strikes at a time between at and at+within, drawn from the run's seed.
func Around(at, within time.Duration, fault Fault) Step {
	return Step{At: at, Within: within, Fault: fault}
}

// JSON is the scenario as a run folder keeps it, in run.json's details: enough to run and to judge the run again without the
// catalog that it came from.
func (s Scenario) JSON() (json.RawMessage, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("scenario %s as JSON: %w", s.Name, err)
	}
	return text, nil
}

// Parse reads what JSON wrote.
func Parse(details json.RawMessage) (Scenario, error) {
	var s Scenario
	if len(details) == 0 {
		return s, errors.New("the run holds no scenario: its details are empty")
	}
	if err := json.Unmarshal(details, &s); err != nil {
		return s, fmt.Errorf("scenario: %w", err)
	}
	return s, s.Validate()
}

// nameForm is what a scenario's name looks like: it becomes part of a folder's name and a word on a command line.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// Validate says everything that is wrong with a scenario, and what would be right.
func (s Scenario) Validate() error {
	var wrong []error
	complain := func(format string, arguments ...any) { wrong = append(wrong, fmt.Errorf(format, arguments...)) }
	if !nameForm.MatchString(s.Name) {
		complain("name %q: want small letters, digits and single hyphens, such as leader-isolated", s.Name)
	}
	if s.Claim == "" {
		complain("no claim: say in one sentence what the scenario shows")
	}
	if len(s.Profiles) == 0 {
		complain("no profile: want %s or %s", Nacos1, Nacos2)
	}
	for _, profile := range s.Profiles {
		if profile != Nacos1 && profile != Nacos2 {
			complain("profile %q: want %s or %s", profile, Nacos1, Nacos2)
		}
	}
	if s.Cluster.Nodes < 1 {
		complain("%d nodes: want at least 1", s.Cluster.Nodes)
	}
	if s.Cluster.Spares < 0 {
		complain("%d spare nodes: want none or some", s.Cluster.Spares)
	}
	if s.Lasts <= 0 {
		complain("lasts %v: want a length above zero", s.Lasts)
	}
	if err := s.Load.Validate(); err != nil {
		complain("load: %w", err)
	}
	if len(s.Profiles) > 0 && s.Profiles[0] == Nacos1 && s.Load.Protocol == model.GRPC {
		complain("load: protocol %s, which nodes of the profile %s do not speak: want %s", model.GRPC, Nacos1, model.HTTP)
	}
	if s.Load.Stop > s.Lasts {
		complain("load: stops at %v, but the run lasts only %v", s.Load.Stop, s.Lasts)
	}
	for i, step := range s.Plan {
		switch {
		case step.At < 0 || step.Within < 0:
			complain("step %d: at %v within %v: want times from zero on", i+1, step.At, step.Within)
		case step.At+step.Within >= s.Lasts:
			complain("step %d strikes as late as %v, but the run lasts only %v", i+1, step.At+step.Within, s.Lasts)
		case i > 0 && step.At < s.Plan[i-1].At+s.Plan[i-1].Within:
			complain("step %d may strike at %v, before step %d, which may come as late as %v: want steps in order",
				i+1, step.At, i, s.Plan[i-1].At+s.Plan[i-1].Within)
		}
		if err := step.Fault.validate(s.Cluster.Nodes, s.Cluster.Spares); err != nil {
			complain("step %d: %w", i+1, err)
		}
	}
	if s.Draw != nil {
		if len(s.Plan) > 0 {
			complain("has a plan and draws one: want one of them")
		}
		if err := s.Draw.validate(s.Lasts); err != nil {
			complain("%w", err)
		}
	}
	if len(s.Expect) == 0 {
		complain("expects nothing: name at least one property and its outcome")
	}
	for _, property := range sortedKeys(s.Expect) {
		if !slices.Contains(checker.Properties, property) {
			complain("expects something of the unknown property %q: want one of %v", property, checker.Properties)
		}
		if outcome := s.Expect[property]; outcome != checker.Holds && outcome != checker.Violated && outcome != checker.Undecided {
			complain("expects %q of %s: want %s, %s or %s", outcome, property, checker.Holds, checker.Violated, checker.Undecided)
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	return nil
}

// sortedKeys of a map whose keys are strings, so that nothing depends on the order of a map.
func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
