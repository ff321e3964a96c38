package golden

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"muster/nodes/rpc"
)

const (
	// callTime is how long a unary call may take.
	callTime = 15 * time.Second
	// ackTime is how long a client waits for the answer to its setup; unackedTime if none is to come.
	ackTime     = 3 * time.Second
	unackedTime = 100 * time.Millisecond
	sdkOffset   = rpc.SDKOffset
	setupAck    = "SetupAckRequest"
	detection   = "ClientDetectionRequest"
	largePlay   = 32 << 20
)

// connection is a client's: one transport, one stream at most.
type connection struct {
	silent []string
	// here is the client's own address.
	here string
	// token gives one that the client shows.
	token     func() (string, error)
	transport *grpc.ClientConn
	// socket is the transport's, once it is connected.
	socket net.Conn
	cancel context.CancelFunc
	stream grpc.ClientStream
	// sending keeps answers and the case's own messages apart.
	sending sync.Mutex

	mu sync.Mutex
	// inbox holds what the server sent and no step has taken.
	inbox []*rpc.Payload
	// over is how the stream ended, nil while it lasts.
	over *status.Status
	// changed is closed and replaced when either changes.
	changed chan struct{}
}

// dialOnce connects, and not again: a case's connection that is gone stays gone.
func dialOnce(address, here string) (*connection, error) {
	c := &connection{here: here, changed: make(chan struct{})}
	at, err := rpc.Offset(address, sdkOffset)
	if err != nil {
		return nil, err
	}
	c.socket, err = net.Dial("tcp", at)
	if err != nil {
		return nil, err
	}
	unused := make(chan net.Conn, 1)
	unused <- c.socket
	c.transport, err = grpc.NewClient("passthrough:///"+at, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(largePlay), grpc.MaxCallRecvMsgSize(largePlay)), grpc.WithIdleTimeout(0),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			select {
			case socket := <-unused:
				return socket, nil
			default:
				return nil, errors.New("the connection is gone")
			}
		}))
	return c, err
}

// open connects as a step says.
func (p *play) open(s step, raw []byte) []Difference {
	c, err := dialOnce(p.player.node(s.Node), p.player.here)
	if err != nil {
		return failed(err)
	}
	c.silent, c.token = s.Open.Silent, p.player.token
	p.connections[s.Connection] = c
	_, port, err := net.SplitHostPort(c.socket.LocalAddr().String())
	if err != nil {
		return failed(err)
	}
	p.names["port:"+s.Connection] = port
	got, err := c.invoke(message{Type: rpc.TypeName(rpc.ServerCheckRequest{}), JSON: json.RawMessage("{}")})
	if err != nil {
		return failed(err)
	}
	var check rpc.ServerCheckResponse
	if err := json.Unmarshal(got.GetBody().GetValue(), &check); err != nil {
		return failed(err)
	}
	p.names["conn:"+s.Connection] = check.ConnectionID
	expected, err := p.names.read(raw) // now that the connection has a name
	if err != nil {
		return failed(err)
	}
	found := expected.compareAnswer(got)
	setup := s.Open.Setup
	if setup == nil {
		setup = json.RawMessage(usualSetup)
	}
	if string(setup) == "null" {
		return found
	}
	if err := c.send(message{Type: rpc.TypeName(rpc.ConnectionSetupRequest{}), JSON: setup}); err != nil {
		return append(found, failed(err)...)
	}
	var stated struct {
		Abilities json.RawMessage `json:"abilityTable"`
	}
	if json.Unmarshal(setup, &stated) != nil || stated.Abilities == nil {
		time.Sleep(unackedTime)
		return found
	}
	c.await(ackTime, func() bool { return c.find(setupAck) >= 0 })
	return found
}

// payload makes what goes over the wire of a client that is here.
func (m message) payload(here string) *rpc.Payload {
	body := []byte(m.JSON)
	if m.Body != nil {
		body = []byte(*m.Body)
	}
	payload := &rpc.Payload{Body: &anypb.Any{Value: body}}
	if !m.NoMetadata {
		payload.Metadata = &rpc.Metadata{Type: m.Type, ClientIp: here, Headers: m.Headers}
		if m.ClientIP != "" {
			payload.Metadata.ClientIp = m.ClientIP
		}
	}
	for missing := m.PayloadBytes - proto.Size(payload); m.PayloadBytes > 0 && missing != 0; missing = m.PayloadBytes - proto.Size(payload) {
		if missing < 0 { // the length itself has become longer
			payload.Body.Value = payload.Body.Value[:len(payload.Body.Value)+missing]
			continue
		}
		payload.Body.Value = append(payload.Body.Value, bytes.Repeat([]byte(" "), missing)...)
	}
	return payload
}

// invoke makes a unary call.
func (c *connection) invoke(m message) (*rpc.Payload, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	method := m.Method
	if method == "" {
		method = "/Request/request"
	}
	token, err := c.token()
	if err != nil {
		return nil, err
	}
	if token != "" && len(m.Headers) == 0 {
		m.Headers = map[string]string{"accessToken": token}
	}
	got := new(rpc.Payload)
	return got, c.transport.Invoke(ctx, method, m.payload(c.here), got)
}

