package connected

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/rpc"
)

// retryDelay before a request that was not sent is tried again on the same connection.
const retryDelay = 100 * time.Millisecond

// request sends a request over whichever connection there is within the client's time-out. It is sent again only if it certainly was
// not sent before, or if the node refused the token of the client's session and there is another. on is the id of the connection that it
// was sent over, empty if it was not.
func (c *Client) request(ctx context.Context, request any, response rpc.Response, write bool) (answer client.Answer, on string) {
	limited, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	for {
		n, err := c.connection(limited)
		if err != nil {
			place, _ := c.Server()
			err = fmt.Errorf("%s: not connected within %v: %w", rpc.TypeName(request), c.options.Timeout, err)
			return client.Answer{Outcome: model.Fail, Node: place, Err: err}, on
		}
		token, err := c.options.Session.Token(limited)
		if err != nil {
			return client.Answer{Outcome: model.Fail, Node: n.server, Err: fmt.Errorf("%s: %w", rpc.TypeName(request), err)}, on
		}
		err = n.callWith(limited, token, request, response)
		if err != nil {
			n.suspect(err)
		}
		if code(err) == rpc.CodeForbidden && c.options.Session.Refused(token) {
			continue
		}
		if errors.Is(err, rpc.ErrNotSent) && limited.Err() == nil {
			pause(limited, retryDelay)
			continue
		}
		answer = client.Answer{Outcome: outcome(err, write), Node: n.server, Status: code(err), Err: err}
		if !errors.Is(err, rpc.ErrNotSent) {
			on = n.id
		}
		return answer, on
	}
}

// suspect draws the consequences of a request that failed: a node that does not know the connection has ended it, and one that did not
// answer is asked for a sign of life.
func (n *connection) suspect(err error) {
	var answered *rpc.Error
	switch {
	case unregistered(err):
		n.end(err)
	case !errors.As(err, &answered):
		n.doubted()
	}
}

// outcome of a request. Whatever a node refused with one of its own codes it did not do; where it failed (500, or no answer at all) a
// write may have been done, or be done later.
func outcome(err error, write bool) model.Phase {
	var answered *rpc.Error
	switch {
	case err == nil:
		return model.OK
	case !write || errors.Is(err, rpc.ErrNotSent):
		return model.Fail
	case errors.As(err, &answered) && (answered.Code != rpc.CodeServer || strings.HasPrefix(answered.Message, refusedParameter)):
		return model.Fail
	}
	return model.Unknown
}

// refusedParameter begins the message of a request that was refused before anything was done (ParamCheckRule).
const refusedParameter = "Param check invalid:"

// code of the answer, as in HTTP; 0 if there was none.
func code(err error) int {
	var answered *rpc.Error
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &answered):
		return answered.Code
	}
	return 0
}
