package rpc

import (
	"fmt"
	"net"
	"strconv"
)

// A node's ports, counted from the port of its HTTP API, by which it is named (Nacos: Constants.SDK_GRPC_PORT_DEFAULT_OFFSET and its like).
const (
	SDKOffset     = 1000
	ClusterOffset = 1001
	RaftOffset    = -1000
)

// Offset returns the address of another port of a node: of "10.0.0.1:8848" and RaftOffset, "10.0.0.1:7848".
func Offset(member string, offset int) (string, error) {
	host, text, err := net.SplitHostPort(member)
	if err != nil {
		return "", fmt.Errorf("member %q: %w; want ip:port, for example 10.0.0.1:8848", member, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil || port+offset < 1 || port+max(offset, 0) > 65535 {
		return "", fmt.Errorf("member %q: want a port of which %+d is a port too, for example 8848", member, offset)
	}
	return net.JoinHostPort(host, strconv.Itoa(port+offset)), nil
}

// ClusterAddress is where a member answers its peers.
func ClusterAddress(member string) (string, error) { return Offset(member, ClusterOffset) }
