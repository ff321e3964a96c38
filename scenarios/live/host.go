package live

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"

	"muster/scenarios"
)

// host is what the processes run on: machines of their own, or one shared loopback interface.
type host interface {
	// address of a node, "ip:port", or of the workload's machine, an IP alone.
	address(machine string) string
	// command is the command line that runs a program on a machine.
	command(machine string, arguments []string) []string
	// cut makes packets vanish in just these directions, and lets them pass in all others.
	cut(ctx context.Context, cuts []scenarios.Way) error
	// shape makes the ways between machines as bad as told, and all others as good as they were. ErrUnsupported if it cannot.
	shape(ctx context.Context, ways map[scenarios.Way]shape) error
	// reset ends the connections on these ways, and counts the sockets that it destroyed. ErrUnsupported if it cannot.
	reset(ctx context.Context, ways []scenarios.Way) (int, error)
	// traffic counts the packets on ways that are shaped.
	traffic(ctx context.Context) (traffic, error)
	// swallowed counts the packets that vanished so far.
	swallowed(ctx context.Context) (uint64, error)
	// describe says in a few words what this is.
	describe() string
	close() error
}

// newHost makes network namespaces where that is permitted, and settles for the loopback interface where it is not.
func newHost(ctx context.Context, nodes []string, workload string, loopbackOnly bool) (host, error) {
	if loopbackOnly {
		return newLoopback(nodes, "the loopback interface was asked for")
	}
	if os.Geteuid() != 0 {
		return newLoopback(nodes, "network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return newLoopback(nodes, "network namespaces need the command ip (iproute2)")
	}
	made, err := newNamespaces(ctx, append(append([]string{}, nodes...), workload))
	if err != nil {
		return newLoopback(nodes, "network namespaces are not permitted here: "+err.Error())
	}
	return made, nil
}

// loopback has all processes share a host of the loopback interface. Its network cannot be cut.
type loopback struct {
	host      string
	addresses map[string]string
	// reason says why the machines have no network of their own.
	reason string
}

// Ports that a node at port p needs besides p, as Nacos has them: SDK gRPC, cluster gRPC, Raft.
var portOffsets = []int{0, 1000, 1001, -1000}

// newLoopback finds free ports for the nodes.
func newLoopback(nodes []string, reason string) (*loopback, error) {
	l := &loopback{host: ownLoopback(), addresses: map[string]string{}, reason: reason}
	port := 18848
	for _, name := range nodes {
		for ; !l.portsFree(port); port += 10 {
			if port > 28000 {
				return nil, fmt.Errorf("no four free ports in a row for a node (p, p+1000, p+1001, p-1000) between 18848 and 28000 on %s", l.host)
			}
		}
		l.addresses[name] = net.JoinHostPort(l.host, strconv.Itoa(port))
		port += 10
	}
	return l, nil
}

// ownLoopback draws a host of the loopback interface that no other run is likely to draw. Nodes are killed and started again, and find
// their ports free there, whatever else runs on this computer. Systems that have but one, as macOS, have all runs share it.
func ownLoopback() string {
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "127.0.0.1"
	}
	listener.Close()
	return host
}

// portsFree says whether all ports of a node at this port can be listened on.
func (l *loopback) portsFree(port int) bool {
	for _, offset := range portOffsets {
		listener, err := net.Listen("tcp", net.JoinHostPort(l.host, strconv.Itoa(port+offset)))
		if err != nil {
			return false
		}
		listener.Close()
	}
	return true
}

func (l *loopback) address(machine string) string {
	if address, ok := l.addresses[machine]; ok {
		return address
	}
	return l.host
}

func (l *loopback) command(_ string, arguments []string) []string { return arguments }

func (l *loopback) cut(_ context.Context, cuts []scenarios.Way) error {
	if len(cuts) == 0 {
		return nil
	}
	return fmt.Errorf("%w: all processes share the loopback interface (%s)", scenarios.ErrUnsupported, l.reason)
}

func (l *loopback) shape(_ context.Context, ways map[scenarios.Way]shape) error {
	if len(ways) == 0 {
		return nil
	}
	return fmt.Errorf("%w: all processes share the loopback interface (%s)", scenarios.ErrUnsupported, l.reason)
}

func (l *loopback) reset(context.Context, []scenarios.Way) (int, error) {
	return 0, fmt.Errorf("%w: all processes share the loopback interface (%s)", scenarios.ErrUnsupported, l.reason)
}

func (l *loopback) traffic(context.Context) (traffic, error) { return traffic{}, nil }

func (l *loopback) swallowed(context.Context) (uint64, error) { return 0, nil }
func (l *loopback) describe() string                          { return "loopback: " + l.reason }
func (l *loopback) close() error                              { return nil }
