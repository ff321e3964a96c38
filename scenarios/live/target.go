package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/checker"
	"muster/model"
	"muster/model/run"
	"muster/scenarios"
)

// targetTimeout is how long the nodes of a target may take to answer a first time.
const targetTimeout = 5 * time.Second

// Target is the stage for a cluster that already runs. Only the workload is started; no fault is struck; everything that is
// registered is registered in a namespace of the run's own, which is emptied in the end.
type Target struct {
	workload string
	// addresses are the base URLs of the cluster's nodes.
	addresses []string
	login     scenarios.Login
	namespace string
	recorder  *scenarios.Recorder
	began     time.Time
	clients   *process
	news      news
	nodes     string
}

// ParseTargets reads where a cluster's nodes are from the form "a:8848,b:8848", each with or without http:// before it, and returns
// their base URLs.
func ParseTargets(text string) ([]string, error) {
	var addresses []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		base := part
		if !strings.Contains(part, "://") {
			base = "http://" + part
		}
		address, err := url.Parse(base)
		if err != nil || address.Scheme != "http" || address.Hostname() == "" || address.Port() == "" || strings.Trim(address.Path, "/") != "" {
			return nil, fmt.Errorf("%q: want the addresses of all nodes, such as 10.0.0.1:8848,10.0.0.2:8848", part)
		}
		if base = "http://" + address.Host; slices.Contains(addresses, base) {
			return nil, fmt.Errorf("%q stands there twice: want each node once", part)
		}
		addresses = append(addresses, base)
	}
	return addresses, nil
}

// ForTarget fits a scenario to a cluster that already runs: as many nodes as there are, and reads as Nacos offers them, from each
// node's memory. Without linearizable reads, linearizability of reads is not judged. The plan stays, and every fault of it will be
// skipped by name: a scenario that is about a fault shows nothing here, and muster live refuses it.
func ForTarget(scenario scenarios.Scenario, nodes int) scenarios.Scenario {
	scenario.Cluster = scenarios.Nodes(nodes)
	scenario.Load.ReadModes = []model.ReadMode{model.ReadLocal}
	expect := scenarios.Expect{}
	for property, outcome := range scenario.Expect {
		if property != checker.Linearizable && property != checker.LocalReads {
			expect[property] = outcome
		}
	}
	scenario.Expect = expect
	return scenario
}

// NewTarget makes the stage. The token names the run's namespace; it must be new to the cluster, in small letters and digits. The
// clients log in by a name and a password, if there are any; the password stands in nothing that the run leaves.
func NewTarget(workload string, addresses []string, token string, login scenarios.Login) *Target {
	return &Target{workload: workload, addresses: addresses, login: login, namespace: "muster-" + token}
}

// Name is "live".
func (t *Target) Name() string { return scenarios.StageLive }

// Now is the time since Boot began.
func (t *Target) Now() time.Duration {
	if t.began.IsZero() {
		return 0
	}
	return time.Since(t.began)
}

// Boot starts the workload.
func (t *Target) Boot(ctx context.Context, deployment scenarios.Deployment, recorder *scenarios.Recorder) ([]run.Machine, error) {
	if deployment.Cluster.Nodes != len(t.addresses) {
		return nil, fmt.Errorf("live stage: the scenario has %d nodes, the target %d: fit it with ForTarget", deployment.Cluster.Nodes, len(t.addresses))
	}
	if err := AwaitTarget(ctx, t.addresses); err != nil {
		return nil, fmt.Errorf("live stage: %w", err)
	}
	deployment.Load.Namespace = t.namespace
	load, err := json.Marshal(deployment.Load)
	if err != nil {
		return nil, fmt.Errorf("live stage: load as JSON: %w", err)
	}
	var machines []run.Machine
	var urls []string
	for i, address := range t.addresses {
		name := scenarios.NodeName(i + 1)
		urls = append(urls, name+"="+address)
		_, host, _ := strings.Cut(address, "://")
		machines = append(machines, run.Machine{Name: name, Address: host, Role: "node"})
	}
	t.nodes = strings.Join(urls, ",")
	t.recorder, t.began = recorder, time.Now()
	t.clients = t.newProcess([]string{t.workload, "--nodes", t.nodes, "--load", string(load), "--seed", strconv.FormatUint(deployment.Seed, 10)})
	if err := t.clients.start(); err != nil {
		return nil, err
	}
	return append(machines, run.Machine{Name: workloadName, Address: "", Role: "workload"}), nil
}

