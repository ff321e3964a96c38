package connected

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"

	"muster/nodes/rpc"
)

// Why a connection is over.
var (
	errReplaced = errors.New("another connection took its place")
	errClosed   = errors.New("the client was closed")
	errSecond   = errors.New("a connection is made once: another would not be set up")
)

// connection is one to one node, set up.
type connection struct {
	client    *Client
	server    int
	id        string
	transport *grpc.ClientConn
	stream    grpc.ClientStream
	// local is this end's address without its port, which the node is told.
	local atomic.Value
	// sending: one at a time over the stream.
	sending sync.Mutex
	// active is when the node was last heard of, in ns since 1970.
	active atomic.Int64
	// doubt is sent to when a request got no answer: is the node still there?
	doubt chan struct{}
	// redirect is sent to when the node wants the client to be elsewhere.
	redirect chan rpc.ConnectResetRequest
	// acknowledged is closed when the node has said what it is able to do.
	acknowledged chan struct{}
	acknowledge  sync.Once
	ending       sync.Once
	ended        chan struct{}
}

// connect makes a connection to a server and sets it up: it asks whether the node is up, opens the stream, says who it is, and waits
// for the node to say what it is able to do (GrpcClient.connectToServer).
func (c *Client) connect(ctx context.Context, server int, address string) (*connection, error) {
	n := &connection{
		client: c, server: server, doubt: make(chan struct{}, 1), redirect: make(chan rpc.ConnectResetRequest, 1),
		acknowledged: make(chan struct{}), ended: make(chan struct{}),
	}
	if err := n.dial(address); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	if err := n.setUp(ctx); err != nil {
		n.end(err)
		return nil, fmt.Errorf("set up the connection to %s: %w", address, err)
	}
	return n, nil
}

func (n *connection) dial(address string) (err error) {
	var dialled atomic.Bool
	n.transport, err = grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableServiceConfig(),
		grpc.WithIdleTimeout(0),
		grpc.WithNoProxy(),
		grpc.WithStaticStreamWindowSize(rpc.Window), grpc.WithStaticConnWindowSize(rpc.Window),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			if dialled.Swap(true) {
				return nil, errSecond
			}
			conn, err := n.client.options.Dial(ctx, "tcp", address)
			if err != nil {
				return nil, err
			}
			if host, _, err := net.SplitHostPort(conn.LocalAddr().String()); err == nil {
				n.local.Store(host)
			}
			return conn, nil
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(rpc.MaxMessage), grpc.MaxCallSendMsgSize(rpc.MaxMessage)))
	return err
}

func (n *connection) setUp(ctx context.Context) error {
	check, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var checked rpc.ServerCheckResponse
	if err := n.call(check, rpc.ServerCheckRequest{}, &checked); err != nil {
		return err
	}
	n.id = checked.ConnectionID
	var err error
	streaming, stop := context.WithCancel(context.Background())
	both := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	if n.stream, err = n.transport.NewStream(streaming, both, "/BiRequestStream/requestBiStream"); err != nil {
		stop()
		return err
	}
	go func() {
		defer stop()
		n.listen()
	}()
	labels := map[string]string{"source": "sdk", "module": "naming"}
	if n.client.options.App != "" {
		labels["AppName"] = n.client.options.App
	}
	if err := n.send(rpc.ConnectionSetupRequest{ClientVersion: version, Labels: labels, AbilityTable: map[string]any{}}); err != nil {
		return err
	}
	wait, acknowledged := ackTime, n.acknowledged
	if !checked.SupportAbilityNegotiation {
		wait, acknowledged = setupPause, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-acknowledged:
	case <-timer.C:
		if acknowledged != nil {
			return fmt.Errorf("no acknowledgement within %v", wait)
		}
	case <-n.ended:
		return errors.New("the node ended the stream")
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// call sends a request and reads its response. Errors are those of rpc.Pool.Call.
func (n *connection) call(ctx context.Context, request any, response rpc.Response) error {
	return n.callWith(ctx, "", request, response)
}

// callWith does so and shows a token, if that is not empty.
func (n *connection) callWith(ctx context.Context, token string, request any, response rpc.Response) error {
	payload, err := n.encode(request)
	if err != nil {
		return fmt.Errorf("%w: %w", rpc.ErrNotSent, err)
	}
	if token != "" {
		payload.Metadata.Headers = map[string]string{"accessToken": token}
	}
	var reached peer.Peer
	answer := new(rpc.Payload)
	if err := n.transport.Invoke(ctx, "/Request/request", payload, answer, grpc.Peer(&reached)); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer in time: %w", ctx.Err())
		}
		if reached.Addr == nil { // no connection was chosen to carry it
			err = fmt.Errorf("%w: %w", rpc.ErrNotSent, err)
		}
		return fmt.Errorf("%s: %w", rpc.TypeName(request), err)
	}
	n.active.Store(time.Now().UnixNano())
	if err := rpc.ReadResponse(answer, response); err != nil {
		return fmt.Errorf("%s: %w", rpc.TypeName(request), err)
	}
	return nil
}

