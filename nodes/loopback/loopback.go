package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"

	"muster/nodes/rpc"
)

// Where nodes' ports are looked for: below those that systems give to outgoing connections (from 32768 on Linux).
const (
	lowestPort  = 12000
	highestPort = 31000
	// apart is how far the ports of two nodes of a call are from each other; most nodes at a time, or ports of two would meet.
	apart = 10
	most  = rpc.SDKOffset / apart
	// attempts to find ports that are free.
	attempts = 100
)

// offsets are where a node listens, counted from its address.
var offsets = []int{0, rpc.SDKOffset, rpc.ClusterOffset, rpc.RaftOffset}

// Addresses are for that many nodes, "ip:port" each, at different ports of one host. All ports that the nodes need are free, and stay so
// where the host is theirs alone.
func Addresses(count int) ([]string, error) {
	if count < 1 || count > most {
		return nil, fmt.Errorf("addresses for %d nodes: want 1 to %d", count, most)
	}
	host := ownHost()
	for range attempts {
		addresses, port := make([]string, count), lowestPort+rand.IntN(highestPort-lowestPort-apart*count)
		for i := range addresses {
			addresses[i] = net.JoinHostPort(host, strconv.Itoa(port+apart*i))
		}
		if AllFree(addresses) {
			return addresses, nil
		}
	}
	return nil, fmt.Errorf("ports for %d nodes at %s: tried %d times between %d and %d, want four free ones for each (p, p%+d, p%+d, p%+d)",
		count, host, attempts, lowestPort, highestPort, rpc.SDKOffset, rpc.ClusterOffset, rpc.RaftOffset)
}

// ownHost draws a loopback host that nobody else is likely to draw. Systems that have but one, as macOS, have everybody share it.
func ownHost() string {
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "127.0.0.1"
	}
	listener.Close()
	return host
}

// AllFree tells whether nodes could listen at these addresses now, each at all its ports.
func AllFree(addresses []string) bool {
	for _, address := range addresses {
		for _, offset := range offsets {
			at, err := rpc.Offset(address, offset)
			if err != nil {
				return false
			}
			listener, err := net.Listen("tcp", at)
			if err != nil {
				return false
			}
			listener.Close()
		}
	}
	return true
}
