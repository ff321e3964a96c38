package client

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"

	"muster/model"
)

// ErrNotRegistered is a beat's answer for an instance that the registry does not know (NamingResponseCode.RESOURCE_NOT_FOUND,
// 20404): the client has to register it again.
var ErrNotRegistered = errors.New("the registry does not know this instance (code 20404)")

// Answer is how a call ended.
type Answer struct {
	// Outcome is model.OK, model.Fail (it certainly did not happen) or model.Unknown (it may have happened, may happen later, or
	// never). A read changes nothing, so it is never Unknown.
	Outcome model.Phase
	// Node is the place in Config.Nodes of the node that was asked last.
	Node int
	// Status is the HTTP status of the answer, or the error code of one over gRPC (200 for a success); 0 if none came.
	Status int
	// Err says why the outcome is not OK; nil if it is.
	Err error
}

// worthAnotherNode says whether asking another node may help and does no harm. A refusal (4xx) would be the same elsewhere.
func (a Answer) worthAnotherNode(write bool) bool {
	switch {
	case a.Outcome != model.Fail || a.Status/100 == 4:
		return false
	case write:
		return a.Status == 0
	}
	return true
}

// wire watches what one request leaves on its connection, to tell "never sent" from "perhaps received".
type wire struct {
	connection *countedConn
	// before is how many bytes the connection had carried when the request got it: connections are used again.
	before int64
}

// watch returns a context that lets the transport report the connection that it chose. If the transport takes another one, it
// does so because a kept connection turned out to be dead; a write moves on only if nothing of it was sent on the first.
func (w *wire) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		if connection, ok := got.Conn.(*countedConn); ok {
			w.connection, w.before = connection, connection.written.Load()
		}
	}})
}

// untouched says, after the request has failed, that no byte of it was sent and none will be. If the request was given up, the
// transport may be writing at this very moment, so whatever had a connection then counts as sent.
func (w *wire) untouched(ctx context.Context) bool {
	if w.connection == nil {
		return true
	}
	return ctx.Err() == nil && w.connection.written.Load() == w.before
}

// countedConn counts the bytes that were sent.
type countedConn struct {
	net.Conn
	written atomic.Int64
}

// Write counts before it reports an error: half of a request may have arrived as well.
func (c *countedConn) Write(bytes []byte) (int, error) {
	n, err := c.Conn.Write(bytes)
	c.written.Add(int64(n))
	return n, err
}

// quote shows the beginning of an answer in an error.
func quote(body []byte) string {
	const shown = 200
	if len(body) > shown {
		return strconv.Quote(string(body[:shown])) + "…"
	}
	return strconv.Quote(string(body))
}
