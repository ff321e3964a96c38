package connected

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/defect"
)

// subscriptionKey is what is subscribed: a service, whole or in some clusters.
type subscriptionKey struct {
	service  model.Service
	clusters string
}

// subscription is a service that the client wants to be told of, and what it was told last.
type subscription struct {
	told func(Update)
	// on is the connection that it is subscribed over.
	on string
	// held is what is believed; of is the connection that it came over, empty if nothing came yet.
	held client.Listing
	of   string
}

// Update is what a subscriber is told.
type Update struct {
	client.Listing
	// Server is the place in Options.Servers of the node that said so; -1 if it came from the cache.
	Server int
	// Pushed tells a push from the answer to a subscription.
	Pushed bool
}

// Subscribe has the client told of a service, whole or in some clusters, separated by commas: at once as it is, or as the cache has it if
// no node answers, and then whenever it changes. told is called by one goroutine at a time, and must not call the client. If it fails, and
// whenever the connection is lost, it is done again until Unsubscribe. A second subscription of the same takes the place of the first.
func (c *Client) Subscribe(ctx context.Context, service model.Service, clusters string, told func(Update)) client.Answer {
	if err := c.mine(service); err != nil {
		return client.Answer{Outcome: model.Fail, Err: err}
	}
	key, s := subscriptionKey{service, clusters}, &subscription{told: told}
	c.mu.Lock()
	c.subscriptions[key] = s
	c.mu.Unlock()
	answer := c.subscribe(ctx, key, s)
	if answer.Outcome == model.OK {
		return answer
	}
	listing, found, err := c.options.Cache.Find(service, clusters)
	if err != nil {
		c.log.Warn("client.cache", "error", err.Error())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if found && c.subscriptions[key] == s && s.of == "" {
		s.held, s.of = listing, fromCache
		if told != nil {
			told(Update{Listing: listing, Server: -1})
		}
	}
	return answer
}

// fromCache stands in the place of a connection's id.
const fromCache = "cache"

func (c *Client) subscribe(ctx context.Context, key subscriptionKey, s *subscription) client.Answer {
	var response SubscribeServiceResponse
	answer, on := c.request(ctx, SubscribeServiceRequest{name(key.service), true, key.clusters}, &response, false)
	listed, answer := listing(response.ServiceInfo, key.service, answer)
	if answer.Outcome != model.OK {
		return answer
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subscriptions[key] == s {
		s.on = on
		c.take(s, Update{Listing: listed, Server: answer.Node}, on)
	}
	return answer
}

// Unsubscribe ends a subscription. If it fails, pushes that still come are acknowledged, and nobody is told.
func (c *Client) Unsubscribe(ctx context.Context, service model.Service, clusters string) client.Answer {
	c.mu.Lock()
	delete(c.subscriptions, subscriptionKey{service, clusters})
	c.mu.Unlock()
	answer, _ := c.request(ctx, SubscribeServiceRequest{name(service), false, clusters}, new(SubscribeServiceResponse), false)
	return answer
}

// Held is what the client believes of a subscribed service; false if it was told nothing yet. It stays while there is no connection.
func (c *Client) Held(service model.Service, clusters string) (client.Listing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.subscriptions[subscriptionKey{service, clusters}]
	if s == nil || s.of == "" {
		return client.Listing{}, false
	}
	return s.held, true
}

// pushed takes in a push.
func (c *Client) pushed(n *connection, body []byte) error {
	var push struct {
		ServiceInfo json.RawMessage `json:"serviceInfo"`
	}
	var about struct {
		Name  string `json:"name"`
		Group string `json:"groupName"`
	}
	if err := json.Unmarshal(body, &push); err != nil {
		return fmt.Errorf("a push: %w", err)
	}
	if err := json.Unmarshal(push.ServiceInfo, &about); err != nil {
		return fmt.Errorf("a push: want serviceInfo with name and groupName: %w", err)
	}
	service := model.Service{Namespace: c.options.Namespace, Group: about.Group, Name: about.Name}
	listed, err := client.ParseListing(push.ServiceInfo, service)
	if err != nil {
		return fmt.Errorf("a push: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.subscriptions[subscriptionKey{service, listed.Clusters}]; s != nil {
		c.take(s, Update{Listing: listed, Server: n.server, Pushed: true}, n.id)
	}
	return nil
}

// NewestByClock: a client believes nothing that says to be made before what it holds, whoever made it (nacos-sdk-go, ServiceInfoHolder).
const NewestByClock defect.Name = "connected/newestByClock"

// take believes what came over a connection. Pushes come in order, over one stream, and are believed as they come; the same again, as
// one that was not acknowledged in time, tells nothing. An answer that a push has overtaken is not believed. The time at which a node
// says to have made something decides nothing else, since clocks jump, and differ between nodes. (nacos-sdk-go drops whatever is not
// newer by it, and so holds on to the past after a change to a node whose clock is behind.)
func (c *Client) take(s *subscription, update Update, over string) {
	if s.of == over && (update.Made == s.held.Made || !update.Pushed && update.Made < s.held.Made) {
		return
	}
	if s.of != "" && update.Made <= s.held.Made && defect.On(NewestByClock) {
		return
	}
	s.held, s.of = update.Listing, over
	if err := c.options.Cache.Keep(update.Listing); err != nil {
		c.log.Warn("client.cache", "error", err.Error())
	}
	if s.told != nil {
		s.told(update)
	}
}

func sortedWishes(m map[subscriptionKey]*subscription) []subscriptionKey {
	return slices.SortedFunc(maps.Keys(m), func(a, b subscriptionKey) int {
		return cmp.Or(compareServices(a.service, b.service), strings.Compare(a.clusters, b.clusters))
	})
}
