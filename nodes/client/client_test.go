package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/client/clienttest"
	"muster/nodes/client/login"
)

var (
	orders   = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}
	instance = model.Instance{IP: "10.1.0.1", Port: 8080, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true, Ephemeral: true}
)

const (
	first  = "10.0.0.1:8848"
	second = "10.0.0.2:8848"
	third  = "10.0.0.3:8848"
	// patience is virtual: it costs a test nothing.
	patience  = 3 * time.Second
	emptyList = `{"name":"DEFAULT_GROUP@@orders","hosts":[]}`
)

// newClient asks the servers of a network, at the three addresses above.
func newClient(t *testing.T, dial func(context.Context, string, string) (net.Conn, error)) *client.Client {
	c, err := client.New(client.Config{
		Nodes:   []string{"http://" + first, "http://" + second, "http://" + third},
		Timeout: patience,
		Dial:    dial,
	})
	require.NoError(t, err)
	t.Cleanup(c.HangUp)
	return c
}

// A token that a node refuses is replaced, once, and what was refused sent again; a token that is new is believed in.
func TestTokensAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := clienttest.New(t)
		given, refused, shown := 0, "", []string(nil)
		network.Serve(first, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/login") {
				given++
				fmt.Fprintf(w, `{"accessToken":"token-%d","tokenTtl":100}`, given)
				return
			}
			shown = append(shown, r.Header.Get("Authorization"))
			if r.Header.Get("Authorization") == refused {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			io.WriteString(w, "ok")
		}))
		session, err := login.New(login.Options{Nodes: []string{"http://" + first}, Name: "shop", Password: "pass", Timeout: patience, Dial: network.Dial})
		require.NoError(t, err)
		c, err := client.New(client.Config{Nodes: []string{"http://" + first}, Timeout: patience, Dial: network.Dial, Session: session})
		require.NoError(t, err)
		defer c.HangUp()
		require.Equal(t, model.OK, c.Register(t.Context(), client.Only(0), orders, instance).Outcome)
		time.Sleep(10 * time.Second)
		refused = "Bearer token-1"
		require.Equal(t, model.OK, c.Register(t.Context(), client.Only(0), orders, instance).Outcome)
		refused = "Bearer token-2"
		answer := c.Register(t.Context(), client.Only(0), orders, instance)
		require.Equal(t, model.Fail, answer.Outcome)
		require.Equal(t, http.StatusForbidden, answer.Status)
		require.Equal(t, []string{"Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-2"}, shown)
		network.Serve(first, answering(http.StatusForbidden, "user not found!"))
		time.Sleep(100 * time.Second)
		answer = c.Register(t.Context(), client.Only(0), orders, instance)
		require.Equal(t, model.Fail, answer.Outcome, "nothing was sent")
		require.ErrorIs(t, answer.Err, login.ErrRefused)
	})
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// breakingOff announces more than it sends.
func breakingOff(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, body)
	}
}

// hangingUp takes the request and closes the connection without an answer.
func hangingUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// hanging takes the request and never answers.
func hanging(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name string
		// serve is nil where nobody listens.
		serve http.Handler
		// write and read are the outcomes of calls that change something, and of those that do not.
		write, read model.Phase
		status      int
		says        string
	}{
		{"refused", nil, model.Fail, model.Fail, 0, "connection refused"},
		{"hangs up after the request", http.HandlerFunc(hangingUp), model.Unknown, model.Fail, 0, "EOF"},
		{"never answers", http.HandlerFunc(hanging), model.Unknown, model.Fail, 0, "no answer within 3s"},
		{"bad request", answering(400, "Param 'ip' is required."), model.Fail, model.Fail, 400, `refused with status 400: "Param 'ip' is required."`},
		{"not found", answering(404, "no matched ip found!"), model.Fail, model.Fail, 404, "refused with status 404"},
		{"refused and breaking off", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(400)
		}), model.Fail, model.Fail, 400, "refused with status 400"},
		{"server error", answering(500, "did not find the Leader node"), model.Unknown, model.Fail, 500, `status 500: "did not find the Leader node"`},
		{"no such call", answering(501, "no such api"), model.Unknown, model.Fail, 501, "status 501"},
		{"starting", answering(503, "server is STARTING now"), model.Unknown, model.Fail, 503, "status 503"},
		{"redirect", http.RedirectHandler("http://"+second, http.StatusFound), model.Unknown, model.Fail, 302, "status 302"},
		{"switching protocols", answering(101, ""), model.Unknown, model.Fail, 101, "status 101"},
		{"garbage", answering(200, "<html>"), model.Unknown, model.Fail, 200, `got "<html>"`},
		{"nothing", answering(200, ""), model.Unknown, model.Fail, 200, `got ""`},
		{"breaks off", breakingOff("o"), model.Unknown, model.Fail, 200, `answer breaks off after "o"`},
		{"hangs in the middle", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			breakingOff("o")(w, r)
			w.(http.Flusher).Flush()
			hanging(w, r)
		}), model.Unknown, model.Fail, 200, "no answer within 3s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := clienttest.New(t)
				if c.serve != nil {
					network.Serve(first, c.serve)
				}
				registry := newClient(t, network.Dial)
				ctx := t.Context()
				writes := map[string]client.Answer{
					"register":       registry.Register(ctx, client.Only(0), orders, instance),
					"deregister":     registry.Deregister(ctx, client.Only(0), orders, instance),
					"update":         registry.Update(ctx, client.Only(0), orders, instance),
					"beat":           registry.Beat(ctx, client.Only(0), orders, instance),
					"create service": registry.CreateService(ctx, client.Only(0), orders),
					"delete service": registry.DeleteService(ctx, client.Only(0), orders),
				}
				for call, answer := range writes {
					require.Equal(t, c.write, answer.Outcome, "%s: %v", call, answer.Err)
					require.Equal(t, c.status, answer.Status, call)
					require.ErrorContains(t, answer.Err, c.says, call)
				}
				_, listed := registry.List(ctx, client.Only(0), orders, model.ReadLocal)
				_, named := registry.ListServices(ctx, client.Only(0), "public", "DEFAULT_GROUP")
				for call, answer := range map[string]client.Answer{"list": listed, "list services": named} {
					require.Equal(t, c.read, answer.Outcome, "%s: %v", call, answer.Err)
					require.Equal(t, c.status, answer.Status, call)
					require.ErrorContains(t, answer.Err, c.says, call)
				}
			})
		})
	}
}

