package rpc

import (
	"fmt"

	"muster/nodes/jackson"
)

// Request is what every request of a client begins with; embed it (Nacos: Request). Nobody looks at it, for headers come with the payload,
// too; but a request in which it is of another type is none.
type Request struct {
	RequestID string        `json:"requestId,omitempty"`
	Headers   jackson.Texts `json:"headers,omitempty"`
}

// Result is what every response begins with; embed it (Nacos: Response).
type Result struct {
	ResultCode int    `json:"resultCode"`
	ErrorCode  int    `json:"errorCode"`
	Message    string `json:"message,omitempty"`
	RequestID  string `json:"requestId,omitempty"`
	Success    bool   `json:"success"`
}

// Response is a pointer to a struct that embeds Result.
type Response interface{ result() Result }

func (r Result) result() Result { return r }

// The values of Result.ResultCode (Nacos: ResponseCode).
const (
	ResultSuccess = 200
	ResultFail    = 500
)

// OK is the Result of a success.
func OK() Result { return Result{ResultCode: ResultSuccess, Success: true} }

// Codes of errors (Nacos: NacosException).
const (
	// CodeStarting: the server is not ready yet.
	CodeStarting = 300
	// CodeUnregistered: the caller's connection was not set up.
	CodeUnregistered = 301
	// CodeNoHandler: the server knows no such request.
	CodeNoHandler = 302
	// CodeInvalid: the request is wrong.
	CodeInvalid = 400
	// CodeForbidden: the caller may not do that.
	CodeForbidden = 403
	// CodeServer: the server failed.
	CodeServer = 500
	// CodeUnreadable: the body could not be read.
	CodeUnreadable = 502
	// CodeFull: the server has no room for what the request wants kept (Nacos: OVER_THRESHOLD).
	CodeFull = 503
)

// ErrorResponse answers a request that failed.
type ErrorResponse struct{ Result }

// Error is a failure with one of the codes above. A handler returns it to choose the code; a caller gets what the peer answered.
type Error struct {
	Code    int
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("error %d: %s", e.Code, e.Message) }

// ServerCheckRequest asks whether the server is up and which connection this is.
type ServerCheckRequest struct{ Request }

// ServerCheckResponse answers it.
type ServerCheckResponse struct {
	Result
	ConnectionID string `json:"connectionId"`
	// SupportAbilityNegotiation is true in servers that send their abilities when a connection is set up (2.4 and later).
	SupportAbilityNegotiation bool `json:"supportAbilityNegotiation"`
}

// HealthCheckRequest keeps a connection alive.
type HealthCheckRequest struct{ Request }

// HealthCheckResponse answers it.
type HealthCheckResponse struct{ Result }

// Ask is what every request of a server to a client begins with; embed it (Nacos: ServerRequest).
type Ask struct {
	Headers   struct{} `json:"headers"`
	RequestID string   `json:"requestId,omitempty"`
	Module    string   `json:"module"`
}

// NewAsk makes the beginning of a request. module is "internal" or "naming".
func NewAsk(requestID, module string) Ask { return Ask{RequestID: requestID, Module: module} }

// ConnectionSetupRequest is a client's first message on its stream.
type ConnectionSetupRequest struct {
	ClientVersion string            `json:"clientVersion"`
	Labels        map[string]string `json:"labels"`
	// AbilityTable is nil for clients that do not negotiate abilities.
	AbilityTable map[string]any `json:"abilityTable"`
}

// SetupAckRequest tells a client that negotiates them what the server is able to do.
type SetupAckRequest struct {
	Ask
	AbilityTable map[string]bool `json:"abilityTable"`
}

// ClientDetectionRequest asks a client for a sign of life.
type ClientDetectionRequest struct{ Ask }

// ConnectResetRequest asks a client to connect to another node: the one named, or any if none is.
type ConnectResetRequest struct {
	Ask
	ServerIP     string `json:"serverIp,omitempty"`
	ServerPort   string `json:"serverPort,omitempty"`
	ConnectionID string `json:"connectionId,omitempty"`
}
