package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/registry"
)

var orders = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}

// world is a prober in a synctest bubble, over a network in memory.
type world struct {
	t        *testing.T
	registry *registry.Registry
	log      *bytes.Buffer

	mu sync.Mutex
	// answer is what a dial ends with; nil connects to serve.
	answer func(ctx context.Context, address string) error
	serve  func(net.Conn)
	dialed []string
	// agree is the answer of Raft.
	agree    error
	proposed int

	// responsible says whether this node checks anything; stalled has Raft not answer.
	responsible, stalled atomic.Bool
}

func newWorld(t *testing.T) *world {
	return newWorldOf(t, registry.Nacos2)
}

func newWorldOf(t *testing.T, profile registry.Profile) *world {
	w := &world{t: t, log: &bytes.Buffer{}}
	w.responsible.Store(true)
	w.registry = registry.New(registry.Options{Self: "a:1", Profile: profile, Owner: func(string) string {
		if w.responsible.Load() {
			return "a:1"
		}
		return "b:2"
	}})
	w.serve = func(connection net.Conn) { connection.Close() }
	p := New(Options{
		Registry: w.registry, Log: slog.New(slog.NewJSONHandler(w.log, nil)), Dial: w.dial,
		Propose: func(ctx context.Context, command registry.Command) error {
			if w.stalled.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.proposed++
			if w.agree == nil {
				w.apply(command)
			}
			return w.agree
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { p.Run(ctx) })
	t.Cleanup(func() { cancel(); wait.Wait() })
	return w
}

func (w *world) dial(ctx context.Context, _, address string) (net.Conn, error) {
	w.mu.Lock()
	w.dialed = append(w.dialed, address)
	answer, serve := w.answer, w.serve
	w.mu.Unlock()
	if answer != nil {
		if err := answer(ctx, address); err != nil {
			return nil, err
		}
	}
	near, far := net.Pipe()
	go serve(far)
	return near, nil
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) apply(command registry.Command) {
	text, err := command.Encode()
	require.NoError(w.t, err)
	require.Nil(w.t, w.registry.ApplyCommand(text))
}

func (w *world) register(ip string, port int) {
	w.apply(registry.Command{Kind: registry.RegisterPersistent, Service: orders,
		Instance: &registry.Published{IP: ip, Port: port, Cluster: "DEFAULT", Healthy: true, Weight: 1, Enabled: true}})
}

func (w *world) cluster(cluster registry.ClusterMetadata) {
	metadata := registry.NewServiceMetadata(false)
	metadata.Clusters = map[string]registry.ClusterMetadata{"DEFAULT": cluster}
	w.apply(registry.Command{Kind: registry.SetCluster, Service: orders, ServiceMetadata: &metadata})
}

func (w *world) healthy(ip string, port int) bool {
	w.t.Helper()
	synctest.Wait()
	published, found := w.registry.Published(orders, registry.ClientID(ip, port, false))
	require.True(w.t, found)
	return published.Healthy
}

func (w *world) dials() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.dialed)
}

func refuse(context.Context, string) error {
	return &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
}

func swallow(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRefusedAtOnceAndBackAfterThreeChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set(func() { w.answer = refuse })
		w.register("10.0.0.1", 80)
		require.False(t, w.healthy("10.0.0.1", 80), "the first check comes at once")
		require.Equal(t, []string{"10.0.0.1:80"}, w.dialed)
		require.Contains(t, w.log.String(), `"msg":"instance.probed","service":"public/DEFAULT_GROUP/orders","instance":"10.0.0.1:80","healthy":false,"found":"dial: connection refused"`)

		w.set(func() { w.answer = nil })
		before := w.dials()
		for w.dials() < before+2 {
			time.Sleep(100 * time.Millisecond)
		}
		require.False(t, w.healthy("10.0.0.1", 80), "after two good checks")
		time.Sleep(7 * time.Second)
		require.True(t, w.healthy("10.0.0.1", 80))
		require.Equal(t, 2, w.proposed, "nothing is said twice")
	})
}

