package push_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/push"
	"muster/nodes/registry"
)

// packet is a datagram and where it goes to or comes from.
type packet struct {
	content []byte
	at      net.Addr
}

// wire is a socket whose datagrams a test takes and sends.
type wire struct {
	net.PacketConn
	out, in chan packet
	closed  chan struct{}
}

func newWire() *wire {
	return &wire{out: make(chan packet, 16), in: make(chan packet, 16), closed: make(chan struct{})}
}

func (w *wire) ReadFrom(into []byte) (int, net.Addr, error) {
	select {
	case p := <-w.in:
		return copy(into, p.content), p.at, nil
	case <-w.closed:
		return 0, nil, net.ErrClosed
	}
}

func (w *wire) WriteTo(content []byte, to net.Addr) (int, error) {
	w.out <- packet{bytes.Clone(content), to}
	return len(content), nil
}

func (w *wire) Close() error {
	close(w.closed)
	return nil
}

// take is what was sent by now, each datagram's text.
func (w *wire) take(t *testing.T) (texts []string) {
	synctest.Wait()
	for {
		select {
		case p := <-w.out:
			content := p.content
			if bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
				reader, err := gzip.NewReader(bytes.NewReader(content))
				require.NoError(t, err)
				content, err = io.ReadAll(reader)
				require.NoError(t, err)
			} else {
				require.Less(t, len(content), 1024, "long ones are compressed")
			}
			texts = append(texts, string(content))
		default:
			return texts
		}
	}
}

// subscribed runs a test with a subscriber of orders at 127.0.0.1:4000, who has been shown the service without instances.
func subscribed(t *testing.T, test func(t *testing.T, state *registry.Registry, w *wire, d *push.Datagrams, first string)) {
	synctest.Test(t, func(t *testing.T) {
		state, w := registry.New(registry.Options{}), newWire()
		d := push.NewDatagrams(state, w, push.UDP(state), slog.New(slog.DiscardHandler))
		go d.Serve()
		clusters := ""
		require.NoError(t, state.SubscribeSocket(registry.Connection{IP: "127.0.0.1", Port: 4000}, registry.Subscription{Service: orders, Clusters: &clusters}))
		time.Sleep(registry.ViewDelay)
		texts := w.take(t)
		require.Len(t, texts, 1)
		test(t, state, w, d, texts[0])
		require.NoError(t, d.Close())
	})
}

// number is by what a push is acknowledged.
func number(t *testing.T, text string) string {
	var shown struct {
		Type, Data  string
		LastRefTime json.Number
	}
	require.NoError(t, json.Unmarshal([]byte(text), &shown))
	require.Equal(t, "dom", shown.Type)
	require.True(t, json.Valid([]byte(shown.Data)))
	return shown.LastRefTime.String()
}

// What is not acknowledged is sent once more after ten seconds, and given up after ten more.
func TestDatagramAgain(t *testing.T) {
	subscribed(t, func(t *testing.T, _ *registry.Registry, w *wire, d *push.Datagrams, first string) {
		require.Equal(t, []string{first}, d.State(false).Waiting)
		time.Sleep(9 * time.Second)
		require.Empty(t, w.take(t))
		time.Sleep(time.Second)
		require.Equal(t, []string{first}, w.take(t))
		time.Sleep(30 * time.Second)
		require.Empty(t, w.take(t))
		require.Equal(t, push.State{Total: 1, Failed: 1}, d.State(true))
		require.Equal(t, push.State{}, d.State(false), "counted anew")
	})
}

func TestDatagramAcknowledged(t *testing.T) {
	there, elsewhere := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4001}
	for _, test := range []struct {
		name  string
		text  string
		from  net.Addr
		taken bool
	}{
		{"as clients do", `{"type":"push-ack","lastRefTime":#,"data":""}`, there, true},
		{"the number alone", `{"lastRefTime":"#"}`, there, true},
		{"from another address", `{"lastRefTime":#}`, elsewhere, false},
		{"another number", `{"lastRefTime":1}`, there, false},
		{"no number", `{}`, there, false},
		{"no JSON", `ok`, there, false},
		{"nothing", ``, there, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			subscribed(t, func(t *testing.T, _ *registry.Registry, w *wire, _ *push.Datagrams, first string) {
				w.in <- packet{[]byte(strings.ReplaceAll(test.text, "#", number(t, first))), test.from}
				time.Sleep(15 * time.Second)
				require.Equal(t, test.taken, len(w.take(t)) == 0)
			})
		})
	}
}

// A newer push takes the place of one that was not acknowledged: nobody is sent what a service was.
func TestDatagramReplaced(t *testing.T) {
	subscribed(t, func(t *testing.T, state *registry.Registry, w *wire, _ *push.Datagrams, first string) {
		long := instance()
		long.Metadata = map[string]string{"long": strings.Repeat("v", 1000)}
		require.NoError(t, state.RegisterEphemeral(orders, long))
		time.Sleep(registry.ViewDelay)
		second := w.take(t)
		require.Len(t, second, 1)
		require.Contains(t, second[0], "10.1.0.1")
		require.NotEqual(t, number(t, first), number(t, second[0]))
		time.Sleep(10 * time.Second)
		require.Equal(t, second, w.take(t))
	})
}
