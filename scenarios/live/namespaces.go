package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"muster/scenarios"
)

// nodePort is the port of every node where each has an address of its own.
const nodePort = "8848"

// namespaces gives each machine a network namespace, joined by a bridge:
//
//	n1  eth0 10.x.y.1 ─┐
//	n2  eth0 10.x.y.2 ─┼─ bridge ─ sink
//	n3  eth0 10.x.y.3 ─┘
//
// One way between two machines is cut by a lie: the sender is told that the receiver's address has the sink's hardware address.
// So packets leave the sender, as over a real cut, nobody hears of it, and the way into the sink counts what it swallows. The way back,
// and everything else, goes on. It needs iproute2 and nothing that filters packets.
type namespaces struct {
	// token keeps the names of one run apart from any other's, of this process or another.
	token    string
	machines []string
	// subnet is that of the run's own bridge, which another's may have as well.
	subnet  string
	inForce map[scenarios.Way]bool
}

// sinkAddress is a hardware address that nothing has, not even the sink, so that it drops what it gets; the bit 02 says that it is
// administered locally.
const sinkAddress = "02:00:00:00:5f:ff"

// sinkName is the sink's machine, which has no address and runs nothing.
const sinkName = "sink"

// tokens are how many runs' names there are: so many that no run meets another's, also one that has not quite gone; with six digits of base
// 36 names fit into the 15 bytes that interfaces' may have.
const tokens = 36 * 36 * 36 * 36 * 36 * 36

func newNamespaces(ctx context.Context, machines []string) (*namespaces, error) {
	n := &namespaces{
		token:    "mu" + strconv.FormatUint(rand.Uint64N(tokens), 36),
		machines: machines,
		subnet:   fmt.Sprintf("10.%d.%d", 64+rand.IntN(128), rand.IntN(250)),
		inForce:  map[scenarios.Way]bool{},
	}
	if err := n.build(ctx); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *namespaces) build(ctx context.Context) error {
	steps := [][]string{
		{"ip", "link", "add", n.bridge(), "type", "bridge"},
		{"ip", "link", "set", n.bridge(), "up"},
		{"ip", "netns", "add", n.space(sinkName)},
		{"ip", "link", "add", n.sink(), "type", "veth", "peer", "name", "eth0", "netns", n.space(sinkName)},
		{"ip", "link", "set", n.sink(), "master", n.bridge(), "up"},
		{"ip", "-n", n.space(sinkName), "link", "set", "eth0", "up"},
		// Only what is addressed to the sink goes there, not what the bridge floods.
		{"ip", "link", "set", n.sink(), "type", "bridge_slave", "flood", "off", "mcast_flood", "off", "bcast_flood", "off"},
		{"bridge", "fdb", "replace", sinkAddress, "dev", n.sink(), "master", "static"},
	}
	for i, machine := range n.machines {
		space, port := n.space(machine), n.port(i)
		steps = append(steps,
			[]string{"ip", "netns", "add", space},
			[]string{"ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space},
			[]string{"ip", "link", "set", port, "master", n.bridge(), "up"},
			[]string{"ip", "-n", space, "addr", "add", n.ip(machine) + "/24", "dev", "eth0"},
			[]string{"ip", "-n", space, "link", "set", "eth0", "up"},
			[]string{"ip", "-n", space, "link", "set", "lo", "up"})
	}
	for _, step := range steps {
		if err := execute(ctx, step...); err != nil {
			return err
		}
	}
	return nil
}

func (n *namespaces) bridge() string              { return n.token + "br" }
func (n *namespaces) sink() string                { return n.token + "sk" }
func (n *namespaces) port(number int) string      { return n.token + "p" + strconv.Itoa(number+1) }
func (n *namespaces) space(machine string) string { return n.token + "-" + machine }

func (n *namespaces) ip(machine string) string {
	for i, name := range n.machines {
		if name == machine {
			return n.subnet + "." + strconv.Itoa(i+1)
		}
	}
	return ""
}

// address: the last machine is the workload's, which listens nowhere.
func (n *namespaces) address(machine string) string {
	if machine == n.machines[len(n.machines)-1] {
		return n.ip(machine)
	}
	return n.ip(machine) + ":" + nodePort
}

func (n *namespaces) command(machine string, arguments []string) []string {
	return append([]string{"ip", "netns", "exec", n.space(machine)}, arguments...)
}

func (n *namespaces) cut(ctx context.Context, cuts []scenarios.Way) error {
	wanted := map[scenarios.Way]bool{}
	for _, cut := range cuts {
		wanted[cut] = true
		if n.inForce[cut] {
			continue
		}
		if err := execute(ctx, "ip", "-n", n.space(cut.From), "neigh", "replace", n.ip(cut.To), "lladdr", sinkAddress, "nud", "permanent", "dev", "eth0"); err != nil {
			return err
		}
		n.inForce[cut] = true
	}
	for _, from := range n.machines {
		for _, to := range n.machines {
			way := scenarios.Way{From: from, To: to}
			if !n.inForce[way] || wanted[way] {
				continue
			}
			if err := execute(ctx, "ip", "-n", n.space(from), "neigh", "del", n.ip(to), "dev", "eth0"); err != nil {
				return err
			}
			delete(n.inForce, way)
		}
	}
	return nil
}

func (n *namespaces) swallowed(context.Context) (uint64, error) {
	text, err := os.ReadFile("/sys/class/net/" + n.sink() + "/statistics/tx_packets")
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
}

func (n *namespaces) describe() string { return "a network namespace a machine, on a bridge" }

// close removes everything; what is not there any more is no error. It takes the links away by name: a namespace takes its own along some
// time after it has gone.
func (n *namespaces) close() error {
	ctx := context.Background()
	for i := range n.machines {
		_ = execute(ctx, "ip", "link", "del", n.port(i))
	}
	for _, machine := range append(slices.Clone(n.machines), sinkName) {
		_ = execute(ctx, "ip", "netns", "del", n.space(machine))
	}
	_ = execute(ctx, "ip", "link", "del", n.sink())
	_ = execute(ctx, "ip", "link", "del", n.bridge())
	return nil
}

// execute runs a command; its error says what the command said.
func execute(ctx context.Context, arguments ...string) error {
	output, err := exec.CommandContext(ctx, arguments[0], arguments[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(arguments, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}
