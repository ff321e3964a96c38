package push

import (
	"encoding/json"
	"errors"
	"sync"
	"time"

	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// Times of pushes (Nacos: PushConfig, nacos.naming.push.pushTaskTimeout and pushTaskRetryDelay).
const (
	// AckTime is how long a subscriber has to acknowledge a push.
	AckTime = 5 * time.Second
	// RetryDelay is how long after a push has failed the subscriber is pushed to again.
	RetryDelay = time.Second
)

// NotifySubscriberRequest is a push. It carries the service as the subscriber wants to see it.
type NotifySubscriberRequest struct {
	rpc.Ask
	ServiceInfo json.RawMessage `json:"-"`
}

// Shared is the service.
func (r NotifySubscriberRequest) Shared() (field string, value []byte) {
	return "serviceInfo", r.ServiceInfo
}

// Pusher tells subscribers. Make it with New.
type Pusher struct {
	registry    *registry.Registry
	connections *rpc.SDK

	mu    sync.Mutex
	tally Tally
}

// Tally counts pushes over connections.
type Tally struct {
	// Total are all, Empty those of services without instances, Failed those that were refused or not acknowledged in time, Acknowledged
	// those that were.
	Total, Empty, Failed, Acknowledged int
	// Took is how long acknowledgements took together, Longest the longest.
	Took, Longest time.Duration
}

// Tally returns the counts since the node started.
func (p *Pusher) Tally() Tally {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tally
}

// began counts a push, and returns what is to be told how it ended: once, or once more after a refusal.
func (p *Pusher) began(view *registry.View) (ended func(error)) {
	at, over := time.Now(), false
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.Total++
	if len(view.Hosts) == 0 {
		p.tally.Empty++
	}
	return func(err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch {
		case over || errors.Is(err, rpc.ErrEnded):
		case err != nil:
			p.tally.Failed++
		default:
			took := time.Since(at)
			p.tally.Acknowledged++
			p.tally.Took += took
			p.tally.Longest = max(p.tally.Longest, took)
		}
		over = true
	}
}

// New makes a Pusher that tells a registry's subscribers over a server's connections.
func New(state *registry.Registry, connections *rpc.SDK) *Pusher {
	p := &Pusher{registry: state, connections: connections}
	state.OnView(p.push)
	return p
}

// push tells the audience of a view. One that does not acknowledge it does not hold up the others, and is told again: what the
// service is by then.
func (p *Pusher) push(view *registry.View, audience []registry.Subscriber) {
	infos := map[string]json.RawMessage{}
	for _, subscriber := range audience {
		c := p.connections.Connection(subscriber.ID)
		if c == nil {
			continue // it has just gone
		}
		key := "" // of its own: no filter and a blank one are shown differently
		if subscriber.Clusters != nil {
			key = "=" + *subscriber.Clusters
		}
		info, ready := infos[key]
		if !ready {
			info = ServiceInfo{Name: &view.Service.Name, Group: &view.Service.Group, Clusters: subscriber.Clusters}.JSON(p.registry, view)
			infos[key] = info
		}
		ended := p.began(view)
		c.Ask(func(requestID string) any {
			return NotifySubscriberRequest{Ask: rpc.NewAsk(requestID, "naming"), ServiceInfo: info}
		}, AckTime, func(err error) {
			ended(err)
			if err != nil && !errors.Is(err, rpc.ErrEnded) {
				p.registry.ShowLater(view.Service, subscriber.ID, RetryDelay)
			}
		})
	}
}
