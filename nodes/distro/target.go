package distro

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"muster/model/run"
	"muster/nodes/defect"
	"muster/nodes/membership"
	"muster/nodes/registry"
)

// tick is how long a peer is left alone at least after it was told something: what changes meanwhile goes into one message (Nacos's delay
// engine looks every so long for what is due).
const tick = 100 * time.Millisecond

// target is what is to be told to one peer. Each has a goroutine of its own, so that a dead peer holds up nobody else, and sends one
// message at a time, so that an older state never overtakes a newer one.
type target struct {
	distro *Distro
	peer   string

	mu    sync.Mutex
	queue queue
	// batched are those that were due and wait for others until batchAt.
	batched []string
	batchAt time.Time
	// wake says that something was added that comes before all else.
	wake chan struct{}
	// gone is closed when the peer is no member any more.
	gone chan struct{}
}

func newTarget(d *Distro, peer string) *target {
	return &target{distro: d, peer: peer, queue: newQueue(), wake: make(chan struct{}, 1), gone: make(chan struct{})}
}

var errNotUp = errors.New("the peer is not UP")

// add plans to tell clients, unless they are to be told earlier anyway.
func (t *target) add(due time.Time, clientIDs ...string) {
	sooner := false
	t.mu.Lock()
	for _, id := range clientIDs {
		sooner = t.queue.plan(due, id) || sooner
	}
	t.mu.Unlock()
	if !sooner {
		return
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// take removes and returns the clients that are to be told now, in order, and says when the next ones will be; zero if there are none.
// Where lists are compared, those that are due wait for others, listBatchDelay from the first of them, or until they fill a message (Nacos 1.x:
// DistroHttpCombinedKeyDelayTask).
func (t *target) take(now time.Time) (clientIDs []string, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	due := t.queue.take(now)
	if len(due) > 0 && len(t.batched) == 0 {
		t.batchAt = now
		if t.distro.config.Lists {
			t.batchAt = now.Add(listBatchDelay)
		}
	}
	t.batched = append(t.batched, due...)
	next, _ = t.queue.next()
	if len(t.batched) > 0 && len(t.batched) < batch && now.Before(t.batchAt) {
		if next.IsZero() || t.batchAt.Before(next) {
			next = t.batchAt
		}
		return nil, next
	}
	clientIDs, t.batched = t.batched, nil
	slices.Sort(clientIDs)
	return slices.Compact(clientIDs), next
}

// run tells and verifies until the context ends or the peer is no member any more.
func (t *target) run(ctx context.Context) {
	verifyAt, toldAt := time.Now().Add(t.distro.config.VerifyEvery), time.Time{}
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
		next := toldAt.Add(tick)
		if now := time.Now(); !now.Before(next) {
			var clientIDs []string
			if clientIDs, next = t.take(now); len(clientIDs) > 0 {
				toldAt = now
				t.tell(ctx, clientIDs)
			}
			if limit := toldAt.Add(tick); !next.IsZero() && next.Before(limit) {
				next = limit
			}
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

// tell sends the state of clients as it is now, in as many messages as that takes. If one fails, all that is left is tried again together:
// the peer or the network is to blame, and never one client, since what no message can hold is refused when a client sends it.
func (t *target) tell(ctx context.Context, clientIDs []string) {
	if t.distro.skipped(t.peer) {
		return
	}
	if defect.On(OneQueue) {
		select {
		case t.distro.queue <- struct{}{}:
			defer func() { <-t.distro.queue }()
		case <-ctx.Done():
			return
		}
	}
	for len(clientIDs) > 0 {
		told, err := t.tellSome(ctx, clientIDs)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.distro.config.Logger.Info(run.EventDistroSyncFailed,
				"target", t.peer, "client", clientIDs[0], "clients", len(clientIDs), "error", err.Error())
			t.add(time.Now().Add(t.distro.config.RetryDelay), clientIDs...)
			return
		}
		clientIDs = clientIDs[told:]
	}
}

// tellSome tells as many of the clients as one message has room for, and how many these were. A client that fills more than one is told
// alone.
func (t *target) tellSome(ctx context.Context, clientIDs []string) (told int, err error) {
	now, size, request := time.Now(), 0, DistroDataRequest{DataOperation: Change}
	for told < len(clientIDs) && told < batch {
		id := clientIDs[told]
		data, exists := t.distro.config.Registry.Snapshot(id)
		if exists {
			if size += sizeOfClient(data); size > room && told > 0 {
				break
			}
			if size > room {
				return 1, t.tellParts(ctx, now, data)
			}
			request.Changed = append(request.Changed, data)
		} else {
			if size += sizeOfMention(id); size > room && told > 0 {
				break
			}
			request.Removed = append(request.Removed, Mention{ClientID: id, SilentMillis: t.distro.config.Registry.Silent(id).Milliseconds()})
		}
		told++
	}
	return told, t.send(ctx, now, request)
}

// tellParts tells a client that one message has no room for.
func (t *target) tellParts(ctx context.Context, now time.Time, data registry.ClientData) error {
	for number, more := 0, true; more; number++ {
		var piece registry.ClientData
		piece, more = part(data, number)
		request := DistroDataRequest{DataOperation: Change, Changed: []registry.ClientData{piece}, Part: number, MoreParts: more}
		if err := t.send(ctx, now, request); err != nil {
			return fmt.Errorf("part %d: %w", number+1, err)
		}
	}
	return nil
}

// send sends a message if the peer is there to take it. What it says was true at the time given.
func (t *target) send(ctx context.Context, now time.Time, request DistroDataRequest) error {
	if !t.up() && !defect.On(OneQueue) {
		return errNotUp
	}
	_, err := t.distro.call(ctx, t.peer, now, request)
	return err
}

// verify tells all that this node is responsible for, and then in full what the peer has otherwise. It takes several messages where there
// is much, each of which says which ids it is about. A node that has not loaded does not know what it is responsible for.
func (t *target) verify(ctx context.Context) {
	if !t.distro.hasLoaded() || !t.up() || t.distro.skipped(t.peer) {
		return
	}
	if t.distro.config.Lists {
		t.verifyLists(ctx)
		return
	}
	ids := t.distro.config.Registry.ResponsibleClients()
	for after, last := "", false; !last; {
		now, request := time.Now(), DistroDataRequest{DataOperation: Verify, Living: t.distro.config.Membership.Living(), After: after}
		some := ids[:mentionable(ids)]
		if last = len(some) == len(ids); !last {
			request.Until = some[len(some)-1]
		}
		ids, after = ids[len(some):], request.Until
		for _, id := range some {
			if revision, exists := t.distro.config.Registry.Revision(id); exists {
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
}

// verifyLists is verify where lists are compared. A list that the peer has otherwise is told whole, at once.
func (t *target) verifyLists(ctx context.Context) {
	lists := t.distro.config.Registry.ResponsibleLists()
	names := make([]string, len(lists))
	for i, list := range lists {
		names[i] = list.Name
	}
	for after, last := "", false; !last; {
		request := DistroDataRequest{DataOperation: Verify, Living: t.distro.config.Membership.Living(), After: after}
		count := mentionable(names)
		if last = count == len(names); !last {
			request.Until = names[count-1]
		}
		request.Lists, lists, names, after = lists[:count], lists[count:], names[count:], request.Until
		response, err := t.distro.call(ctx, t.peer, time.Now(), request)
		for err == nil && len(response.Unknown) > 0 {
			var told int
			told, err = t.tellLists(ctx, response.Unknown)
			response.Unknown = response.Unknown[told:]
		}
		if err != nil {
			return // the next verification comes soon
		}
	}
}

// tellLists tells as many of the lists as one message has room for, and how many these were. A list that fills more than one is told alone.
func (t *target) tellLists(ctx context.Context, names []string) (told int, err error) {
	now, size, request := time.Now(), 0, DistroDataRequest{DataOperation: Change, Living: t.distro.config.Membership.Living()}
	for told < len(names) && len(request.Changed) < batch {
		list, clients := t.distro.config.Registry.List(names[told])
		for _, data := range clients {
			size += sizeOfClient(data)
		}
		if size > room && told > 0 {
			break
		}
		t.distro.config.Logger.Info(run.EventDistroVerifyFailed, "target", t.peer, "list", list.Name)
		if size > room {
			return 1, t.tellLongList(ctx, list, clients)
		}
		request.Lists, request.Changed = append(request.Lists, list), append(request.Changed, clients...)
		told++
	}
	_, err = t.distro.call(ctx, t.peer, now, request)
	return told, err
}

// tellLongList tells a list that one message has no room for: instances go ahead, and the last message names them all.
func (t *target) tellLongList(ctx context.Context, list registry.List, clients []registry.ClientData) error {
	now, size, request := time.Now(), 0, DistroDataRequest{DataOperation: Change}
	for _, data := range clients {
		if size += sizeOfClient(data); size > room {
			if _, err := t.distro.call(ctx, t.peer, now, request); err != nil {
				return err
			}
			size, request.Changed = sizeOfClient(data), nil
		}
		request.Changed = append(request.Changed, data)
	}
	request.Lists, request.Living = []registry.List{list}, t.distro.config.Membership.Living()
	for _, data := range clients[:len(clients)-len(request.Changed)] {
		request.Verified = append(request.Verified, Mention{ClientID: data.ID})
	}
	_, err := t.distro.call(ctx, t.peer, now, request)
	return err
}

func (t *target) up() bool {
	state, _ := t.distro.config.Membership.State(t.peer)
	return state == membership.Up
}
