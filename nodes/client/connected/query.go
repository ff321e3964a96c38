package connected

import (
	"context"
	"fmt"
	"net/http"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/rpc"
)

// List shows the instances of a service, sorted by address, healthy or not. An unknown service has none. A node that does not know
// the read mode, as Nacos's, answers as for model.ReadLocal.
func (c *Client) List(ctx context.Context, service model.Service, read model.ReadMode) (client.Listing, client.Answer) {
	var response QueryServiceResponse
	answer, _ := c.request(ctx, ServiceQueryRequest{named: name(service), Read: read}, &response, false)
	return listing(response.ServiceInfo, service, answer)
}

// listing reads what an answer lists.
func listing(body []byte, service model.Service, answer client.Answer) (client.Listing, client.Answer) {
	if answer.Outcome != model.OK {
		return client.Listing{}, answer
	}
	listed, err := client.ParseListing(body, service)
	if err != nil {
		answer.Outcome, answer.Err = model.Fail, err
	}
	return listed, answer
}

// ListServices names the services of a group on one page, which are counted from 1, and says how many there are in all.
func (c *Client) ListServices(ctx context.Context, group string, page, size int) (names []string, count int, answer client.Answer) {
	var response ServiceListResponse
	request := ServiceListRequest{named: named{Module: module, Namespace: c.options.Namespace, Group: group}, Page: page, Size: size}
	answer, _ = c.request(ctx, request, &response, false)
	return response.Names, response.Count, answer
}

// Beat gives a sign of life of what the client has registered in a service, and looks whether that is there still: it fails with
// client.ErrNotRegistered where it is not, as far as the client knows. Such signs are given after five quiet seconds anyway.
func (c *Client) Beat(ctx context.Context, service model.Service) client.Answer {
	place, _ := c.Server()
	if c.Published(service) != Registered {
		return client.Answer{Outcome: model.Fail, Node: place, Err: fmt.Errorf("beat for %s: %w", service, client.ErrNotRegistered)}
	}
	c.mu.Lock()
	n := c.current
	c.mu.Unlock()
	limited, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	err := n.call(limited, rpc.HealthCheckRequest{}, new(rpc.HealthCheckResponse))
	if err == nil {
		return client.Answer{Outcome: model.OK, Node: n.server, Status: http.StatusOK}
	}
	n.suspect(err)
	return client.Answer{Outcome: outcome(err, true), Node: n.server, Status: code(err), Err: err}
}