// brokenConn is a connection that breaks at a given place.
type brokenConn struct {
	net.Conn
	// sends is how many bytes get through before it breaks; -1 for all, and then reading fails.
	sends int
	wrote chan struct{}
}

func (c *brokenConn) Write(bytes []byte) (int, error) {
	if c.sends < 0 {
		close(c.wrote)
		return len(bytes), nil
	}
	return min(c.sends, len(bytes)), syscall.EPIPE
}

func (c *brokenConn) Read([]byte) (int, error) {
	<-c.wrote
	return 0, syscall.ECONNRESET
}

func (c *brokenConn) Close() error {
	if c.sends >= 0 {
		close(c.wrote)
	}
	return c.Conn.Close()
}

// A write is Fail only if not one byte of it was sent.
func TestBrokenConnections(t *testing.T) {
	for _, c := range []struct {
		name  string
		sends int
		want  model.Phase
	}{
		{"before the first byte", 0, model.Fail},
		{"after one byte", 1, model.Unknown},
		{"after the request", -1, model.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := newClient(t, func(context.Context, string, string) (net.Conn, error) {
					near, _ := net.Pipe()
					return &brokenConn{Conn: near, sends: c.sends, wrote: make(chan struct{})}, nil
				})
				answer := registry.Register(t.Context(), client.Only(0), orders, instance)
				require.Error(t, answer.Err)
				require.Equal(t, c.want, answer.Outcome, "%v", answer.Err)
			})
		})
	}
}

// A connection that is kept and dies unnoticed must not make a certain failure of what never left, nor send a write twice.
func TestKeptConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, dialled atomic.Int64
		network := clienttest.New(t)
		network.Serve(first, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch asked.Add(1) {
			case 2:
				panic(http.ErrAbortHandler)
			default:
				io.WriteString(w, "ok")
			}
		}))
		registry := newClient(t, func(ctx context.Context, kind, address string) (net.Conn, error) {
			dialled.Add(1)
			return network.Dial(ctx, kind, address)
		})
		for i, want := range []model.Phase{model.OK, model.Unknown, model.OK, model.OK} {
			answer := registry.Register(t.Context(), client.Only(0), orders, instance)
			require.Equal(t, want, answer.Outcome, "call %d: %v", i, answer.Err)
		}
		require.EqualValues(t, 4, asked.Load(), "the second request must not be repeated")
		require.EqualValues(t, 2, dialled.Load(), "connections must be kept")
		registry.HangUp()
		synctest.Wait()
		registry.Register(t.Context(), client.Only(0), orders, instance)
		require.EqualValues(t, 3, dialled.Load(), "connections must be closed by HangUp")
	})
}