// call makes a step's unary call once.
func (c *connection) call(s step) []Difference {
	got, err := c.invoke(*s.Call)
	if s.Response.Code != "" {
		if code := codeName(status.Code(err)); code != s.Response.Code {
			return []Difference{{
				Text:  fmt.Sprintf("code %s recorded, got %s", s.Response.Code, code),
				Minor: code != codeName(codes.OK) && s.Response.Code != codeName(codes.OK), // either way it has failed
			}}
		}
		return nil
	}
	if err != nil {
		return failed(err)
	}
	return s.compareAnswer(got)
}

func (s step) compareAnswer(got *rpc.Payload) []Difference {
	var found []Difference
	if kind := got.GetMetadata().GetType(); kind != s.Response.Type {
		found = differ("a %s recorded, got a %s", s.Response.Type, kind)
	}
	return append(found, s.json(s.Response.JSON, got.GetBody().GetValue(), sdkFields)...)
}

// codeName is a code as recordings write it: RESOURCE_EXHAUSTED.
func codeName(code codes.Code) string {
	text := code.String()
	if code == codes.OK {
		return text
	}
	var name strings.Builder
	for i, letter := range text {
		if i > 0 && letter >= 'A' && letter <= 'Z' {
			name.WriteByte('_')
		}
		name.WriteRune(letter)
	}
	return strings.ToUpper(name.String())
}

// send puts a message on the stream, and opens that if need be.
func (c *connection) send(m message) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	if c.stream == nil {
		ctx, cancel := context.WithCancel(context.Background())
		stream, err := c.transport.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/BiRequestStream/requestBiStream")
		if err != nil {
			cancel()
			return err
		}
		c.stream, c.cancel = stream, cancel
		go c.receive(stream)
	}
	return c.stream.SendMsg(m.payload(c.here))
}

// receive gathers what the server sends, and answers it at once.
func (c *connection) receive(stream grpc.ClientStream) {
	for {
		got := new(rpc.Payload)
		err := stream.RecvMsg(got)
		c.mu.Lock()
		if err != nil {
			c.over = status.New(codes.OK, "")
			if !errors.Is(err, io.EOF) {
				c.over = status.Convert(err)
			}
		} else {
			c.inbox = append(c.inbox, got)
		}
		close(c.changed)
		c.changed = make(chan struct{})
		ended := c.over != nil
		c.mu.Unlock()
		if ended {
			return
		}
		c.reply(got)
	}
}

func (c *connection) reply(to *rpc.Payload) {
	kind := to.GetMetadata().GetType()
	if kind == setupAck || slices.Contains(c.silent, "*") || slices.Contains(c.silent, kind) {
		return
	}
	var asked rpc.Ask
	if json.Unmarshal(to.GetBody().GetValue(), &asked) != nil {
		return
	}
	body, err := json.Marshal(rpc.Result{ResultCode: rpc.ResultSuccess, Success: true, RequestID: asked.RequestID})
	if err == nil {
		err = c.send(message{Type: strings.TrimSuffix(kind, "Request") + "Response", JSON: body})
	}
	_ = err // the stream has ended, which the case will see
}

// await waits until something is so. The condition is asked with the lock held.
func (c *connection) await(limit time.Duration, so func() bool) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		c.mu.Lock()
		is, changed := so(), c.changed
		c.mu.Unlock()
		if is {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// find is where the first message of a type is, -1 if there is none.
func (c *connection) find(kind string) int {
	return slices.IndexFunc(c.inbox, func(m *rpc.Payload) bool { return m.GetMetadata().GetType() == kind })
}

// push takes the next message of a type.
func (p *play) push(c *connection, s step) []Difference {
	var got *rpc.Payload
	if !c.await(milliseconds(s.Until), func() bool {
		at := c.find(s.Push.Type)
		if at < 0 {
			return false
		}
		got = c.inbox[at]
		c.inbox = slices.Delete(c.inbox, at, at+1)
		return true
	}) {
		return differ("nothing came")
	}
	var asked rpc.Ask
	if err := json.Unmarshal(got.GetBody().GetValue(), &asked); err != nil {
		return failed(err)
	}
	p.names["push:"+s.Connection] = asked.RequestID
	return s.json(s.Push.JSON, got.GetBody().GetValue(), sdkFields)
}

// quiet sees that nothing is there or comes but what may come at any time.
func (c *connection) quiet(limit time.Duration) []Difference {
	var loud []Difference
	c.await(limit, func() bool {
		for _, m := range c.inbox {
			if kind := m.GetMetadata().GetType(); kind != setupAck && kind != detection {
				loud = append(loud, minor("a %s came: %.300s", kind, m.GetBody().GetValue())...)
			}
		}
		return len(loud) > 0
	})
	return loud
}

// ended waits for the end of the stream.
func (c *connection) ended(want ending, limit time.Duration) []Difference {
	if !c.await(limit, func() bool { return c.over != nil }) {
		return differ("the stream did not end")
	}
	if code := codeName(c.over.Code()); code != want.Code {
		return minor("end with %s recorded, got %s", want.Code, code)
	}
	return nil
}

func (c *connection) close() {
	_ = c.transport.Close() // it may be closed already
	if c.cancel != nil {
		c.cancel()
	}
}

func (c *connection) halfClose() error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return c.stream.CloseSend()
}

// abort resets the transport.
func (c *connection) abort() error {
	tcp, ok := c.socket.(*net.TCPConn)
	if !ok {
		return fmt.Errorf("a %T: want TCP, which can be reset", c.socket)
	}
	if err := tcp.SetLinger(0); err != nil {
		return err
	}
	return tcp.Close()
}
