package golden

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// datagramLimit is more than any datagram holds.
const datagramLimit = 64 << 10

// datagrams is what a step does with a UDP socket to which a registry pushes, in place of a 1.x client's.
type datagrams struct {
	Open bool `json:"open"`
	// Push is the next datagram: within Until, and not before NotBefore, both in ms since the step before ended.
	Push      *datagram `json:"push"`
	Until     int       `json:"until_ms"`
	NotBefore int       `json:"not_before_ms"`
	// ThenAck acknowledges it. Repeats: it is the datagram before, byte for byte.
	ThenAck bool `json:"then_ack"`
	Repeats bool `json:"repeats"`
	// Ack is sent to wherever the last datagram came from.
	Ack   json.RawMessage `json:"ack"`
	Quiet int             `json:"quiet_ms"`
	Close bool            `json:"close"`
}

// datagram is a push. Its data are a text that holds JSON, and are shown parsed.
type datagram struct {
	Compressed bool            `json:"compressed"`
	JSON       json.RawMessage `json:"json"`
}

// lastRefTime is the name of the number that the last datagram of a case had, by which it is acknowledged.
const lastRefTime = "lastRefTime"

// udpSocket is a case's socket, with what it received last.
type udpSocket struct {
	*net.UDPConn
	last []byte
	from *net.UDPAddr
}

// datagramStep runs one step on a UDP socket; what says which it was.
func (p *play) datagramStep(s step) (what string, differences []Difference) {
	d, name := s.Datagrams, s.UDP
	if d.Open {
		return name + " open", failed(p.openUDP(name))
	}
	socket := p.sockets[name]
	if socket == nil {
		return name, differ("the case opened no such socket")
	}
	switch {
	case d.Push != nil:
		return name + " push", p.takeDatagram(socket, s)
	case d.Ack != nil:
		return name + " ack", failed(socket.acknowledge(d.Ack))
	case d.Quiet > 0:
		return name + " quiet", socket.quiet(milliseconds(d.Quiet))
	case d.Close:
		return name + " close", failed(socket.Close())
	}
	return name, failed(errors.New("a step of no known kind"))
}

// openUDP opens a socket at the address from which nodes are asked.
func (p *play) openUDP(name string) error {
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(p.player.here)})
	if err != nil {
		return err
	}
	p.sockets[name] = &udpSocket{UDPConn: socket}
	_, port, err := net.SplitHostPort(socket.LocalAddr().String())
	p.names["port:"+name] = port
	return err
}

// takeDatagram waits for the next push and compares it.
func (p *play) takeDatagram(socket *udpSocket, s step) []Difference {
	d, before := s.Datagrams, socket.last
	if err := socket.receive(p.stepped.Add(milliseconds(d.Until))); err != nil {
		return failed(err)
	}
	var found []Difference
	if waited := time.Since(p.stepped); waited < milliseconds(d.NotBefore) {
		found = append(found, minor("came after %v: not before %v recorded", waited, milliseconds(d.NotBefore))...)
	}
	if d.Repeats && !bytes.Equal(before, socket.last) {
		found = append(found, minor("repeats %.200q recorded, got %.200q", before, socket.last)...)
	}
	text, compressed, err := unpack(socket.last)
	if err != nil {
		return append(found, failed(err)...)
	}
	if compressed != d.Push.Compressed {
		found = append(found, minor("compressed: %t recorded, got %t", d.Push.Compressed, compressed)...)
	}
	shown, number, err := parsePush(text)
	if err != nil {
		return append(found, failed(err)...)
	}
	p.names[lastRefTime] = strconv.FormatInt(number, 10)
	if d.ThenAck {
		err := socket.acknowledge([]byte(`{"type":"push-ack","lastRefTime":` + p.names[lastRefTime] + `,"data":""}`))
		found = append(found, failed(err)...)
	}
	return append(found, s.json(d.Push.JSON, shown, sdkFields)...)
}

// receive waits for a datagram.
func (u *udpSocket) receive(until time.Time) error {
	if err := u.SetReadDeadline(until); err != nil {
		return err
	}
	content := make([]byte, datagramLimit)
	n, from, err := u.ReadFromUDP(content)
	if err != nil {
		return fmt.Errorf("no datagram: %w", err)
	}
	u.last, u.from = content[:n], from
	return nil
}

// acknowledge answers the last datagram.
func (u *udpSocket) acknowledge(text []byte) error {
	if u.from == nil {
		return errors.New("nothing came that could be acknowledged")
	}
	_, err := u.WriteToUDP(text, u.from)
	return err
}

// quiet sees that no datagram comes.
func (u *udpSocket) quiet(limit time.Duration) []Difference {
	if u.receive(time.Now().Add(limit)) != nil {
		return nil
	}
	text, _, err := unpack(u.last)
	if err != nil {
		return failed(err)
	}
	return minor("a datagram came: %.300s", text)
}

// unpack undoes gzip where it was used.
func unpack(content []byte) (text []byte, compressed bool, err error) {
	if !bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
		return content, false, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(content))
	if err == nil {
		text, err = io.ReadAll(reader)
	}
	if err != nil {
		return nil, true, fmt.Errorf("a datagram of %d bytes: %w", len(content), err)
	}
	return text, true, nil
}

// parsePush puts the JSON that the text of data holds in its place, and returns the number by which the push is acknowledged.
func parsePush(text []byte) (shown []byte, number int64, err error) {
	fields := map[string]json.RawMessage{}
	var push struct {
		Data        *string `json:"data"`
		LastRefTime int64   `json:"lastRefTime"`
	}
	if err := errors.Join(json.Unmarshal(text, &fields), json.Unmarshal(text, &push)); err != nil {
		return nil, 0, fmt.Errorf("push %.200q: %w", text, err)
	}
	if push.Data != nil {
		fields["data"] = json.RawMessage(*push.Data)
	}
	shown, err = json.Marshal(fields)
	if err != nil {
		return nil, 0, fmt.Errorf("push %.200q: data: %w", text, err)
	}
	return shown, push.LastRefTime, nil
}