// In nacos1 an instance is another one in another cluster.
func TestHealthIsThatOfTheInstanceOfItsCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorldOf(t, registry.Nacos1)
		w.set(func() { w.answer = refuse })
		w.register("10.0.0.1", 80)
		synctest.Wait()
		published, found := w.registry.Published(orders, w.registry.InstanceClient(orders, "10.0.0.1", 80, "DEFAULT", false))
		require.True(t, found)
		require.False(t, published.Healthy)
	})
}

func TestTimeOutsMustBeThreeInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.register("10.0.0.1", 80)
		require.True(t, w.healthy("10.0.0.1", 80))
		until := func(checks int) {
			for w.dials() < checks {
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(checkTimeout)
		}
		w.set(func() { w.answer = swallow })
		until(3)
		require.True(t, w.healthy("10.0.0.1", 80), "two time-outs")
		w.set(func() { w.answer = nil })
		until(4)
		w.set(func() { w.answer = swallow })
		until(6)
		require.True(t, w.healthy("10.0.0.1", 80), "two more, but not in a row")
		until(7)
		require.False(t, w.healthy("10.0.0.1", 80))
	})
}

func TestOnlyTheResponsibleNodeChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.responsible.Store(false)
		w.set(func() { w.answer = refuse })
		w.register("10.0.0.1", 80)
		time.Sleep(time.Minute)
		require.True(t, w.healthy("10.0.0.1", 80))
		require.Zero(t, w.dials())
		w.responsible.Store(true)
		time.Sleep(7 * time.Second)
		require.False(t, w.healthy("10.0.0.1", 80))
	})
}

func TestNothingIsCheckedWhereNothingIsToBe(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"a cluster without checks": func(w *world) { w.cluster(registry.ClusterMetadata{Checker: registry.HealthChecker{Type: "NONE"}}) },
		"the switch is off": func(w *world) {
			switches := registry.DefaultSwitches()
			switches.HealthCheckEnabled = false
			w.apply(registry.Command{Kind: registry.SetSwitches, Switches: &switches})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.set(func() { w.answer = refuse })
				prepare(w)
				w.register("10.0.0.1", 80)
				time.Sleep(time.Minute)
				require.True(t, w.healthy("10.0.0.1", 80))
				require.Zero(t, w.dials())
			})
		})
	}
}

func TestClustersSayWhichPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.cluster(registry.ClusterMetadata{CheckPort: 9999, Checker: registry.HealthChecker{Type: "TCP"}})
		w.register("::1", 80)
		synctest.Wait()
		require.Equal(t, []string{"[::1]:9999"}, w.dialed)
	})
}

func TestWhatWasNotAgreedOnIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set(func() { w.answer, w.agree = refuse, errors.New("no leader is known") })
		w.register("10.0.0.1", 80)
		time.Sleep(30 * time.Second)
		require.True(t, w.healthy("10.0.0.1", 80))
		require.Contains(t, w.log.String(), "a change of health was not agreed on")
		w.set(func() { w.agree = nil })
		time.Sleep(7 * time.Second)
		require.False(t, w.healthy("10.0.0.1", 80))
	})
}

// Where Raft has no leader a proposal takes as long as it may. That is no reason to look at nothing else meanwhile.
func TestChecksGoOnWhileProposalsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients = 3 * atOnce
		w := newWorld(t)
		w.stalled.Store(true)
		w.set(func() { w.answer = refuse })
		for i := range clients {
			w.register("10.0.0.1", 1+i)
		}
		time.Sleep(firstInterval + 5*time.Second)
		w.set(func() {
			slices.Sort(w.dialed)
			require.Len(t, slices.Compact(w.dialed), clients)
		})
	})
}

func TestClientsThatGoAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.register("10.0.0.1", 80)
		time.Sleep(10 * time.Second)
		w.apply(registry.Command{Kind: registry.DeregisterPersistent, Service: orders, Instance: &registry.Published{IP: "10.0.0.1", Port: 80}})
		time.Sleep(10 * time.Second)
		before := w.dials()
		time.Sleep(time.Minute)
		require.Equal(t, before, w.dials())
		w.register("10.0.0.1", 80)
		time.Sleep(time.Second)
		require.Equal(t, before+1, w.dials(), "and are checked again when they come back")
	})
}

