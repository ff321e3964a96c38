package push

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"muster/nodes/jackson"
	"muster/nodes/registry"
)

// Times and sizes of pushes over UDP (Nacos: UdpConnector).
const (
	// udpAckTime is how long a subscriber has to acknowledge a datagram before it is sent again, once.
	udpAckTime = 10 * time.Second
	// udpSends is how often it is sent at most.
	udpSends = 2
	// compressFrom is the size from which on it is compressed, in bytes.
	compressFrom = 1024
	// receiveRetry is how long to wait after an error of the socket.
	receiveRetry = time.Second
	// ackLimit is more than an acknowledgement needs, in bytes.
	ackLimit = 64 << 10
	// lookUpTimeout is how long it may take to find out where a subscriber is that gave a name for its address. (Nacos waits for the
	// system's resolver, in the thread that pushes: UdpConnector.sendData, InetAddress.getByName.)
	lookUpTimeout = 2 * time.Second
	// lookUpsAtOnce is how many names are looked up at the same time at most. Who is pushed to beyond that is told at the next change.
	lookUpsAtOnce = 16
)

// Datagrams tells subscribers over UDP, the way of 1.x clients: a datagram holds the service, a list is due in any case every ten
// seconds or so, and what is not acknowledged is sent once more. Make it with NewDatagrams, and run Serve.
type Datagrams struct {
	socket net.PacketConn
	format Format
	log    *slog.Logger
	// lookUp finds the addresses of a name; names has a place for each that is being looked up.
	lookUp func(ctx context.Context, network, name string) ([]netip.Addr, error)
	names  chan struct{}

	mu sync.Mutex
	// waiting are the pushes that are not acknowledged, the last one of each subscription.
	waiting map[subscription]*datagram
	// numbered says whose push has a number.
	numbered map[int64]subscription
	number   int64
	state    State
}

// Format writes a service as a subscriber over UDP wants to see it.
type Format func(*registry.View, registry.Subscriber) json.RawMessage

// State counts pushes over UDP.
type State struct {
	// Total are all, repetitions aside; Failed those that were never acknowledged.
	Total, Failed int
	// Waiting are those not acknowledged yet, as they were sent but for compression.
	Waiting []string
}

// subscription is one subscriber's of one service.
type subscription struct{ client, service string }

// datagram is a push under way.
type datagram struct {
	to net.Addr
	// number stands in the datagram as lastRefTime, and in its acknowledgement.
	number        int64
	text, content []byte
	sends         int
	timer         *time.Timer
}

// NewDatagrams makes a pusher that tells a registry's subscribers through a socket of its own.
func NewDatagrams(state *registry.Registry, socket net.PacketConn, format Format, log *slog.Logger) *Datagrams {
	d := &Datagrams{
		socket: socket, format: format, log: log, waiting: map[subscription]*datagram{}, numbered: map[int64]subscription{},
		number: time.Now().UnixNano(), lookUp: net.DefaultResolver.LookupNetIP, names: make(chan struct{}, lookUpsAtOnce),
	}
	state.OnView(d.push)
	return d
}

// Serve takes acknowledgements until the socket is closed.
func (d *Datagrams) Serve() {
	content := make([]byte, ackLimit)
	for {
		n, from, err := d.socket.ReadFrom(content)
		switch {
		case err == nil:
			d.acknowledged(content[:n], from)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			d.log.Warn("receiving acknowledgements of pushes", "error", err.Error())
			time.Sleep(receiveRetry)
		}
	}
}

// Close ends Serve; what was not acknowledged is not sent again.
func (d *Datagrams) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, waiting := range d.waiting {
		waiting.timer.Stop()
	}
	clear(d.waiting)
	clear(d.numbered)
	return d.socket.Close()
}

// State counts; with reset, the next count begins now.
func (d *Datagrams) State(reset bool) State {
	d.mu.Lock()
	defer d.mu.Unlock()
	state := d.state
	for _, waiting := range d.waiting {
		state.Waiting = append(state.Waiting, string(waiting.text))
	}
	slices.Sort(state.Waiting)
	if reset {
		d.state = State{}
	}
	return state
}

