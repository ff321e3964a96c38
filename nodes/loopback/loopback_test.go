package loopback

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/rpc"
)

func TestAddressesAreLoopbacksAndFree(t *testing.T) {
	addresses, err := Addresses(most)
	require.NoError(t, err)
	require.Len(t, addresses, most)
	taken := map[string]bool{}
	for _, address := range addresses {
		host, _, err := net.SplitHostPort(address)
		require.NoError(t, err)
		require.True(t, net.ParseIP(host).IsLoopback(), address)
		for _, offset := range offsets {
			at, err := rpc.Offset(address, offset)
			require.NoError(t, err)
			require.False(t, taken[at], "%s is a port of two nodes", at)
			taken[at] = true
			listener, err := net.Listen("tcp", at)
			require.NoError(t, err)
			defer listener.Close()
		}
	}
	require.False(t, AllFree(addresses[most-1:]), "they are taken now")
}

func TestHostsAreNotShared(t *testing.T) {
	if ownHost() == "127.0.0.1" {
		t.Skip("SKIPPED: this system has but one loopback host; run this on Linux")
	}
	require.NotEqual(t, ownHost(), ownHost())
}

func TestWrongCounts(t *testing.T) {
	for _, wrong := range []int{-1, 0, most + 1} {
		_, err := Addresses(wrong)
		require.ErrorContains(t, err, "want 1 to 100")
	}
}
