package openapi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/auth"
	"muster/nodes/liveness"
	"muster/nodes/loader"
	"muster/nodes/push"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// lockedBuffer is a log that several requests write to.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// testNode is a server without a cluster behind it: commands are applied at once.
type testNode struct {
	Options
	address string
	log     *lockedBuffer
}

// newNode starts a server; change may put other functions in.
func newNode(t *testing.T, change func(*Options)) testNode {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	n := testNode{address: listener.Addr().String(), log: &lockedBuffer{}}
	n.Options = optionsFor(n.address, registry.Nacos2, n.log)
	if change != nil {
		change(&n.Options)
	}
	s := New(n.Options)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Shutdown(ended) // connections that a test left open do not end by themselves
		require.NoError(t, <-served)
	})
	return n
}

func optionsFor(address string, profile registry.Profile, log io.Writer) Options {
	state := registry.New(registry.Options{Self: address, Profile: profile})
	accounts := auth.NewDirectory()
	logger := slog.New(slog.NewTextHandler(log, nil))
	return Options{
		Self: address, Profile: profile, Registry: state, Liveness: liveness.New(liveness.Options{Registry: state, Log: logger}), Log: logger,
		Owner:   func(string) string { return address },
		Members: func() []Member { return []Member{{Address: address, State: "UP"}} },
		Raft:    func() RaftGroup { return RaftGroup{} },
		Pushes:  func(bool) push.State { return push.State{} },
		Barrier: func(context.Context) error { return nil },
		Loader: loader.New(loader.Options{
			Self: address, SDK: rpc.NewSDK(rpc.SDKOptions{Log: logger}), Members: func() []string { return []string{address} }, Log: logger,
		}),
		Accounts: &auth.Editor{
			Directory: accounts,
			Propose: func(_ context.Context, c auth.Command) error {
				text, err := c.Encode()
				if err != nil {
					return err
				}
				rejection, _ := accounts.ApplyCommand(text).(error)
				return rejection
			},
			Barrier: func(context.Context) error { return nil },
		},
		Propose: func(_ context.Context, c registry.Command) error {
			text, err := c.Encode()
			if err != nil {
				return err
			}
			refusal, _ := state.ApplyCommand(text).(error)
			return refusal
		},
	}
}

