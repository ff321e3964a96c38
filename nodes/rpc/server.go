package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/peer"
)

// MaxMessage is the size in bytes of the largest payload that is taken in or sent out (Nacos: 10 MiB).
const MaxMessage = 10 << 20

// Window is how many bytes either end of a connection may send ahead. One that gRPC finds by itself, the default, costs a ping a request.
const Window = 1 << 20

// What a server puts up with from connections.
const (
	// connectionTimeout is how long a connection may take to be set up.
	connectionTimeout = 5 * time.Second
	// idleTimeout is how long a connection may have no request or stream under way.
	idleTimeout = 30 * time.Second
	// writeBuffer has a list of a hundred instances go out in one piece. A connection has it only while it writes.
	writeBuffer = 64 << 10
	// workers answer requests one after another, with stacks that have grown once; what finds none of them free gets a goroutine of its
	// own.
	workers = 4
	// maxStreams is how many requests one member's connection may have under way; more wait at its other end.
	maxStreams = 1000
	// maxHeaders is how many bytes the headers of a request may take.
	maxHeaders = 64 << 10
)

// never is for times that are not to come.
const never = time.Duration(math.MaxInt64)

// Server answers requests on one port, for example that of the cluster or that of SDKs. Make it with NewServer.
type Server struct {
	logger *slog.Logger
	grpc   *grpc.Server

	// sdk is nil on a port that has no registered connections.
	sdk *SDK
	// unfinished counts what all connections hold of messages that are not complete.
	unfinished *unfinished
	// allowed says whether a request with these headers is answered; nil: all are.
	allowed func(header func(name string) string) bool

	mu       sync.RWMutex
	handlers map[string]handler
}

// handler reads a body and answers it.
type handler func(ctx context.Context, body []byte) (any, error)

// Caller is whoever sent a request.
type Caller struct {
	// ConnectionID names its connection: "<milliseconds>_<ip>_<port>".
	ConnectionID string
	// Address is the remote end of the connection.
	Address net.Addr
	// Headers came with the request, for example accessToken.
	Headers map[string]string
}

type callerKey struct{}

// CallerOf returns who sent the request that a handler's context belongs to.
func CallerOf(ctx context.Context) Caller {
	if caller, set := ctx.Value(callerKey{}).(Caller); set {
		return caller
	}
	if from, known := peer.FromContext(ctx); known {
		if at, named := from.Addr.(namedAddress); named {
			return Caller{ConnectionID: at.connectionID, Address: at.Addr}
		}
	}
	return Caller{}
}

// NewServer makes a server that answers ServerCheckRequest and HealthCheckRequest, and anything else with error 302 until a handler
// is there for it (see Handle).
func NewServer(logger *slog.Logger) *Server { return newServer(logger, maxStreams, idleTimeout) }

// NewStubbornServer makes a server that is broken on purpose: it keeps connections that nothing comes from, as a NewStubbornPool does at
// their other end.
func NewStubbornServer(logger *slog.Logger) *Server { return newServer(logger, maxStreams, never) }

func newServer(logger *slog.Logger, streams uint32, idle time.Duration) *Server {
	s := &Server{logger: logger, handlers: map[string]handler{}, unfinished: newUnfinished(mostUnfinished)}
	s.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage),
		grpc.ForceServerCodecV2(NewCodec()), grpc.WriteBufferSize(writeBuffer),
		grpc.StaticStreamWindowSize(Window), grpc.StaticConnWindowSize(Window),
		grpc.NumStreamWorkers(workers),
		grpc.ConnectionTimeout(connectionTimeout), grpc.MaxConcurrentStreams(streams), grpc.MaxHeaderListSize(maxHeaders),
		// Clients may ask for a sign of life whenever they like. The server itself does not ask, but leaves that to TCP and to SDK.scan:
		// grpc goes by the wall clock to tell who has answered (http2_server.go, keepalive), and closes connections that live when that is
		// set back.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idle, Time: never}),
	)
	s.grpc.RegisterService(&grpc.ServiceDesc{
		ServiceName: "Request",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "request", Handler: s.unary}},
		Metadata:    "nacos_grpc_service.proto",
	}, s)
	s.handlers[TypeName(ServerCheckRequest{})] = func(ctx context.Context, _ []byte) (any, error) {
		return ServerCheckResponse{Result: OK(), ConnectionID: CallerOf(ctx).ConnectionID, SupportAbilityNegotiation: true}, nil
	}
	Handle(s, func(context.Context, *HealthCheckRequest) (HealthCheckResponse, error) {
		return HealthCheckResponse{OK()}, nil
	})
	return s
}