// send puts a message out on the stream.
func (n *connection) send(message any) error {
	payload, err := n.encode(message)
	if err != nil {
		return err
	}
	n.sending.Lock()
	defer n.sending.Unlock()
	return n.stream.SendMsg(payload)
}

func (n *connection) encode(message any) (*rpc.Payload, error) {
	payload, err := rpc.Encode(message)
	if err == nil {
		payload.Metadata.ClientIp, _ = n.local.Load().(string)
	}
	return payload, err
}

// listen answers what the node asks, until the stream ends.
func (n *connection) listen() {
	for {
		in := new(rpc.Payload)
		err := n.stream.RecvMsg(in)
		n.client.gate.pass()
		if err != nil {
			n.end(fmt.Errorf("the stream ended: %w", err))
			return
		}
		n.active.Store(time.Now().UnixNano())
		n.asked(in)
	}
}

// asked is a request of the node's. One that cannot be read is left unanswered, as one of an unknown kind is.
func (n *connection) asked(in *rpc.Payload) {
	body := in.GetBody().GetValue()
	var ask struct {
		RequestID string `json:"requestId"`
	}
	if err := json.Unmarshal(body, &ask); err != nil {
		n.client.log.Warn("client.unreadable", "type", in.GetMetadata().GetType(), "error", err.Error())
		return
	}
	done := rpc.OK()
	done.RequestID = ask.RequestID
	var err error
	switch name := in.GetMetadata().GetType(); name {
	case rpc.TypeName(rpc.SetupAckRequest{}):
		n.acknowledge.Do(func() { close(n.acknowledged) })
	case rpc.TypeName(rpc.ClientDetectionRequest{}):
		err = n.send(ClientDetectionResponse{done})
	case rpc.TypeName(rpc.ConnectResetRequest{}):
		var reset rpc.ConnectResetRequest
		if json.Unmarshal(body, &reset) == nil {
			select {
			case n.redirect <- reset:
			default: // it is on its way already
			}
		}
		err = n.send(ConnectResetResponse{done})
	case "NotifySubscriberRequest":
		if failed := n.client.pushed(n, body); failed != nil {
			n.client.log.Warn("client.push", "error", failed.Error())
			done.Success, done.ResultCode, done.Message = false, rpc.ResultFail, failed.Error()
		}
		err = n.send(NotifySubscriberResponse{done})
	default:
		n.client.log.Warn("client.unknown", "type", name)
	}
	if err != nil {
		n.end(fmt.Errorf("answer the node: %w", err))
	}
}

// doubted has the client look whether the node is still there.
func (n *connection) doubted() {
	select {
	case n.doubt <- struct{}{}:
	default:
	}
}

// over says whether the connection has ended.
func (n *connection) over() bool {
	select {
	case <-n.ended:
		return true
	default:
		return false
	}
}

// end gives the connection up, for a reason.
func (n *connection) end(reason error) {
	ends := false
	n.ending.Do(func() {
		n.client.log.Info("client.disconnected", "server", n.client.options.Servers[n.server], "connection", n.id, "reason", reason.Error())
		close(n.ended)
		ends = true
	})
	if ends { // out of the Once: it may take seconds to say goodbye to who does not listen, for which nobody else shall wait
		_ = n.transport.Close() // its other end is given up anyway
	}
}
