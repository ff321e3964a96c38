package golden

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"muster/nodes/rpc"
)

// members is how many nodes the recorded clusters had.
const members = 3

// recordedHost is where the recorded clusters and their clients were; recordedPorts are the nodes' HTTP ports.
const recordedHost = "127.0.0.1"

var recordedPorts = [members]int{8848, 8858, 8868}

// Recorded are the addresses of the cluster that was recorded.
func Recorded() []string {
	var addresses []string
	for _, port := range recordedPorts {
		addresses = append(addresses, net.JoinHostPort(recordedHost, strconv.Itoa(port)))
	}
	return addresses
}

// instead puts the addresses of a cluster and of its client in the stead of the recorded ones.
type instead struct {
	patterns []pattern
	// nodes are the members' addresses; all are the client's besides.
	nodes, all *strings.Replacer
}

type pattern struct {
	find *regexp.Regexp
	put  string
}

// hashed is a path at which addresses are asked about only because of their hash.
const hashed = "/operator/distro/client"

// newInstead makes it for a player whose nodes are known.
func newInstead(p *Player) (instead, error) {
	var i instead
	var nodes []string
	prefix := p.node(0)
	for number, port := range recordedPorts {
		node := p.node(number)
		host, nodePort, err := net.SplitHostPort(node)
		if err != nil {
			return i, fmt.Errorf("node %q: want ip:port", node)
		}
		raft, err := rpc.Offset(node, rpc.RaftOffset)
		if err != nil {
			return i, fmt.Errorf("node %q: %w", node, err)
		}
		_, raftPort, err := net.SplitHostPort(raft)
		if err != nil {
			return i, fmt.Errorf("node %q: %w", node, err)
		}
		i.add(fmt.Sprintf(`"ip":\s*"127\.0\.0\.1",\s*"port":\s*%d\b`, port), fmt.Sprintf(`"ip":%q,"port":%s`, host, nodePort))
		i.add(fmt.Sprintf(`"raftPort":\s*"%d"`, port+rpc.RaftOffset), fmt.Sprintf(`"raftPort":%q`, raftPort))
		nodes = append(nodes, fmt.Sprintf("%s:%d", recordedHost, port), node, fmt.Sprintf("%s:%d", recordedHost, port+rpc.RaftOffset), raft)
		prefix = common(prefix, node)
	}
	if slices.Equal(p.nodes, Recorded()) && p.here == recordedHost {
		return instead{}, nil // all is as it was
	}
	// What all members' addresses begin with, and what none begins with, for cases that look for parts of addresses.
	i.add(`"127\.0\.0(\.1:88)?"`, strconv.Quote(prefix))
	i.add(`"keyword":\s*"10\."`, `"keyword":"198.51.100."`)
	i.nodes = strings.NewReplacer(nodes...)
	i.all = strings.NewReplacer(append(nodes, recordedHost, p.here)...)
	return i, nil
}

func (i *instead) add(find, put string) {
	i.patterns = append(i.patterns, pattern{regexp.MustCompile(find), put})
}

// in does it in a step's text.
func (i instead) in(text string) string {
	if i.all == nil {
		return text
	}
	for _, p := range i.patterns {
		text = p.find.ReplaceAllLiteralString(text, p.put)
	}
	if strings.Contains(text, hashed) {
		return i.nodes.Replace(text)
	}
	return i.all.Replace(text)
}

// common is what two texts begin with alike.
func common(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// addressTowards is the address that a node sees this client at.
func addressTowards(node string) (string, error) {
	socket, err := net.Dial("udp", node) // sends nothing
	if err != nil {
		return "", fmt.Errorf("finding the way to node %s: %w", node, err)
	}
	defer socket.Close()
	host, _, err := net.SplitHostPort(socket.LocalAddr().String())
	if err != nil {
		return "", fmt.Errorf("finding the way to node %s: %w", node, err)
	}
	return host, nil
}

// inOrder sorts nodes as members do to find out who is responsible.
func inOrder(nodes []string) []string {
	return slices.Sorted(slices.Values(nodes))
}