// Require has a server refuse requests whose headers are not allowed, but those for a sign of life. Call it before Serve.
func (s *Server) Require(allowed func(header func(name string) string) bool) { s.allowed = allowed }

// Handle has a server answer requests of one type with the given function, which may be called by several goroutines at once. An
// error becomes an ErrorResponse with the code of an *Error, or 500.
func Handle[Request, Response any](s *Server, answer func(context.Context, *Request) (Response, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers[TypeName(new(Request))] = func(ctx context.Context, body []byte) (any, error) {
		request := new(Request)
		if err := decodeBody(body, request); err != nil {
			return nil, s.unreadable(err)
		}
		return answer(ctx, request)
	}
}

// unreadable is the answer to a body that does not parse, in Nacos's words. They do not say what is wrong with it; the log does.
func (s *Server) unreadable(err error) error {
	s.logger.Debug("a request could not be read", "error", err.Error())
	if errors.Is(err, errNull) {
		return &Error{CodeUnreadable, "Invalid request"}
	}
	if refused := (*Error)(nil); errors.As(err, &refused) {
		return refused
	}
	return &Error{CodeUnreadable, "errCode: 101, errMsg: Nacos deserialize failed.  "}
}

// Serve answers on a listener until Stop; it closes the listener.
func (s *Server) Serve(listener net.Listener) error {
	if err := s.grpc.Serve(namingListener{listener, s}); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve gRPC on %s: %w", listener.Addr(), err)
	}
	return nil
}

// Stop lets requests in progress finish until the context ends, then closes all connections.
func (s *Server) Stop(ctx context.Context) {
	defer context.AfterFunc(ctx, s.grpc.Stop)()
	s.grpc.GracefulStop()
}

func (s *Server) unary(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	in := new(Payload)
	if err := decode(in); err != nil {
		return nil, err
	}
	return s.Answer(ctx, in)
}

// Answer answers one payload as if it had come in from the network. The error is of gRPC's making only.
func (s *Server) Answer(ctx context.Context, in *Payload) (*Payload, error) {
	response, err := s.dispatch(ctx, in)
	if err != nil {
		response = ErrorResponse{errorResult(err)}
	}
	return Encode(response)
}

func (s *Server) dispatch(ctx context.Context, in *Payload) (response any, err error) {
	name := in.GetMetadata().GetType()
	defer func() {
		if cause := recover(); cause != nil {
			s.logger.Error("a handler panicked", "type", name, "cause", cause, "stack", string(debug.Stack()))
			err = &Error{CodeServer, fmt.Sprintf("the handler of %s panicked", name)}
		}
	}()
	if s.sdk != nil && clusterTypes[name] {
		return nil, &Error{CodeUnreadable, " invoke " + name + " from sdk is forbidden"}
	}
	s.mu.RLock()
	answer, ok := s.handlers[name]
	s.mu.RUnlock()
	if !ok {
		return nil, &Error{CodeNoHandler, "RequestHandler Not Found"}
	}
	if s.sdk != nil && name != TypeName(ServerCheckRequest{}) && !s.sdk.touch(CallerOf(ctx).ConnectionID) {
		return nil, &Error{CodeUnregistered, "Connection is unregistered."}
	}
	headers := in.GetMetadata().GetHeaders()
	if s.allowed != nil && name != TypeName(ServerCheckRequest{}) && name != TypeName(HealthCheckRequest{}) &&
		!s.allowed(func(name string) string { return headers[name] }) {
		return nil, &Error{CodeForbidden, "Invalid server identity key or value, Please make sure all members have the same"}
	}
	if len(headers) > 0 {
		caller := CallerOf(ctx)
		caller.Headers = headers
		ctx = context.WithValue(ctx, callerKey{}, caller)
	}
	return answer(ctx, in.GetBody().GetValue())
}

// errorResult is as Nacos answers: 300 to 302 and 502 come from its acceptor, which says resultCode 500; errors of handlers have their
// code in both places.
func errorResult(err error) Result {
	coded := &Error{Code: CodeServer, Message: err.Error()}
	errors.As(err, &coded)
	result := Result{ResultCode: coded.Code, ErrorCode: coded.Code, Message: coded.Message}
	switch coded.Code {
	case CodeStarting, CodeUnregistered, CodeNoHandler, CodeUnreadable:
		result.ResultCode = ResultFail
	}
	return result
}
