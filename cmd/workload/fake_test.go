package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/client/clienttest"
)

// fakeRegistry is as much of a registry as the workload needs: a perfect one, whose nodes share their memory, that answers at
// once and drops ephemeral instances after 30 s without a beat.
type fakeRegistry struct {
	mu       sync.Mutex
	services map[string]map[string]*fakeInstance
	// disturb may answer a request instead of the registry, or let it be done and then spoil the answer. One call comes at a time.
	disturb func(node int, r *http.Request) disturbance
}

type fakeInstance struct {
	host map[string]any
	beat time.Time
}

// disturbance is what goes wrong with one request.
type disturbance int

const (
	nothing     disturbance = iota
	notDone                 // 500, and it was not done
	doneAnd500              // 500, but it was done
	doneAndHung             // done, but no answer comes
	refused                 // 400
)

func (f *fakeRegistry) node(number int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // reads the body, for which nobody else shall wait; what cannot be read has no parameters
		wrong := f.disturbance(number, r)
		switch wrong {
		case notDone:
			http.Error(w, "did not find the Leader node", 500)
			return
		case refused:
			http.Error(w, "refused", 400)
			return
		}
		answer := f.do(r)
		switch wrong {
		case doneAnd500:
			http.Error(w, "Read timed out", 500)
		case doneAndHung:
			<-r.Context().Done()
		default:
			io.WriteString(w, answer)
		}
	})
}

// goWrong sets disturb while requests are under way.
func (f *fakeRegistry) goWrong(disturb func(node int, r *http.Request) disturbance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.disturb = disturb
}

func (f *fakeRegistry) disturbance(node int, r *http.Request) disturbance {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.disturb == nil {
		return nothing
	}
	return f.disturb(node, r)
}

func (f *fakeRegistry) do(r *http.Request) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := r.FormValue("serviceName")
	service := f.services[name]
	if service == nil {
		service = map[string]*fakeInstance{}
		f.services[name] = service
	}
	for key, i := range service {
		if i.host["ephemeral"].(bool) && time.Since(i.beat) > 30*time.Second {
			delete(service, key)
		}
	}
	key := r.FormValue("ip") + ":" + r.FormValue("port")
	known := service[key]
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, "/nacos/v1/ns/instance") {
	case "GET /nacos/v1/ns/service/list":
		delete(f.services, name) // it was not asked for
		names := []string{}
		for grouped := range f.services {
			names = append(names, strings.TrimPrefix(grouped, "DEFAULT_GROUP@@"))
		}
		body, _ := json.Marshal(map[string]any{"count": len(names), "doms": names})
		return string(body)
	case "DELETE /nacos/v1/ns/service":
		delete(f.services, name)
		delete(f.services, "DEFAULT_GROUP@@"+name)
	case "GET /list":
		hosts := []any{}
		for _, i := range service {
			hosts = append(hosts, i.host)
		}
		body, _ := json.Marshal(map[string]any{"name": name, "hosts": hosts})
		return string(body)
	case "PUT /beat":
		if known == nil {
			return `{"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}`
		}
		known.beat = time.Now()
		return `{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}`
	case "DELETE ":
		delete(service, key)
	case "POST ", "PUT ":
		port, _ := strconv.Atoi(r.FormValue("port"))
		weight, _ := strconv.ParseFloat(r.FormValue("weight"), 64)
		host := map[string]any{
			"ip": r.FormValue("ip"), "port": port, "weight": weight, "healthy": true, "enabled": true,
			"ephemeral": r.FormValue("ephemeral") == "true", "clusterName": "DEFAULT", "metadata": json.RawMessage(r.FormValue("metadata")),
		}
		if known == nil {
			known = &fakeInstance{}
			service[key] = known
		}
		known.host, known.beat = host, time.Now()
	}
	return "ok"
}

// stage runs a play on three nodes in memory, and stamps what it prints as a stage does. It must run in a synctest bubble.
type stage struct {
	*clienttest.Network
	registry *fakeRegistry
	// strike is called at its time with the network, to break it.
	strikes map[time.Duration]func()
	// listen is that of the play.
	listen func(ctx context.Context, node string, port int) (net.Listener, error)
}

func newStage(t *testing.T) *stage {
	s := &stage{Network: clienttest.New(t), registry: &fakeRegistry{services: map[string]map[string]*fakeInstance{}}, strikes: map[time.Duration]func(){}}
	for number := range 3 {
		s.Serve(nodeAddress(number), s.registry.node(number))
	}
	return s
}

func nodeAddress(number int) string { return fmt.Sprintf("10.0.0.%d:8848", number+1) }

// run plays for so long and returns the history.
func (s *stage) run(t *testing.T, load model.Load, seed uint64, length time.Duration) model.History {
	t.Helper()
	p := play{load: load, seed: seed, dial: s.Dial, listen: s.listen}
	header := model.Header{Format: model.HistoryFormat, End: length}
	for number := range 3 {
		n := node{fmt.Sprintf("n%d", number+1), "http://" + nodeAddress(number)}
		p.nodes = append(p.nodes, n)
		header.Nodes = append(header.Nodes, n.Name)
	}
	require.NoError(t, load.Validate())
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	for at, strike := range s.strikes {
		time.AfterFunc(at, strike)
	}
	var printed stamping
	printed.began = time.Now()
	operations, err := p.run(ctx, &printed)
	require.NoError(t, err)

	// What was printed reads as a history once a header stands before it.
	first, err := json.Marshal(header)
	require.NoError(t, err)
	history, err := model.ReadHistory(io.MultiReader(bytes.NewReader(append(first, '\n')), &printed.lines))
	require.NoError(t, err)
	require.Len(t, printed.times, len(history.Records), "one write, one line")
	for i := range history.Records {
		require.Zero(t, history.Records[i].T)
		history.Records[i].T = printed.times[i]
	}
	require.Equal(t, operations, len(history.Operations()))
	// Connections do again in the background what was lost, and scripted writers do not wait.
	if load.Protocol != model.GRPC && len(load.Scripted) == 0 {
		requirePaired(t, history)
	}
	return history
}

// stamping is a standard output that notes when each line came.
type stamping struct {
	began time.Time
	lines bytes.Buffer
	times []time.Duration
}

func (s *stamping) Write(line []byte) (int, error) {
	if bytes.IndexByte(line, '\n') != len(line)-1 {
		return 0, fmt.Errorf("want one whole line a write, got %q", line)
	}
	s.times = append(s.times, time.Since(s.began))
	return s.lines.Write(line)
}

// requirePaired says what every history of the workload must be: each client does one thing at a time, numbers its operations
// from 1, and completes each.
func requirePaired(t *testing.T, history model.History) {
	t.Helper()
	type progress struct {
		op   int64
		open bool
	}
	clients := map[string]*progress{}
	for _, r := range history.Records {
		c := clients[r.Client]
		if c == nil {
			c = &progress{}
			clients[r.Client] = c
		}
		switch r.Phase {
		case model.Invoke:
			require.False(t, c.open, "%s invokes %d before %d has ended", r.Client, r.Op, c.op)
			require.Equal(t, c.op+1, r.Op, r.Client)
			c.op, c.open = r.Op, true
		case model.Event:
			require.False(t, c.open, "%s: %s in the middle of an operation", r.Client, r.Call)
		default:
			require.True(t, c.open && r.Op == c.op, "%s completes %d, which is not open", r.Client, r.Op)
			require.Equal(t, r.Phase == model.OK, r.Error == "", "%s %d", r.Client, r.Op)
			c.open = false
		}
	}
	for name, c := range clients {
		require.False(t, c.open, "%s leaves %d open", name, c.op)
	}
}
