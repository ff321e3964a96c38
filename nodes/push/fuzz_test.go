package push

import (
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/registry"
)

// FuzzAcknowledged takes anything for an acknowledgement. It ends at most the push to where it comes from.
func FuzzAcknowledged(f *testing.F) {
	for _, text := range []string{`{"type":"push-ack","lastRefTime":"7","data":""}`, `{"lastRefTime":7}`, `{"lastRefTime":9223372036854775808}`, `{"lastRefTime":{}}`, `[`, ``} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		state, socket := registry.New(registry.Options{}), sink{sent: make(chan string, 2)}
		d := NewDatagrams(state, socket, UDP(state), slog.New(slog.DiscardHandler))
		d.number = 6
		orders := model.Service{Namespace: "public", Group: "g", Name: "orders"}
		here, elsewhere := &net.UDPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 4000}, &net.UDPAddr{IP: net.IPv4(10, 0, 0, 8), Port: 4000}
		d.push(state.View(orders), []registry.Subscriber{{Connection: registry.Connection{ID: "10.0.0.7:4000#true", IP: "10.0.0.7", Port: 4000}}})
		d.acknowledged(content, elsewhere)
		require.Len(t, d.State(false).Waiting, 1)
		d.acknowledged(content, here)
		require.LessOrEqual(t, len(d.State(false).Waiting), 1)
		require.NoError(t, d.Close())
	})
}
