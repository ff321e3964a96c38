package membership

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingcap/failpoint"
	"github.com/stretchr/testify/require"

	"muster/nodes/rpc"
)

func TestJavaHash(t *testing.T) {
	// Values of String.hashCode, worked out by its definition s[0]*31^(n-1) + … + s[n-1] in 32-bit arithmetic.
	for text, want := range map[string]int32{
		"":                      0,
		"a":                     97,
		"ab":                    97*31 + 98,
		"hello":                 99162322,
		"Hello, World!":         1498789909,
		"polygenelubricants":    -2147483648,
		"10.0.0.1:8080":         javaHashByDefinition("10.0.0.1:8080"),
		"服务":                    javaHashByDefinition("服务"),
		"\U0001F600":            0xD83D*31 + 0xDE00,
		"DEFAULT_GROUP@@orders": javaHashByDefinition("DEFAULT_GROUP@@orders"),
	} {
		require.Equal(t, want, JavaHash(text), "%q", text)
	}
}

// javaHashByDefinition sums powers instead of folding, for text in the basic plane.
func javaHashByDefinition(text string) int32 {
	units := []rune(text)
	var sum int32
	for i, unit := range units {
		power := int32(1)
		for range len(units) - 1 - i {
			power *= 31
		}
		sum += unit * power
	}
	return sum
}

func TestOwnerAmong(t *testing.T) {
	servers := []string{"a:1", "b:2", "c:3"}
	for tag, want := range map[string]string{
		"":                   "a:1", // hash 0
		"a":                  "b:2", // 97 % 3 = 1
		"b":                  "c:3",
		"hello":              "b:2", // 99162322 % 3 = 1
		"polygenelubricants": "b:2", // |-2147483648 % 2147483647| = 1
	} {
		require.Equal(t, want, OwnerAmong(tag, servers), "%q", tag)
	}
	require.Equal(t, "", OwnerAmong("a", nil))
}

func TestNewRefuses(t *testing.T) {
	for _, test := range []struct {
		self    string
		members []string
		want    string
	}{
		{"a:1", []string{"b:1"}, "this node, a:1, is not among the members [b:1]"},
		{"a:1", []string{"a:1", "b:1", "a:1"}, "member a:1 is listed twice"},
		{"a:1", []string{"a:1", "b"}, `member "b"`},
	} {
		_, err := New(Config{Self: test.self, Members: test.members})
		require.ErrorContains(t, err, test.want)
	}
}

// errRefused is how a pool reports that nothing listens at the peer's port.
var errRefused = fmt.Errorf("%w: %w: connection refused", rpc.ErrNotSent, rpc.ErrNotListening)

// network carries reports between the members of one test. What reaches returns decides: nil delivers, errRefused refuses, anything
// else lets the sender wait for its time-out.
type network struct {
	mu      sync.Mutex
	servers map[string]*rpc.Server
	reaches func(from, to string) error
	resets  []string
}

type wire struct {
	network *network
	self    string
}

func (w wire) Call(ctx context.Context, to string, request any, response rpc.Response) error {
	w.network.mu.Lock()
	err := w.network.reaches(w.self, to)
	server := w.network.servers[to]
	w.network.mu.Unlock()
	switch {
	case errors.Is(err, errRefused):
		return err
	case err == nil && server == nil:
		return errRefused
	case err != nil:
		<-ctx.Done()
		return ctx.Err()
	}
	payload, err := rpc.Encode(request)
	if err != nil {
		return err
	}
	answer, err := server.Answer(ctx, payload)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer.GetBody().GetValue(), response)
}

func (w wire) Reset(to string) {
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	w.network.resets = append(w.network.resets, w.self+">"+to)
}

func (w wire) Hurry(string) {}

func (n *network) set(reaches func(from, to string) error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reaches = reaches
}

var members = []string{"c:3", "a:1", "b:2"}

// cluster starts three members in a synctest bubble; they end with the test.
func cluster(t *testing.T, tune ...func(*Config)) (*network, map[string]*Membership, *bytes.Buffer) {
	n := &network{servers: map[string]*rpc.Server{}, reaches: func(_, _ string) error { return nil }}
	nodes := map[string]*Membership{}
	var events bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	logger := slog.New(slog.NewJSONHandler(&events, nil))
	for _, self := range members {
		config := Config{Self: self, Members: members, Peers: wire{n, self}, Logger: logger.With("node", self)}
		for _, change := range tune {
			change(&config)
		}
		m, err := New(config)
		require.NoError(t, err)
		n.servers[self] = rpc.NewServer(slog.New(slog.DiscardHandler))
		m.Handle(n.servers[self])
		nodes[self] = m
	}
	for _, m := range nodes {
		wait.Go(func() { m.Run(ctx) })
	}
	t.Cleanup(func() {
		cancel()
		wait.Wait()
		for _, server := range n.servers {
			server.Stop(ctx)
		}
	})
	return n, nodes, &events
}

func requireState(t *testing.T, m *Membership, address string, want State) {
	t.Helper()
	synctest.Wait()
	got, known := m.State(address)
	require.True(t, known)
	require.Equal(t, want, got, "%s as %s sees it", address, m.Self())
}

// servers are the members that have a share in the responsibility, as one of them sees it.
func servers(m *Membership) []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.servers
}

func isolated(node string, err error) func(from, to string) error {
	return func(from, to string) error {
		if from == node || to == node {
			return err
		}
		return nil
	}
}

