package distro

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"muster/model/run"
	"muster/nodes/membership"
	"muster/nodes/registry"
)

// target is what is to be told to one peer. Each has a goroutine of its own, so that a dead peer holds up nobody else, and sends one
// message at a time, so that an older state never overtakes a newer one.
type target struct {
	distro *Distro
	peer   string

	mu sync.Mutex
	// due says when to tell which client.
	due map[string]time.Time
	// batched are those that were due and wait for others until batchAt.
	batched map[string]bool
	batchAt time.Time
	// wake says that something was added.
	wake chan struct{}
	// gone is closed when the peer is no member any more.
	gone chan struct{}
}

var errNotUp = errors.New("the peer is not UP")

// add plans to tell clients, unless they are to be told earlier anyway.
func (t *target) add(due time.Time, clientIDs ...string) {
	t.mu.Lock()
	for _, id := range clientIDs {
		if old, planned := t.due[id]; !planned || due.Before(old) {
			t.due[id] = due
		}
	}
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// take removes and returns the clients that are due, in order, and says when the next one will be; zero if there is none.
func (t *target) take(now time.Time) (clientIDs []string, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, due := range t.due {
		switch {
		case !due.After(now):
			clientIDs = append(clientIDs, id)
		case next.IsZero() || due.Before(next):
			next = due
		}
	}
	if wait := t.distro.config.BatchDelay; wait > 0 {
		clientIDs, next = t.gather(now, wait, clientIDs, next)
	}
	slices.Sort(clientIDs)
	if len(clientIDs) > batch {
		clientIDs, next = clientIDs[:batch], now
	}
	maps.DeleteFunc(t.due, func(id string, _ time.Time) bool {
		_, taken := slices.BinarySearch(clientIDs, id)
		return taken
	})
	return clientIDs, next
}

// gather puts those that are due to the others that wait, and returns all once the first of them has waited long enough.
func (t *target) gather(now time.Time, wait time.Duration, due []string, next time.Time) ([]string, time.Time) {
	if len(t.batched) == 0 {
		t.batchAt = now.Add(wait)
	}
	for _, id := range due {
		t.batched[id] = true
		delete(t.due, id)
	}
	switch {
	case len(t.batched) == 0:
		return nil, next
	case now.Before(t.batchAt):
		if next.IsZero() || t.batchAt.Before(next) {
			next = t.batchAt
		}
		return nil, next
	}
	all := slices.Collect(maps.Keys(t.batched))
	clear(t.batched)
	for _, id := range all {
		t.due[id] = now // take sees to what is too much for one message
	}
	return all, next
}

// run tells and verifies until the context ends or the peer is no member any more.
func (t *target) run(ctx context.Context) {
	verifyAt := time.Now().Add(t.distro.config.VerifyEvery)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.gone:
			return
		case <-t.wake:
		case <-timer.C:
		}
		clientIDs, next := t.take(time.Now())
		if len(clientIDs) > 0 {
			t.tell(ctx, clientIDs)
		}
		if now := time.Now(); !now.Before(verifyAt) {
			t.verify(ctx)
			verifyAt = time.Now().Add(t.distro.config.VerifyEvery)
		}
		if next.IsZero() || verifyAt.Before(next) {
			next = verifyAt
		}
		timer.Reset(time.Until(next))
	}
}

// tell sends the state of clients as it is now.
func (t *target) tell(ctx context.Context, clientIDs []string) {
	if t.distro.skipped(t.peer) {
		return
	}
	now, request := time.Now(), DistroDataRequest{DataOperation: Change}
	for _, id := range clientIDs {
		if data, exists := t.distro.config.Registry.Snapshot(id); exists {
			request.Changed = append(request.Changed, data)
		} else {
			request.Removed = append(request.Removed, Mention{ClientID: id, SilentMillis: t.distro.config.Registry.Silent(id).Milliseconds()})
		}
	}
	err := errNotUp
	if t.up() {
		_, err = t.distro.call(ctx, t.peer, now, request)
	}
	if err != nil && ctx.Err() == nil {
		t.distro.config.Logger.Info(run.EventDistroSyncFailed, "target", t.peer, "client", clientIDs[0], "clients", len(clientIDs), "error", err.Error())
		t.add(time.Now().Add(t.distro.config.RetryDelay), clientIDs...)
	}
}

// verify tells all that this node is responsible for, and then in full what the peer has otherwise. A node that has not loaded does not
// know what it is responsible for.
func (t *target) verify(ctx context.Context) {
	if !t.distro.hasLoaded() || !t.up() || t.distro.skipped(t.peer) {
		return
	}
	if t.distro.config.Lists {
		t.verifyLists(ctx)
		return
	}
	now, request := time.Now(), DistroDataRequest{DataOperation: Verify, Living: t.distro.config.Membership.Living()}
	for _, id := range t.distro.config.Registry.ResponsibleClients() {
		revision, exists := t.distro.config.Registry.Revision(id)
		if exists {
			request.Verified = append(request.Verified, Mention{id, revision, t.distro.config.Registry.Silent(id).Milliseconds()})
		}
	}
	response, err := t.distro.call(ctx, t.peer, now, request)
	if err != nil {
		return // the next one comes soon; membership notices a dead peer
	}
	for _, id := range response.Unknown {
		t.distro.config.Logger.Info(run.EventDistroVerifyFailed, "target", t.peer, "client", id)
	}
	t.add(time.Now(), response.Unknown...)
}

// verifyLists is verify where lists are compared. A list that the peer has otherwise is told whole, at once.
func (t *target) verifyLists(ctx context.Context) {
	registry := t.distro.config.Registry
	now := time.Now()
	response, err := t.distro.call(ctx, t.peer, now, DistroDataRequest{
		DataOperation: Verify, Living: t.distro.config.Membership.Living(), Lists: registry.ResponsibleLists(),
	})
	if err != nil || len(response.Unknown) == 0 {
		return
	}
	for len(response.Unknown) > 0 {
		now, request := time.Now(), DistroDataRequest{DataOperation: Change, Living: t.distro.config.Membership.Living()}
		for len(response.Unknown) > 0 && len(request.Changed) < batch {
			list, clients := registry.List(response.Unknown[0])
			response.Unknown = response.Unknown[1:]
			t.distro.config.Logger.Info(run.EventDistroVerifyFailed, "target", t.peer, "list", list.Name)
			request.Lists, request.Changed = append(request.Lists, list), append(request.Changed, clients...)
		}
		if _, err := t.distro.call(ctx, t.peer, now, request); err != nil {
			return // the next verification comes soon
		}
	}
}

func (t *target) up() bool {
	state, _ := t.distro.config.Membership.State(t.peer)
	return state == membership.Up
}

// page is a part of a snapshot: clients after an id, in order. If there are more, it is full: an asker goes on after the last one. Not
// every id makes an entry, since clients go meanwhile, and connections that have published nothing are not told of.
func page(r *registry.Registry, after string) (clients []registry.ClientData, more bool) {
	ids := r.EphemeralClients()
	at, found := slices.BinarySearch(ids, after)
	if found {
		at++
	}
	for _, id := range ids[at:] {
		if len(clients) == batch {
			return clients, true
		}
		if data, exists := r.Snapshot(id); exists {
			clients = append(clients, data)
		}
	}
	return clients, false
}