// AwaitTarget makes sure that all nodes of a target answer as a registry, within seconds. Boot does so, too; who asks before a run has
// a folder is spared one in which nothing happened.
func AwaitTarget(ctx context.Context, addresses []string) error {
	ctx, cancel := context.WithTimeout(ctx, targetTimeout)
	defer cancel()
	for _, address := range addresses {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/nacos/v1/ns/operator/metrics", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return fmt.Errorf("the target does not answer: %w", err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("the target %s answers %s where a Nacos registry tells its metrics", address, answer.Status)
		}
	}
	return nil
}

func (t *Target) newProcess(arguments []string) *process {
	return &process{
		name:        workloadName,
		arguments:   arguments,
		environment: environment(t.login),
		since:       t.began,
		printed: func(line run.LogLine) {
			t.news.tell(func() { t.recorder.Printed(workloadName, line) })
		},
		exited: func(at time.Duration, reason string, orderly bool) {
			t.news.tell(func() { t.recorder.Exited(workloadName, at, reason, orderly) })
		},
	}
}

// Advance waits until that true time.
func (t *Target) Advance(ctx context.Context, until time.Duration) error {
	t.news.release()
	return wait(ctx, until-t.Now())
}

// Strike refuses: a cluster that already runs is somebody's.
func (t *Target) Strike(context.Context, scenarios.Strike) (time.Duration, error) {
	return 0, fmt.Errorf("%w: a cluster that already runs is not harmed", scenarios.ErrUnsupported)
}

// Toggle is never asked for, since nothing is struck.
func (t *Target) Toggle(context.Context, int, bool) error { return nil }

// Evidence is never asked for, since nothing is struck.
func (t *Target) Evidence(int) scenarios.Evidence { return scenarios.Evidence{Text: "not struck"} }

// Clocks says nothing: the nodes' clocks cannot be seen.
func (t *Target) Clocks() []run.ClockSample { return nil }

// Finish ends the workload and empties the run's namespace.
func (t *Target) Finish(ctx context.Context) (scenarios.Ending, error) {
	t.news.release()
	if t.clients == nil {
		return scenarios.Ending{}, nil
	}
	failed := []error{t.clients.end(orderlyEnd)}
	spent := t.clients.spent()
	if err := t.clean(ctx); err != nil {
		failed = append(failed, err)
	}
	guests, err := Programs{Workload: t.workload}.identify()
	return scenarios.Ending{
		Guests:   guests,
		Versions: map[string]string{"go": runtime.Version()},
		Options:  map[string]string{"target": strings.Join(t.addresses, ","), "namespace": t.namespace},
		Flags:    t.flags(),
		CPU:      spent,
	}, errors.Join(append(failed, err)...)
}

// environment is that of a workload. Who it logs in as is said even if that is nobody: muster's own environment may say otherwise.
func environment(login scenarios.Login) []string {
	return append(os.Environ(), run.EnvUsername+"="+login.Name, run.EnvPassword+"="+login.Password)
}

// flags are what has `muster live` run against this target again.
func (t *Target) flags() []string {
	flags := []string{"--target", strings.Join(t.addresses, ",")}
	if t.login.Name != "" {
		flags = append(flags, "--username", t.login.Name)
	}
	return flags
}

// clean empties the run's namespace.
func (t *Target) clean(ctx context.Context) error {
	command := exec.CommandContext(ctx, t.workload, "--nodes", t.nodes, "--clean", t.namespace)
	command.Env = environment(t.login)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("emptying the namespace %s of the target: %w: %s", t.namespace, err, bytes.TrimSpace(output))
	}
	return nil
}

// Close kills the workload if it still runs.
func (t *Target) Close() error {
	if t.clients == nil {
		return nil
	}
	return t.clients.kill()
}
