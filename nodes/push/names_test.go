package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/registry"
)

// sink is a socket that notes where datagrams go.
type sink struct {
	net.PacketConn
	sent chan string
}

func (s sink) WriteTo(content []byte, to net.Addr) (int, error) {
	s.sent <- to.String()
	return len(content), nil
}

func (s sink) Close() error { return nil }

// A subscriber may give a name for its address. A resolver that does not answer holds up nobody else, and not for long.
func TestNamesAreLookedUpAFewAtATimeAndNotForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state, socket := registry.New(registry.Options{}), sink{sent: make(chan string, 2*lookUpsAtOnce)}
		d := NewDatagrams(state, socket, UDP(state), slog.New(slog.DiscardHandler))
		var asked, most atomic.Int64
		d.lookUp = func(ctx context.Context, _, name string) ([]netip.Addr, error) {
			most.Store(max(most.Load(), asked.Add(1)))
			defer asked.Add(-1)
			if name == "known" {
				return []netip.Addr{netip.MustParseAddr("10.0.0.7")}, nil
			}
			if name == "nowhere" {
				return nil, errors.New("no such host")
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		subscribe := func(ip string) {
			require.NoError(t, state.SubscribeSocket(registry.Connection{IP: ip, Port: 4000}, registry.Subscription{Service: model.Service{Namespace: "public", Group: "g", Name: "s"}}))
		}
		subscribe("known")
		subscribe("nowhere")
		time.Sleep(registry.ViewDelay)
		synctest.Wait()
		require.Equal(t, "10.0.0.7:4000", <-socket.sent)

		for i := range 2 * lookUpsAtOnce {
			subscribe(fmt.Sprintf("silent-%d", i))
		}
		subscribe("10.0.0.8")
		time.Sleep(registry.ViewDelay)
		synctest.Wait()
		require.Equal(t, "10.0.0.8:4000", <-socket.sent)
		require.EqualValues(t, lookUpsAtOnce, most.Load())
		time.Sleep(lookUpTimeout)
		synctest.Wait()
		require.Zero(t, asked.Load(), "none takes longer")
		require.NoError(t, d.Close())
	})
}
