package registry

import (
	"maps"
	"time"

	"muster/model"
)

// ViewDelay is how long after a change a view is computed again (Nacos: PushDelayTask, nacos.naming.push.pushTaskDelay).
const ViewDelay = 500 * time.Millisecond

// awaited is a view that will be computed, for queries and for subscribers. Whatever happens until then is covered by the same
// computation, so that a burst of changes is one view and one push.
type awaited struct {
	due   time.Time
	timer *time.Timer
	// all subscribers are to see it, or clients alone.
	all     bool
	clients map[string]bool
}

// merge adds those who are to see another view.
func (a *awaited) merge(other *awaited) {
	a.all = a.all || other.all
	maps.Copy(a.clients, other.clients)
}

// OnView has shown called with each view that is computed for subscribers at this node, and with those who are to see it. Calls come
// without locks held, possibly from several goroutines at once. Register before the first request.
func (r *Registry) OnView(shown func(*View, []Subscriber)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onView = append(r.onView, shown)
}

// ShowLater has one subscriber shown a service again after a while, for instance because it did not take the last view. One that
// has unsubscribed or gone by then is shown nothing.
func (r *Registry) ShowLater(key model.Service, clientID string, delay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.subscribers[key][clientID] != nil {
		r.viewLater(key, delay, clientID)
	}
}

// changed has the view computed again after a while, and all subscribers shown it.
func (r *Registry) changed(s *service) {
	if r.options.Profile.showsAtOnce() {
		s.view = nil
	}
	r.viewLater(s.key, r.options.Profile.pushDelay(), "")
}

// viewLater has a view computed after the delay, or earlier if it is awaited earlier anyway, and a client shown it, or all if that
// is "".
func (r *Registry) viewLater(key model.Service, delay time.Duration, clientID string) {
	a := r.await(key, delay)
	if clientID == "" {
		a.all = true
	} else {
		a.clients[clientID] = true
	}
}

// await has a view computed after the delay, or earlier if it is awaited earlier anyway.
func (r *Registry) await(key model.Service, delay time.Duration) *awaited {
	due := time.Now().Add(delay)
	a := r.awaited[key]
	if a == nil {
		a = &awaited{due: due, clients: map[string]bool{}}
		a.timer = time.AfterFunc(delay, func() { r.compose(key, a) })
		r.awaited[key] = a
	} else if due.Before(a.due) && a.timer.Stop() {
		a.due = due
		a.timer.Reset(delay)
	}
	return a
}

// release shows what was held back while an operator had switched pushes off.
func (r *Registry) release() {
	for key, held := range r.held {
		r.await(key, ViewDelay).merge(held)
	}
	clear(r.held)
}

// compose computes a view that was awaited and shows it.
func (r *Registry) compose(key model.Service, a *awaited) {
	r.mu.Lock()
	delete(r.awaited, key)
	view := &View{Service: key}
	if s := r.services[key]; s != nil {
		view = r.compute(s)
		s.view = view
	}
	var audience []Subscriber
	if s := r.services[key]; s == nil || s.ephemeral || !r.options.QuietPersistent {
		audience = r.subscribersOf(key, func(clientID string) bool { return a.all || a.clients[clientID] })
	}
	if held := r.held[key]; !r.switches.PushEnabled && len(audience) > 0 {
		if held != nil {
			a.merge(held)
		}
		r.held[key] = a
		audience = nil
	}
	listeners := r.onView
	r.mu.Unlock()
	if len(audience) == 0 {
		return
	}
	for _, shown := range listeners {
		shown(view, audience)
	}
}
