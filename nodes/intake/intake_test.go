package intake_test

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"muster/nodes/intake"
)

// door is a listener in memory, before which connections from any address can stand.
type door struct{ waiting chan net.Conn }

func (d door) Accept() (net.Conn, error) {
	connection, open := <-d.waiting
	if !open {
		return nil, net.ErrClosed
	}
	return connection, nil
}

func (d door) Close() error   { close(d.waiting); return nil }
func (d door) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 8848} }

type visitor struct {
	net.Conn
	from string
}

func (v visitor) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(v.from), Port: 5000} }

func TestListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := door{make(chan net.Conn, 99)}
		var refused atomic.Uint64
		listener := intake.Listen(d, intake.Limits{All: 3, PerAddress: 2}, &refused)
		came := make(chan net.Conn, 99)
		ended := make(chan error)
		go func() {
			for {
				connection, err := listener.Accept()
				if err != nil {
					ended <- err
					return
				}
				came <- connection
			}
		}()
		comes := func(from string) (far net.Conn) {
			near, far := net.Pipe()
			d.waiting <- visitor{near, from}
			synctest.Wait()
			return far
		}
		comes("10.0.0.2")
		comes("::ffff:10.0.0.2")
		require.Len(t, came, 2)
		_, err := comes("10.0.0.2").Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "a third from one address, however it is written")
		require.EqualValues(t, 1, refused.Load())
		comes("10.0.0.3")
		require.Len(t, came, 3)
		comes("10.0.0.4")
		require.Len(t, came, 3, "there is no room, and it waits")

		first := <-came
		require.NoError(t, first.Close())
		_ = first.Close() // which counts but once
		synctest.Wait()
		require.Len(t, came, 3, "the one that waited")
		comes("10.0.0.5")
		require.Len(t, came, 3)

		require.NoError(t, listener.Close())
		require.ErrorIs(t, <-ended, net.ErrClosed)
	})
}