func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := clienttest.New(t)
		network.Serve(first, http.HandlerFunc(hanging))
		network.Silence(second)
		registry := newClient(t, network.Dial)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		answer := registry.Register(ctx, client.From(0), orders, instance)
		require.Equal(t, model.Unknown, answer.Outcome)
		require.ErrorContains(t, answer.Err, "given up")
		require.ErrorIs(t, answer.Err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))

		answer = registry.Register(ctx, client.Only(1), orders, instance)
		require.Equal(t, model.Fail, answer.Outcome, "it was given up before there was a connection: %v", answer.Err)
		answer = registry.Register(t.Context(), client.Only(1), orders, instance)
		require.Equal(t, model.Fail, answer.Outcome, "dialling timed out: %v", answer.Err)
		require.ErrorContains(t, answer.Err, "no connection within 3s")
	})
}

func TestFailover(t *testing.T) {
	good := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			io.WriteString(w, emptyList)
			return
		}
		io.WriteString(w, "ok")
	})
	for _, c := range []struct {
		name                string
		first               http.Handler // nil: refused
		write, read         model.Phase
		writeNode, readNode int
	}{
		{"all is well", good, model.OK, model.OK, 0, 0},
		{"refused", nil, model.OK, model.OK, 1, 1},
		{"server error", answering(500, "no leader"), model.Unknown, model.OK, 0, 1},
		{"hangs up", http.HandlerFunc(hangingUp), model.Unknown, model.OK, 0, 1},
		{"hangs", http.HandlerFunc(hanging), model.Unknown, model.OK, 0, 1},
		{"garbage", answering(200, "x"), model.Unknown, model.OK, 0, 1},
		{"bad request", answering(400, "no"), model.Fail, model.Fail, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := clienttest.New(t)
				if c.first != nil {
					network.Serve(first, c.first)
				}
				network.Serve(second, good)
				registry := newClient(t, network.Dial)

				answer := registry.Register(t.Context(), client.From(0), orders, instance)
				require.Equal(t, c.write, answer.Outcome, "write: %v", answer.Err)
				require.Equal(t, c.writeNode, answer.Node)
				_, answer = registry.List(t.Context(), client.From(0), orders, "")
				require.Equal(t, c.read, answer.Outcome, "read: %v", answer.Err)
				require.Equal(t, c.readNode, answer.Node)
			})
		})
	}

	t.Run("round the ring", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			network := clienttest.New(t)
			network.Silence(third)
			network.Serve(first, good)
			answer := newClient(t, network.Dial).Register(t.Context(), client.From(1), orders, instance)
			require.Equal(t, model.OK, answer.Outcome, "%v", answer.Err)
			require.Equal(t, 0, answer.Node)
		})
	})
	t.Run("nobody is there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			answer := newClient(t, clienttest.New(t).Dial).Register(t.Context(), client.From(1), orders, instance)
			require.Equal(t, model.Fail, answer.Outcome)
			require.Equal(t, 0, answer.Node, "the last one asked")
			require.ErrorContains(t, answer.Err, "POST /instance")
		})
	})
	t.Run("no such node", func(t *testing.T) {
		answer := newClient(t, nil).Register(t.Context(), client.Only(3), orders, instance)
		require.Equal(t, model.Fail, answer.Outcome)
		require.ErrorContains(t, answer.Err, "node 3: want 0 to 2")
	})
}

func TestBeatAnswers(t *testing.T) {
	for _, c := range []struct {
		body string
		want model.Phase
		says string
	}{
		{`{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}`, model.OK, ""},
		{`{"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}`, model.Fail, "does not know this instance"},
		{`{"clientBeatInterval":5000,"lightBeatEnabled":true}`, model.Unknown, "want code 10200 or 20404"},
		{`ok`, model.Unknown, `want a beat's answer`},
	} {
		t.Run(c.body, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := clienttest.New(t)
				network.Serve(first, answering(200, c.body))
				answer := newClient(t, network.Dial).Beat(t.Context(), client.From(0), orders, instance)
				require.Equal(t, c.want, answer.Outcome)
				require.Equal(t, c.want == model.Fail, errors.Is(answer.Err, client.ErrNotRegistered))
				if c.says != "" {
					require.ErrorContains(t, answer.Err, c.says)
				}
			})
		})
	}
}