// ask sends a request and returns status and body.
func (n testNode) ask(t *testing.T, method, path string, parameters ...string) (int, string) {
	values := url.Values{}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		values.Set(name, value)
	}
	request, err := http.NewRequest(method, "http://"+n.address+path+"?"+values.Encode(), nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

const instancePath = "/nacos/v1/ns/instance"

// requireServing makes sure that the node answers.
func (n testNode) requireServing(t *testing.T) {
	status, body := n.ask(t, "GET", "/nacos/v1/ns/operator/metrics")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"status":"UP"}`, body)
}

func TestReadModes(t *testing.T) {
	var barriers int
	var unreachable error
	n := newNode(t, func(o *Options) {
		o.Barrier = func(context.Context) error {
			barriers++
			return unreachable
		}
	})
	register := func(port string) {
		status, body := n.ask(t, "POST", instancePath, "serviceName=s", "ip=10.0.0.1", "port="+port, "ephemeral=false")
		require.Equal(t, 200, status, body)
	}
	register("80")
	_, local := n.ask(t, "GET", instancePath+"/list", "serviceName=s")
	require.Contains(t, local, `"port":80`)
	register("81")
	_, local = n.ask(t, "GET", instancePath+"/list", "serviceName=s")
	require.NotContains(t, local, `"port":81`, "a local read may lag behind")
	require.Zero(t, barriers)
	_, fresh := n.ask(t, "GET", instancePath+"/list", "serviceName=s", "read=linearizable")
	require.Contains(t, fresh, `"port":81`)
	status, _ := n.ask(t, "GET", instancePath, "serviceName=s", "ip=10.0.0.1", "port=81", "read=linearizable")
	require.Equal(t, 200, status)
	require.Equal(t, 2, barriers)

	unreachable = errors.New("no leader is known")
	status, body := n.ask(t, "GET", instancePath+"/list", "serviceName=s", "read=linearizable")
	require.Equal(t, 503, status)
	require.Contains(t, body, "no leader is known")
	status, _ = n.ask(t, "GET", instancePath+"/list", "serviceName=s")
	require.Equal(t, 200, status)
	status, body = n.ask(t, "GET", instancePath+"/list", "serviceName=s", "read=quick")
	require.Equal(t, 400, status)
	require.Contains(t, body, "want local or linearizable")
}

func TestRaftFailuresAreErrors(t *testing.T) {
	n := newNode(t, func(o *Options) {
		o.Propose = func(_ context.Context, c registry.Command) error {
			if c.Kind == registry.CreateService {
				return fmt.Errorf("the leader says: %w", registry.ErrServiceExists)
			}
			return errors.New("no leader is known")
		}
	})
	status, body := n.ask(t, "POST", instancePath, "serviceName=s", "ip=10.0.0.1", "port=80", "ephemeral=false")
	require.Equal(t, 500, status)
	require.Equal(t, "caused: no leader is known;", body)
	status, body = n.ask(t, "POST", "/nacos/v1/ns/service", "serviceName=s")
	require.Equal(t, 400, status, "a refusal that only the group could know of")
	require.Equal(t, "specified service DEFAULT_GROUP@@s already exists!", body)
}

func TestForwarding(t *testing.T) {
	owner := newNode(t, nil)
	responsible := owner.address
	n := newNode(t, func(o *Options) { o.Owner = func(string) string { return responsible } })
	for range 3 { // over a connection that is kept
		status, body := n.ask(t, "POST", instancePath, "serviceName=s", "ip=10.0.0.1", "port=80", "metadata=a=é b")
		require.Equal(t, 200, status, body)
	}
	_, listed := owner.ask(t, "GET", instancePath+"/list", "serviceName=s")
	require.Contains(t, listed, `{"a":"é b"}`)
	status, _ := n.ask(t, "GET", instancePath, "serviceName=s", "ip=10.0.0.1", "port=80")
	require.Equal(t, 404, status, "reads stay where they are asked")

	request, err := http.NewRequest("DELETE", "http://"+n.address+instancePath, strings.NewReader("serviceName=s&ip=10.0.0.1&port=80"))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, 200, response.StatusCode)
	require.Empty(t, owner.Registry.EphemeralClients(), "the form was forwarded")

	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer nobody.Close()
	responsible = nobody.Addr().String() // accepts, and says nothing
	status, body := n.ask(t, "POST", instancePath, "serviceName=s", "ip=10.0.0.1", "port=80")
	require.Equal(t, 500, status)
	require.Contains(t, body, "Server failed, caused: ")
	nobody.Close()
	status, body = n.ask(t, "POST", instancePath, "serviceName=s", "ip=10.0.0.1", "port=80")
	require.Equal(t, 500, status)
	require.Contains(t, body, "Server failed, caused: ")
	require.Empty(t, n.Registry.EphemeralClients())
}

func TestTag(t *testing.T) {
	for query, want := range map[string]string{
		"ip=10.0.0.1&port=80":    "10.0.0.1:80",
		"ip=10.0.0.1&port=0081":  "10.0.0.1:81",
		"ip=10.0.0.1&port=%2B80": "10.0.0.1:80",
		"ip=10.0.0.1&port=abc":   "10.0.0.1:abc",
		"ip=10.0.0.1":            "10.0.0.1:0",
		"":                       "null:0",
		"ip=1.1.1.1&port=1&beat={\"ip\":\"2.2.2.2\",\"port\":2}": "2.2.2.2:2",
		"ip=2001:db8::1&port=443":                                "2001:db8::1:443",
	} {
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		tag, failed := (&request{values: values}).tag()
		require.Nil(t, failed)
		require.Equal(t, want, tag)
	}
}

// What a client does wrong costs that client its answer, and the node nothing.
func TestHostileClients(t *testing.T) {
	n := newNode(t, func(o *Options) { o.Members = func() []Member { panic("members") } })
	form := "Content-Type: application/x-www-form-urlencoded\r\n"
	head := func(extra string) string {
		return "POST " + instancePath + " HTTP/1.1\r\nHost: x\r\n" + form + extra + "\r\n"
	}
	cases := map[string]struct{ sent, answer string }{
		"a body over the limit":   {head(fmt.Sprintf("Content-Length: %d\r\n", bodyLimit+1)) + strings.Repeat("a", bodyLimit+1), "HTTP/1.1 413"},
		"chunks without end":      {head("Transfer-Encoding: chunked\r\n") + "ffffff\r\n" + strings.Repeat("a", bodyLimit+1), "HTTP/1.1 413"},
		"headers over the limit":  {"GET /nacos/v1/ns/service/names HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 2*headerLimit) + "\r\n\r\n", "HTTP/1.1 431"},
		"a header that is none":   {"GET / HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n", "HTTP/1.1 400"},
		"no HTTP":                 {"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "HTTP/1.1 400"},
		"a chunk size of letters": {head("Transfer-Encoding: chunked\r\n") + "zz\r\n", "HTTP/1.1 400"},
		"two lengths":             {head("Content-Length: 1\r\nContent-Length: 2\r\n"), "HTTP/1.1 400"},
		"a handler that panics":   {"GET /nacos/v1/core/cluster/nodes HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 500"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			connection, err := net.Dial("tcp", n.address)
			require.NoError(t, err)
			defer connection.Close()
			go func() { _, _ = io.WriteString(connection, c.sent) }() // the server may hang up before it has read all
			line, err := bufio.NewReader(connection).ReadString('\n')
			require.NoError(t, err)
			require.Contains(t, line, c.answer)
			n.requireServing(t)
		})
	}
	require.Contains(t, n.log.String(), "cause=members")

	t.Run("truncated and slow", func(t *testing.T) {
		var open []net.Conn
		for _, sent := range []string{"", "POST ", "GET / HTTP/1.1\r\nHo", head("Content-Length: 100\r\n") + "serviceName=s"} {
			for range 20 {
				connection, err := net.Dial("tcp", n.address)
				require.NoError(t, err)
				_, err = io.WriteString(connection, sent)
				require.NoError(t, err)
				open = append(open, connection)
			}
		}
		n.requireServing(t)
		for _, connection := range open {
			require.NoError(t, connection.Close())
		}
		n.requireServing(t)
	})
	require.Empty(t, n.Registry.EphemeralClients(), "nothing was registered by halves")
}

// FuzzServe sends anything to every path. The node answers, and no handler panics.
func FuzzServe(f *testing.F) {
	profiles := []registry.Profile{registry.Nacos1, registry.Nacos2}
	for _, profile := range profiles {
		for path, verbs := range New(optionsFor("127.0.0.1:8848", profile, io.Discard)).routes {
			for verb := range verbs {
				f.Add(verb, "/nacos"+path, "serviceName=s&ip=1.1.1.1&port=80&key=a%23%23b&pageNo=1&pageSize=1&metadata=a=b&value=1&entry=checkTimes", "")
			}
		}
	}
	f.Add("PUT", "/nacos/v1/ns/distro/datum", "", `{"com.alibaba.nacos.naming.iplist.ephemeral.public##g@@s":{"value":{"instanceList":[{"ip":"1.1.1.1"}]}}}`)
	f.Add("PUT", "/nacos/v1/ns/instance/beat", "serviceName=s", "beat={\"ip\":\"1.1.1.1\",\"port\":-1,\"metadata\":{\"a\":null}}")
	f.Add("GET", "/nacos/v1/ns/catalog/instances", "serviceName=s&clusterName=c&pageNo=9223372036854775807&pageSize=2147483647", "")
	f.Add("PUT", "/nacos/v1/ns/instance/metadata/batch", "serviceName=s&metadata=a=b&instances=[{}]", "")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		for _, profile := range profiles {
			serveOnce(t, profile, method, path, query, body)
		}
	})
}

func serveOnce(t *testing.T, profile registry.Profile, method, path, query, body string) {
	for _, media := range []string{"application/x-www-form-urlencoded", mediaJSON} {
		var log lockedBuffer
		s := New(optionsFor("127.0.0.1:8848", profile, &log))
		request, err := http.NewRequest(method, "http://x"+path+"?"+query, strings.NewReader(body))
		if err != nil {
			return // no HTTP client could send it
		}
		request.RemoteAddr = "127.0.0.1:1"
		request.Header.Set("Content-Type", media)
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, request)
		require.GreaterOrEqual(t, answer.Code, 200)
		require.NotContains(t, log.String(), "request failed")
	}
}
