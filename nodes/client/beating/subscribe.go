package beating

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"muster/model"
	"muster/nodes/client"
)

// Times of polling (HostReactor).
const (
	// firstPoll is how long after subscribing a service is listed for the second time, and how often while nothing else is known.
	firstPoll = time.Second
	// pollLimit is the longest wait between two lists; the wait doubles with each failure, at most failureLimit times.
	pollLimit    = 60 * time.Second
	failureLimit = 6
	// pushLimit in bytes: no datagram is longer; unpackedLimit: no list that came in one is believed if it is longer.
	pushLimit     = 64 << 10
	unpackedLimit = 16 << 20
	// receiveRetry is the wait after a socket has failed.
	receiveRetry = 100 * time.Millisecond
)

// wish is what is subscribed: a service, whole or in some clusters.
type wish struct {
	service  model.Service
	clusters string
}

// subscription is a service that the client wants to be told of, and what it believes of it.
type subscription struct {
	told   func(Update)
	cancel context.CancelFunc
	held   client.Listing
	// from is the host that held came from; empty if it came from nowhere or from the cache.
	from string
	any  bool
}

// Update is what a subscriber is told.
type Update struct {
	client.Listing
	// Node is the place in Options.Nodes of the node that said so; -1 if it came from the cache.
	Node int
	// Pushed tells a push from the answer to a list request.
	Pushed bool
}

// Subscribe has the client told of a service, whole or in some clusters, separated by commas, until Unsubscribe: as it is now,
// or as the cache has it if no node answers, and then whenever it is found or pushed otherwise. told is called by one goroutine at
// a time, and must not call the client. A second subscription of the same takes the place of the first.
func (c *Client) Subscribe(ctx context.Context, service model.Service, clusters string, told func(Update)) client.Answer {
	w := wish{service, clusters}
	polling, cancel := context.WithCancel(c.ctx)
	s := &subscription{told: told, cancel: cancel}
	c.mu.Lock()
	if old := c.subscriptions[w]; old != nil {
		old.cancel()
	}
	c.subscriptions[w] = s
	c.mu.Unlock()
	answer, _ := c.poll(ctx, w, s)
	if answer.Outcome != model.OK {
		listing, found, err := c.options.Cache.Find(service, clusters)
		if err != nil {
			c.log.Warn("client.cache", "error", err.Error())
		}
		if found {
			c.take(w, s, Update{Listing: listing, Node: -1}, "")
		}
	}
	c.working.Go(func() { c.keepPolling(polling, w, s) })
	return answer
}

// Unsubscribe ends a subscription. Nodes that push find out when the client asks them no more.
func (c *Client) Unsubscribe(service model.Service, clusters string) {
	w := wish{service, clusters}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.subscriptions[w]; s != nil {
		s.cancel()
		delete(c.subscriptions, w)
	}
}

// Held is what the client believes of a subscribed service; false if it knows nothing.
func (c *Client) Held(service model.Service, clusters string) (client.Listing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.subscriptions[wish{service, clusters}]
	if s == nil || !s.any {
		return client.Listing{}, false
	}
	return s.held, true
}

// keepPolling lists a service again and again. An empty list counts as a failure too.
func (c *Client) keepPolling(ctx context.Context, w wish, s *subscription) {
	failures := 0
	for wait := firstPoll; pause(ctx, min(wait<<failures, pollLimit)); {
		answer, listing := c.poll(ctx, w, s)
		if answer.Outcome == model.OK && listing.CacheFor > 0 {
			wait = listing.CacheFor
		}
		if answer.Outcome != model.OK || len(listing.Instances) == 0 {
			failures = min(failures+1, failureLimit)
		} else {
			failures = 0
		}
	}
}

func (c *Client) poll(ctx context.Context, w wish, s *subscription) (client.Answer, client.Listing) {
	c.mu.Lock()
	follower := client.Follower{IP: c.local, Clusters: w.clusters}
	c.mu.Unlock()
	if c.options.Pushes != nil {
		if at, ok := c.options.Pushes.LocalAddr().(*net.UDPAddr); ok {
			follower.Port = at.Port
		}
	}
	listing, answer := c.http.Follow(ctx, c.route(), w.service, follower)
	if answer.Outcome == model.OK {
		c.take(w, s, Update{Listing: listing, Node: answer.Node}, c.hosts[answer.Node])
	} else if ctx.Err() == nil {
		c.log.Warn("client.poll", "service", w.service.String(), "error", answer.Err.Error())
	}
	return answer, listing
}

