package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// How connections to peers behave. A cut that has healed must be over for them within seconds: TCP alone would try again after up to
// as long as the cut lasted.
const (
	dialTimeout = 2 * time.Second
	backoffBase = 200 * time.Millisecond
	backoffMax  = time.Second
	// silence is how long a peer that is asked may say nothing at all before a request that ends without an answer takes the connection
	// with it, for the next one to connect anew. It stands for gRPC's keep-alive, which goes by the wall clock to tell whether the other
	// end has answered (http2_client.go, keepalive): where that is set back, it closes connections that live.
	silence = 3 * time.Second
)

// ErrNotSent says that a request certainly did not reach the peer. Without it, a failed request may have been carried out.
var ErrNotSent = errors.New("the request was not sent")

// ErrNotListening, beside ErrNotSent: the peer's machine answered that nothing listens there.
var ErrNotListening = errors.New("nothing listens there")

// Pool calls peers, over one connection to each. It is safe for concurrent use.
type Pool struct {
	address func(peer string) (string, error)
	// stubborn never gives a connection up.
	stubborn bool
	// connect makes a connection.
	connect func(ctx context.Context, network, address string) (net.Conn, error)
	// headers go with every request.
	headers map[string]string

	mu    sync.Mutex
	peers map[string]*link
	// closed refuses new connections.
	closed bool
}

// NewPool makes a pool. The function says to which address, "ip:port", requests for a peer go; see ClusterAddress.
func NewPool(address func(peer string) (string, error)) *Pool {
	return &Pool{address: address, connect: new(net.Dialer).DialContext, peers: map[string]*link{}}
}

// NewStubbornPool makes a pool that is broken on purpose: it keeps connections whatever becomes of them, and what was sent into a cut
// arrives when TCP sends it again, long after the caller was told that it had failed.
func NewStubbornPool(address func(peer string) (string, error)) *Pool {
	p := NewPool(address)
	p.stubborn = true
	return p
}

// SetHeader has all requests carry a header. Call it before the first one.
func (p *Pool) SetHeader(name, value string) {
	if p.headers == nil {
		p.headers = map[string]string{}
	}
	p.headers[name] = value
}

// Call sends a request to a peer and reads its response. It ends with the context, so give that a deadline. Errors: ErrNotSent where the
// peer certainly got nothing, with ErrNotListening where it does not listen, an *Error that the peer answered, or anything else after which
// the request may have been carried out.
func (p *Pool) Call(ctx context.Context, to string, request any, response Response) error {
	payload, err := Encode(request)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	payload.Metadata.Headers = p.headers
	connection, err := p.connection(to)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	connection.ask()
	var reached peer.Peer
	answer := new(Payload)
	err = connection.Invoke(ctx, "/Request/request", payload, answer, grpc.Peer(&reached))
	if err != nil {
		refused := strings.Contains(err.Error(), syscall.ECONNREFUSED.Error()) // all that gRPC leaves of it
		err = fmt.Errorf("%s to %s: %w", TypeName(request), to, readable(err))
		if errors.Is(err, context.DeadlineExceeded) && !p.stubborn {
			connection.doubt()
		}
		switch {
		case reached.Addr != nil: // a connection was chosen to carry it
		case refused:
			err = fmt.Errorf("%w: %w: %w", ErrNotSent, ErrNotListening, err)
		default:
			err = fmt.Errorf("%w: %w", ErrNotSent, err)
		}
		return err
	}
	if err := ReadResponse(answer, response); err != nil {
		return fmt.Errorf("%s to %s: %w", TypeName(request), to, err)
	}
	return nil
}

// readable gives a deadline its usual error, so that callers can ask for it with errors.Is.
func readable(err error) error {
	switch status.Code(err) {
	case codes.DeadlineExceeded:
		return context.DeadlineExceeded
	case codes.Canceled:
		return context.Canceled
	}
	return err
}

// ReadResponse reads the answer to a request into a response: a pointer to a struct of the type that is wanted. The error is an *Error
// where the answer is that of a failure.
func ReadResponse(answer *Payload, response Response) error {
	body := answer.GetBody().GetValue()
	if name := answer.GetMetadata().GetType(); name != TypeName(response) {
		var failure ErrorResponse
		if err := json.Unmarshal(body, &failure); err != nil || failure.ErrorCode == 0 {
			return fmt.Errorf("the answer is a %q, want %s", name, TypeName(response))
		}
		return &Error{failure.ErrorCode, failure.Message}
	}
	if err := decodeBody(body, response); err != nil {
		return err
	}
	if result := response.result(); !result.Success {
		return &Error{result.ErrorCode, result.Message}
	}
	return nil
}

// Reset drops the connection to a peer that has stopped answering; requests in progress on it fail, the next one connects anew.
func (p *Pool) Reset(to string) {
	if p.stubborn {
		return
	}
	p.mu.Lock()
	connection := p.peers[to]
	delete(p.peers, to)
	p.mu.Unlock()
	if connection != nil {
		connection.Close()
	}
}

// Hurry has a waiting connection try again at once, since the peer has given a sign of life.
func (p *Pool) Hurry(to string) {
	p.mu.Lock()
	connection := p.peers[to]
	p.mu.Unlock()
	if connection != nil {
		connection.ResetConnectBackoff()
	}
}

// Close closes all connections; later calls fail.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	connections := p.peers
	p.peers = nil
	p.mu.Unlock()
	var failures []error
	for _, connection := range connections { // each may take seconds to say goodbye to who does not listen
		failures = append(failures, connection.Close())
	}
	return errors.Join(failures...)
}

func (p *Pool) connection(to string) (*link, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errors.New("the pool of connections is closed")
	}
	if connection := p.peers[to]; connection != nil {
		return connection, nil
	}
	address, err := p.address(to)
	if err != nil {
		return nil, err
	}
	l := &link{connect: p.connect}
	options := []grpc.DialOption{grpc.WithContextDialer(l.dial)}
	if p.stubborn {
		options = nil
	}
	l.ClientConn, err = grpc.NewClient("passthrough:///"+address, append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableServiceConfig(),
		grpc.WithIdleTimeout(0),
		grpc.WithStaticStreamWindowSize(Window), grpc.WithStaticConnWindowSize(Window),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: backoffBase, Multiplier: 1.6, Jitter: 0.2, MaxDelay: backoffMax},
			MinConnectTimeout: dialTimeout,
		}))...)
	if err != nil {
		return nil, fmt.Errorf("connect to %s at %s: %w", to, address, err)
	}
	p.peers[to] = l
	return l, nil
}