// What goes over the wire, held against what Nacos's Java client sends.
func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got *http.Request
		network := clienttest.New(t)
		network.Serve(first, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r
			io.WriteString(w, "ok")
		}))
		registry := newClient(t, network.Dial)
		ctx, at := t.Context(), client.Only(0)
		described := model.Instance{IP: "10.1.0.1", Port: 8080, Weight: 0.5, Enabled: true, Metadata: map[string]string{"b": "2", "a": "1&\"ä"}}
		const address = "namespaceId=public&serviceName=DEFAULT_GROUP@@orders&clusterName=DEFAULT&ip=10.1.0.1&port=8080"
		const description = address + "&groupName=DEFAULT_GROUP&weight=0.5&enabled=true&ephemeral=false" + `&metadata={"a":"1\u0026\"ä","b":"2"}`
		for _, c := range []struct {
			call               func()
			method, path, want string
		}{
			{func() { registry.Register(ctx, at, orders, described) }, "POST", "/nacos/v1/ns/instance", description + "&healthy=false"},
			{func() { registry.Update(ctx, at, orders, described) }, "PUT", "/nacos/v1/ns/instance", description},
			{func() { registry.Deregister(ctx, at, orders, described) }, "DELETE", "/nacos/v1/ns/instance", address + "&ephemeral=false"},
			{func() { registry.Beat(ctx, at, orders, instance) }, "PUT", "/nacos/v1/ns/instance/beat", address},
			{func() { registry.List(ctx, at, orders, model.ReadLinearizable) }, "GET", "/nacos/v1/ns/instance/list",
				"namespaceId=public&serviceName=DEFAULT_GROUP@@orders&healthyOnly=false&read=linearizable"},
			{func() { registry.List(ctx, at, orders, "") }, "GET", "/nacos/v1/ns/instance/list",
				"namespaceId=public&serviceName=DEFAULT_GROUP@@orders&healthyOnly=false"},
			{func() { registry.CreateService(ctx, at, orders) }, "POST", "/nacos/v1/ns/service",
				"namespaceId=public&groupName=DEFAULT_GROUP&serviceName=orders"},
			{func() { registry.DeleteService(ctx, at, orders) }, "DELETE", "/nacos/v1/ns/service",
				"namespaceId=public&groupName=DEFAULT_GROUP&serviceName=orders"},
			{func() { registry.ListServices(ctx, at, "public", "g") }, "GET", "/nacos/v1/ns/service/list",
				"namespaceId=public&groupName=g&pageNo=1&pageSize=500"},
		} {
			c.call()
			require.Equal(t, c.method, got.Method)
			require.Equal(t, c.path, got.URL.Path)
			want := url.Values{}
			for name, value := range pairs(c.want) {
				want.Set(name, value)
			}
			require.Equal(t, want, got.URL.Query(), "%s %s", c.method, c.path)
			require.Equal(t, "Nacos-Java-Client:v1.4.8", got.UserAgent())
			require.Zero(t, got.ContentLength)
		}
	})
}

func TestListServicesReadsAllPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := clienttest.New(t)
		network.Serve(first, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			names := `"z"`
			if r.FormValue("pageNo") == "1" {
				for i := 1; i < 500; i++ {
					names += fmt.Sprintf(`,"s%03d"`, i)
				}
			}
			fmt.Fprintf(w, `{"count":501,"doms":[%s]}`, names)
		}))
		services, answer := newClient(t, network.Dial).ListServices(t.Context(), client.Only(0), "public", "DEFAULT_GROUP")
		require.NoError(t, answer.Err)
		require.Len(t, services, 501)
		require.Equal(t, model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "s001"}, services[0])
		require.Equal(t, "z", services[500].Name)
	})
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		config client.Config
		says   string
	}{
		{client.Config{Timeout: patience}, "client without nodes"},
		{client.Config{Nodes: []string{"http://a:1"}}, "time-out of 0s"},
		{client.Config{Nodes: []string{"a:1"}, Timeout: patience}, `node "a:1": want a base URL`},
		{client.Config{Nodes: []string{"http://"}, Timeout: patience}, "want a base URL"},
		{client.Config{Nodes: []string{"https://a:1"}, Timeout: patience}, "want a base URL"},
		{client.Config{Nodes: []string{"http://a:1/nacos"}, Timeout: patience}, "want a base URL"},
		{client.Config{Nodes: []string{"http://a:1/", "%"}, Timeout: patience}, `node "%"`},
	} {
		_, err := client.New(c.config)
		require.ErrorContains(t, err, c.says)
	}
}

// The real thing, on real sockets, once.
func TestOverTCP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := http.Server{Handler: answering(200, emptyList)}
	go server.Serve(listener)
	defer server.Close()
	registry, err := client.New(client.Config{Nodes: []string{"http://" + listener.Addr().String()}, Timeout: time.Minute})
	require.NoError(t, err)
	instances, answer := registry.List(t.Context(), client.Only(0), orders, model.ReadLocal)
	require.NoError(t, answer.Err)
	require.Empty(t, instances)
	server.Close()
	registry.HangUp()
	answer = registry.Register(t.Context(), client.Only(0), orders, instance)
	require.Equal(t, model.Fail, answer.Outcome, "nobody listens any more: %v", answer.Err)
}

// pairs splits a readable query that is not escaped.
func pairs(query string) map[string]string {
	values := map[string]string{}
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return values
}