func TestKilledMemberTurnsSuspiciousThenDownThenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, nodes, events := cluster(t)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Zero(t, events.Len(), "a quiet cluster stays UP")

		n.set(isolated("b:2", errRefused))
		time.Sleep(4500 * time.Millisecond)
		requireState(t, nodes["a:1"], "b:2", Suspicious)
		require.Equal(t, []string{"a:1", "b:2", "c:3"}, servers(nodes["a:1"]), "a SUSPICIOUS member keeps its share")
		time.Sleep(8500 * time.Millisecond) // real ones take 6.4 to 12.6 s
		requireState(t, nodes["a:1"], "b:2", Down)
		requireState(t, nodes["c:3"], "b:2", Down)
		requireState(t, nodes["a:1"], "c:3", Up)
		require.Equal(t, []string{"a:1", "c:3"}, servers(nodes["a:1"]))

		n.set(func(_, _ string) error { return nil })
		time.Sleep(7 * time.Second)
		for _, m := range nodes {
			for _, address := range members {
				requireState(t, m, address, Up)
			}
		}
		synctest.Wait()
		changes := bytes.Count(events.Bytes(), []byte(`"msg":"member.state","node":"a:1"`))
		require.Equal(t, 3, changes, "SUSPICIOUS, DOWN, UP")
	})
}

func TestDownWhenRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, nodes, events := cluster(t, func(c *Config) { c.DownWhenRefused = true })
		time.Sleep(10 * time.Second)
		n.set(isolated("b:2", errRefused))
		time.Sleep(4500 * time.Millisecond) // each peer's turn comes every 4 s; real nodes of 1.x take 0.9 to 4.2 s
		requireState(t, nodes["a:1"], "b:2", Down)
		requireState(t, nodes["c:3"], "b:2", Down)
		require.Contains(t, events.String(), `"member":"b:2","state":"DOWN","failures":1`)

		n.set(isolated("b:2", context.DeadlineExceeded))
		nodes["a:1"].alive("b:2")
		time.Sleep(8 * time.Second)
		requireState(t, nodes["a:1"], "b:2", Suspicious) // silence is no refusal
	})
}

func TestTimeOutsCountAndGiveTheConnectionUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, nodes, events := cluster(t)
		time.Sleep(10 * time.Second)
		n.set(isolated("b:2", context.DeadlineExceeded))
		time.Sleep(24 * time.Second) // real ones take 13.4 to over 20 s
		requireState(t, nodes["a:1"], "b:2", Down)
		requireState(t, nodes["b:2"], "a:1", Down)
		requireState(t, nodes["b:2"], "c:3", Down)
		require.True(t, nodes["b:2"].Responsible("any"), "a node that sees nobody is responsible for everything")
		synctest.Wait()
		n.mu.Lock()
		require.Contains(t, n.resets, "a:1>b:2")
		n.mu.Unlock()
		require.Contains(t, events.String(), `"msg":"member.state","node":"a:1","member":"b:2","state":"DOWN","failures":4,"reason":"context deadline exceeded"`)
	})
}

func TestReportFromAMemberSetsItUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, nodes, _ := cluster(t)
		n.set(func(from, to string) error {
			if from == "a:1" && to == "b:2" {
				return errRefused
			}
			return nil
		})
		time.Sleep(60 * time.Second)
		requireState(t, nodes["b:2"], "a:1", Up)
		state, _ := nodes["a:1"].State("b:2")
		require.NotEqual(t, Down, state, "b's reports come in every 4 s")
	})
}

func TestReportsFromStrangersAreRefused(t *testing.T) {
	n := &network{servers: map[string]*rpc.Server{}}
	m, err := New(Config{Self: "a:1", Members: members, Peers: wire{n, "a:1"}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	server := rpc.NewServer(slog.New(slog.DiscardHandler))
	m.Handle(server)
	for _, stranger := range []string{"x:9", "a:1", ""} {
		payload, err := rpc.Encode(MemberReportRequest{ReportedMember{Address: stranger}})
		require.NoError(t, err)
		answer, err := server.Answer(t.Context(), payload)
		require.NoError(t, err)
		require.Equal(t, "ErrorResponse", answer.GetMetadata().GetType())
		require.Contains(t, string(answer.GetBody().GetValue()), "is not a peer of a:1")
	}
}

func TestAloneIsResponsibleAndSilent(t *testing.T) {
	m, err := New(Config{Self: "a:1", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m.Run(ctx) // has nobody to report to
	require.True(t, m.Responsible("10.0.0.1:8080"))
	require.Equal(t, []Member{{Address: "a:1", State: Up}}, m.Members())
}

func TestStartsSlowly(t *testing.T) {
	const name = "muster/nodes/" + string(StartsSlowly)
	require.NoError(t, failpoint.Enable(name, "return(true)"))
	defer failpoint.Disable(name)
	synctest.Test(t, func(t *testing.T) {
		_, nodes, _ := cluster(t)
		// All of them are slow here, and none hears of another.
		time.Sleep(slowStart - time.Second)
		for _, member := range nodes["a:1"].Members() {
			require.True(t, member.Refreshed.IsZero(), member.Address)
		}
		time.Sleep(10 * time.Second)
		for _, member := range nodes["a:1"].Members() {
			require.Equal(t, member.Address == "a:1", member.Refreshed.IsZero(), member.Address)
		}
	})
}