func TestIntervalFollowsWhatChecksTake(t *testing.T) {
	tcp, mysql := registry.HealthParams{Min: 1000, Max: 5000, Factor: 0.75}, registry.HealthParams{Min: 2000, Max: 3000, Factor: 0.65}
	const ms = time.Millisecond
	for _, test := range []struct {
		name   string
		before time.Duration
		found  finding
		took   time.Duration
		params registry.HealthParams
		want   time.Duration
	}{
		{"quick", 4000 * ms, finding{}, 0, tcp, 3000 * ms},
		{"quick, at the least", 1200 * ms, finding{}, 10 * ms, tcp, 1000 * ms},
		{"no answer", 2000 * ms, finding{failed, true, ""}, 500 * ms, tcp, 2500 * ms},
		{"refused", 2000 * ms, finding{refused, false, ""}, 0, tcp, 2750 * ms},
		{"no answer, at the most", 4800 * ms, finding{failed, true, ""}, 500 * ms, tcp, 5000 * ms},
		{"another kind", 7000 * ms, finding{}, 0, mysql, 3000 * ms},
		{"bounds of nonsense", 2000 * ms, finding{}, 0, registry.HealthParams{Min: -5, Max: -7}, time.Millisecond},
	} {
		checks := &task{interval: test.before}
		checks.adapt(test.found, test.took, test.params)
		require.Equal(t, test.want, checks.interval, test.name)
	}
}

// settings are a checker's own, as a request brings them.
func settings(kind, fields string) registry.HealthChecker {
	checker := registry.HealthChecker{Type: kind, Settings: map[string]json.RawMessage{}}
	if err := json.Unmarshal([]byte(fields), &checker.Settings); err != nil {
		panic(err)
	}
	return checker
}

func TestHTTP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var asked *http.Request
	code := http.StatusOK
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
	})}
	go server.Serve(listener)
	defer server.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	p := New(Options{Registry: registry.New(registry.Options{})})
	for _, test := range []struct {
		fields string
		code   int
		want   verdict
		busy   bool
	}{
		{`{"path":"/up?full=1","headers":"Host:orders.local|X-A: b |junk"}`, 200, passed, false},
		{`{"path":"","expectedResponseCode":204}`, 204, passed, false},
		{`{"path":"/","expectedResponseCode":"204"}`, 200, refused, false},
		{`{}`, 503, failed, true},
		{`{}`, 302, failed, true},
		{`{}`, 404, refused, false},
		{`{"path":"%zz"}`, 200, failed, false},
	} {
		code = test.code
		found := p.checker(settings("HTTP", test.fields))(t.Context(), "127.0.0.1", port)
		require.Equal(t, test.want, found.verdict, "%s: %s", test.fields, found.text)
		require.Equal(t, test.busy, found.busy, test.fields)
		if test.want == passed && test.code == 200 {
			require.Equal(t, "/up?full=1", asked.URL.String())
			require.Equal(t, "orders.local", asked.Host)
			require.Equal(t, "b", asked.Header.Get("X-A"))
			require.Equal(t, "VIPServer", asked.Header.Get("User-Agent"))
		}
	}
	server.Close()
	require.Equal(t, refused, p.checker(settings("HTTP", `{}`))(t.Context(), "127.0.0.1", port).verdict)
	require.Nil(t, p.checker(settings("NONE", `{}`)))
}

// A server that takes the connection and says nothing, or nonsense, must not hold a check up for long, nor break it.
func TestServersThatDoNotAnswer(t *testing.T) {
	for _, kind := range []string{"HTTP", "MYSQL"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.serve = func(connection net.Conn) { _, _ = io.Copy(io.Discard, connection) }
			w.cluster(registry.ClusterMetadata{UseInstancePort: true, Checker: settings(kind, `{"user":"u","cmd":"select 1"}`)})
			w.register("10.0.0.1", 80)
			time.Sleep(20 * time.Second)
			require.GreaterOrEqual(t, w.dials(), 4, kind)
			require.False(t, w.healthy("10.0.0.1", 80), kind)
		})
	}
}