// push tells those of the audience that subscribed over UDP.
func (d *Datagrams) push(view *registry.View, audience []registry.Subscriber) {
	for _, subscriber := range audience {
		if registry.IsConnection(subscriber.ID) {
			continue
		}
		if ip, err := netip.ParseAddr(subscriber.IP); err == nil {
			d.tell(view, subscriber, ip)
			continue
		}
		select {
		case d.names <- struct{}{}:
			go func() {
				defer func() { <-d.names }()
				d.tellNamed(view, subscriber)
			}()
		default:
			d.failed(view, subscriber, fmt.Errorf("%q is a name, and %d others are being looked up", subscriber.IP, lookUpsAtOnce))
		}
	}
}

// tellNamed sends a service to a subscriber that gave a name for its address.
func (d *Datagrams) tellNamed(view *registry.View, subscriber registry.Subscriber) {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpTimeout)
	defer cancel()
	ips, err := d.lookUp(ctx, "ip", subscriber.IP)
	if err == nil && len(ips) == 0 {
		err = errors.New("the name has no address")
	}
	if err != nil {
		d.failed(view, subscriber, fmt.Errorf("where the subscriber is: %w", err))
		return
	}
	d.tell(view, subscriber, ips[0])
}

// tell sends a service to a subscriber at an address.
func (d *Datagrams) tell(view *registry.View, subscriber registry.Subscriber, ip netip.Addr) {
	to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(subscriber.Port)))
	if err := d.start(view, subscriber, to); err != nil {
		d.failed(view, subscriber, err)
	}
}

func (d *Datagrams) failed(view *registry.View, subscriber registry.Subscriber, err error) {
	d.log.Info("a push over UDP failed", "to", registry.Tag(subscriber.IP, subscriber.Port), "service", view.Service.String(), "error", err.Error())
}

// start sends a push for the first time. What the subscriber has not acknowledged of the service before is of no use any more, and not
// sent again.
func (d *Datagrams) start(view *registry.View, subscriber registry.Subscriber, to net.Addr) (err error) {
	data := d.format(view, subscriber)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.number++
	push := &datagram{to: to, number: d.number}
	push.text = jackson.AppendText([]byte(`{"type":"dom","data":`), string(data))
	push.text = append(strconv.AppendInt(append(push.text, `,"lastRefTime":`...), push.number, 10), '}')
	if push.content, err = packed(push.text); err != nil {
		return err
	}
	key := subscription{subscriber.ID, view.Service.String()}
	if d.end(key) {
		d.state.Failed++
	}
	d.waiting[key], d.numbered[push.number] = push, key
	d.state.Total++
	push.timer = time.AfterFunc(udpAckTime, func() { d.again(key, push) })
	return d.send(push)
}

func (d *Datagrams) send(push *datagram) error {
	push.sends++
	_, err := d.socket.WriteTo(push.content, push.to)
	return err
}

// again sends what was not acknowledged once more, and then gives it up.
func (d *Datagrams) again(key subscription, push *datagram) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting[key] != push {
		return // acknowledged, or replaced
	}
	if push.sends == udpSends || d.send(push) != nil {
		d.end(key)
		d.state.Failed++
		return
	}
	push.timer.Reset(udpAckTime)
}

// end forgets a subscription's push that is under way, and says whether there was one.
func (d *Datagrams) end(key subscription) bool {
	push := d.waiting[key]
	if push == nil {
		return false
	}
	push.timer.Stop()
	delete(d.waiting, key)
	delete(d.numbered, push.number)
	return true
}

// acknowledged ends the push to an address that has the number of the acknowledgement. Nothing else in it counts.
func (d *Datagrams) acknowledged(content []byte, from net.Addr) {
	var ack struct {
		LastRefTime json.Number `json:"lastRefTime"`
	}
	if json.Unmarshal(content, &ack) != nil {
		return
	}
	number, err := ack.LastRefTime.Int64()
	if err != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if key, known := d.numbered[number]; known && d.waiting[key].to.String() == from.String() {
		d.end(key)
	}
}

// packed is a datagram's content: the text, compressed if it is long.
func packed(text []byte) ([]byte, error) {
	if len(text) < compressFrom {
		return text, nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress a push: %w", err)
	}
	return b.Bytes(), nil
}
