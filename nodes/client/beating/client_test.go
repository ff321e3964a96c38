package beating_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/client/beating"
	"muster/nodes/client/cache"
	"muster/nodes/client/clienttest"
)

var (
	orders = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}
	first  = model.Instance{IP: "10.1.0.1", Port: 8080, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true, Ephemeral: true}
)

const one, two = "10.0.0.1:8848", "10.0.0.2:8848"

// fake is as much of a node as the client needs. It notes when it was asked for what, in seconds since the test began.
type fake struct {
	mu       sync.Mutex
	began    time.Time
	asked    map[string][]float64
	known    bool
	hosts    string
	interval int
	query    map[string]string
}

func newFake() *fake {
	return &fake{began: time.Now(), asked: map[string][]float64{}, hosts: `[]`, interval: 5000, query: map[string]string{}}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	call := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/nacos/v1/ns/instance")
	f.asked[call] = append(f.asked[call], time.Since(f.began).Seconds())
	switch call {
	case "PUT /beat":
		code := 10200
		if !f.known {
			code = 20404
		}
		fmt.Fprintf(w, `{"clientBeatInterval":%d,"code":%d,"lightBeatEnabled":true}`, f.interval, code)
	case "GET /list":
		for name := range r.URL.Query() {
			f.query[name] = r.URL.Query().Get(name)
		}
		io.WriteString(w, listing(f.hosts, time.Now()))
	default:
		f.known = r.Method == http.MethodPost
		io.WriteString(w, "ok")
	}
}

func listing(hosts string, made time.Time) string {
	return fmt.Sprintf(`{"name":"DEFAULT_GROUP@@orders","clusters":"","cacheMillis":10000,"hosts":%s,"lastRefTime":%d}`, hosts, made.UnixMilli())
}

const someHosts = `[{"ip":"10.1.0.1","port":8080,"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT","metadata":{}}]`

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) when(call string) []float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]float64{}, f.asked[call]...)
}

func newClient(t *testing.T, network *clienttest.Network, change func(*beating.Options)) *beating.Client {
	options := beating.Options{Nodes: []string{"http://" + one}, Timeout: 3 * time.Second, Dial: network.Dial, Draw: func(int) int { return 0 }}
	if change != nil {
		change(&options)
	}
	c, err := beating.New(options)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, node := clienttest.New(t), newFake()
		network.Serve(one, node)
		c := newClient(t, network, nil)
		require.Equal(t, model.OK, c.Register(t.Context(), orders, first).Outcome)
		time.Sleep(11 * time.Second)
		require.Equal(t, []float64{5, 10}, node.when("PUT /beat"))
		node.set(func() { node.interval = 2000 })
		time.Sleep(9 * time.Second)
		require.Equal(t, []float64{5, 10, 15, 17, 19}, node.when("PUT /beat"), "as often as the node wants it")

		node.set(func() { node.known = false })
		time.Sleep(2 * time.Second)
		require.Equal(t, []float64{0, 21}, node.when("POST "), "registered again where it was forgotten")
		require.Equal(t, model.OK, c.Deregister(t.Context(), orders, first).Outcome)
		time.Sleep(time.Minute)
		require.Len(t, node.when("PUT /beat"), 6, "no beats for what was deregistered")
		require.Len(t, node.when("POST "), 2)
	})
}

func TestBeatsElsewhereWhenANodeIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, node := clienttest.New(t), newFake()
		network.Serve(two, node)
		c := newClient(t, network, func(o *beating.Options) { o.Nodes = append(o.Nodes, "http://"+two) })
		require.Equal(t, model.OK, c.Register(t.Context(), orders, first).Outcome)
		time.Sleep(6 * time.Second)
		require.Equal(t, []float64{5}, node.when("PUT /beat"))
	})
}

func TestPollsAndBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, node := clienttest.New(t), newFake()
		network.Serve(one, node)
		node.hosts = someHosts
		folder := cache.Folder(filepath.Join(t.TempDir(), "cache"))
		c := newClient(t, network, func(o *beating.Options) { o.Cache = folder })
		var sizes []int
		require.Equal(t, model.OK, c.Subscribe(t.Context(), orders, "", func(u beating.Update) { sizes = append(sizes, len(u.Instances)) }).Outcome)
		time.Sleep(22 * time.Second)
		require.Equal(t, []float64{0, 1, 11, 21}, node.when("GET /list"))
		require.Equal(t, []int{1}, sizes, "told once: nothing changed")
		node.set(func() { node.hosts = `[]` })
		time.Sleep(160 * time.Second)
		// Empty lists count as failures: 10 s, then 20, 40, 60 at most.
		require.Equal(t, []float64{0, 1, 11, 21, 31, 51, 91, 151}, node.when("GET /list"))
		require.Equal(t, []int{1, 0}, sizes)
		c.Unsubscribe(orders, "")
		time.Sleep(time.Hour)
		require.Len(t, node.when("GET /list"), 8)

		// No node answers: what was last believed is there. It was empty.
		network.Stop(one)
		other := newClient(t, network, func(o *beating.Options) { o.Cache = folder })
		var from []int
		answer := other.Subscribe(t.Context(), orders, "", func(u beating.Update) { from = append(from, u.Node) })
		require.Equal(t, model.Fail, answer.Outcome)
		require.Equal(t, []int{-1}, from)
		held, any := other.Held(orders, "")
		require.True(t, any)
		require.Empty(t, held.Instances)
	})
}

// packets is a socket in memory.
type packets struct {
	net.PacketConn
	in, out chan []byte
	closed  chan struct{}
}

func newPackets() *packets {
	return &packets{in: make(chan []byte), out: make(chan []byte, 9), closed: make(chan struct{})}
}

var nodeSocket = &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 40000}

func (p *packets) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4zero, Port: 50000} }
func (p *packets) Close() error        { close(p.closed); return nil }
func (p *packets) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case datagram := <-p.in:
		return copy(b, datagram), nodeSocket, nil
	case <-p.closed:
		return 0, nil, net.ErrClosed
	}
}
func (p *packets) WriteTo(b []byte, _ net.Addr) (int, error) {
	p.out <- bytes.Clone(b)
	return len(b), nil
}

func datagram(t *testing.T, data string, number int64) []byte {
	text, err := json.Marshal(map[string]any{"type": "dom", "data": data, "lastRefTime": number})
	require.NoError(t, err)
	return text
}

func packed(t *testing.T, text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestTakesPushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, node, socket := clienttest.New(t), newFake(), newPackets()
		network.Serve(one, node)
		c := newClient(t, network, func(o *beating.Options) { o.Pushes = socket })
		updates := make(chan beating.Update, 9)
		require.Equal(t, model.OK, c.Subscribe(t.Context(), orders, "", func(u beating.Update) { updates <- u }).Outcome)
		require.False(t, (<-updates).Pushed)
		require.Equal(t, "50000", node.query["udpPort"])

		began := time.Now()
		for number, push := range []struct {
			name     string
			datagram []byte
			told     int
		}{
			{"long enough to be compressed", packed(t, datagram(t, listing(someHosts, began.Add(time.Millisecond)), 0)), 1},
			{"the same again", packed(t, datagram(t, listing(someHosts, began.Add(time.Millisecond)), 1)), 0},
			{"an older one, overtaken", datagram(t, listing(`[]`, began), 2), 0},
			{"a newer one", datagram(t, listing(`[]`, began.Add(2*time.Millisecond)), 3), 1},
		} {
			socket.in <- push.datagram
			var ack struct{ Type, LastRefTime string }
			require.NoError(t, json.Unmarshal(<-socket.out, &ack))
			require.Equal(t, "push-ack", ack.Type)
			require.Equal(t, fmt.Sprint(number), ack.LastRefTime)
			require.Len(t, updates, push.told, push.name)
			for range push.told {
				require.True(t, (<-updates).Pushed)
			}
		}
		for _, broken := range []string{"", "{", `{"type":"dom","data":"{"}`, `{"type":"dump","data":"{}"}`, "\x1f\x8bnonsense",
			`{"type":"dom","data":"{\"name\":\"DEFAULT_GROUP@@orders\"}","lastRefTime":1}`} {
			socket.in <- []byte(broken)
		}
		synctest.Wait()
		require.Empty(t, socket.out, "what cannot be read is not acknowledged")
		require.Empty(t, updates)
	})
}