// take believes what came from a host. Datagrams can come twice, and late: one is not believed that is no newer than what came from the
// same host before. The times of two hosts say nothing, since their clocks may differ.
func (c *Client) take(w wish, s *subscription, update Update, from string) {
	c.told.Lock()
	defer c.told.Unlock()
	c.mu.Lock()
	stale := update.Pushed && s.from == from && update.Made <= s.held.Made
	if c.subscriptions[w] != s || stale {
		c.mu.Unlock()
		return
	}
	same := s.any && slices.EqualFunc(s.held.Instances, update.Instances, equal)
	s.held, s.from, s.any = update.Listing, from, true
	c.mu.Unlock()
	if same {
		return
	}
	if update.Node >= 0 {
		update.Clusters = w.clusters
		if err := c.options.Cache.Keep(update.Listing); err != nil {
			c.log.Warn("client.cache", "error", err.Error())
		}
	}
	if s.told != nil {
		s.told(update)
	}
}

// receive takes pushes until the socket is closed (PushReceiver).
func (c *Client) receive() {
	buffer := make([]byte, pushLimit)
	for c.ctx.Err() == nil {
		n, from, err := c.options.Pushes.ReadFrom(buffer)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			c.log.Warn("client.push", "error", err.Error())
			pause(c.ctx, receiveRetry)
			continue
		}
		ack, err := c.pushed(buffer[:n], from)
		if err != nil {
			c.log.Warn("client.push", "from", from.String(), "error", err.Error())
			continue
		}
		if _, err := c.options.Pushes.WriteTo(ack, from); err != nil {
			c.log.Warn("client.push", "from", from.String(), "error", err.Error())
		}
	}
}

// pushed takes in a datagram and returns its acknowledgement. One about a service that was not subscribed is acknowledged too.
func (c *Client) pushed(datagram []byte, from net.Addr) (ack []byte, err error) {
	text, err := unpack(datagram)
	if err != nil {
		return nil, err
	}
	push, err := parsePush(text)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(from.String())
	if err != nil {
		return nil, fmt.Errorf("where a push came from: %w", err)
	}
	c.mu.Lock()
	var wishes []wish
	for w := range c.subscriptions {
		if w.service.GroupedName() == push.name && w.clusters == push.clusters {
			wishes = append(wishes, w)
		}
	}
	c.mu.Unlock()
	// A push does not name the namespace. One of several must not be taken for another's.
	if len(wishes) == 1 {
		w := wishes[0]
		listing, err := client.ParseListing([]byte(push.data), w.service)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		s := c.subscriptions[w]
		c.mu.Unlock()
		if s != nil {
			c.take(w, s, Update{Listing: listing, Node: slices.Index(c.hosts, host), Pushed: true}, host)
		}
	}
	return json.Marshal(map[string]any{"type": "push-ack", "lastRefTime": push.number.String(), "data": ""})
}

// push is what a datagram says.
type push struct {
	number         json.Number
	data           string
	name, clusters string
}

// parsePush reads the text of a datagram.
func parsePush(text []byte) (push, error) {
	var envelope struct {
		Type        string      `json:"type"`
		Data        string      `json:"data"`
		LastRefTime json.Number `json:"lastRefTime"`
	}
	if err := json.Unmarshal(text, &envelope); err != nil {
		return push{}, fmt.Errorf("a push: %w", err)
	}
	if envelope.Type != "dom" && envelope.Type != "service" {
		return push{}, fmt.Errorf("a push of type %q: want dom or service", envelope.Type)
	}
	var about struct {
		Name     string `json:"name"`
		Clusters string `json:"clusters"`
	}
	if err := json.Unmarshal([]byte(envelope.Data), &about); err != nil {
		return push{}, fmt.Errorf("the data of a push: %w", err)
	}
	if !strings.Contains(about.Name, "@@") {
		return push{}, fmt.Errorf("a push about %q: want group@@service", about.Name)
	}
	return push{envelope.LastRefTime, envelope.Data, about.Name, about.Clusters}, nil
}

// unpack reads a datagram, which may be compressed.
func unpack(datagram []byte) ([]byte, error) {
	if !bytes.HasPrefix(datagram, []byte{0x1f, 0x8b}) {
		return datagram, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(datagram))
	if err != nil {
		return nil, fmt.Errorf("unpack a push: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, unpackedLimit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("unpack a push: %w", err)
	case len(text) > unpackedLimit:
		return nil, fmt.Errorf("unpack a push: it is longer than %d bytes", unpackedLimit)
	}
	return text, nil
}
