package main

import (
	"context"
	"net"
	"strings"
)

func ctx() context.Context { return context.Background() }

// dialer makes a resolver ask one server.
func dialer(server string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", server)
	}
}

// answer is a name server that knows one name, known.example, which is 192.0.2.7.
func answer(c *net.UDPConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(buffer)
		if err != nil {
			return
		}
		question := buffer[12:n]
		for i := 12; i < n; i++ { // to the end of the name, and its type and class
			if buffer[i] == 0 {
				question = buffer[12 : i+5]
				break
			}
		}
		reply := append([]byte{buffer[0], buffer[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
		if strings.HasPrefix(string(question), "\x05known") {
			reply[7] = 1
			reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 7)
		} else {
			reply[3] |= 3
		}
		c.WriteTo(reply, from)
	}
}
