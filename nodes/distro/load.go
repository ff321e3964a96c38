package distro

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"muster/model/run"
)

const (
	// firstLoadRetry is how soon after a failed attempt the second one comes; the time doubles from then on, up to LoadRetry.
	firstLoadRetry = time.Second
	// loadPatience is how long a peer that is asked may be silent before the next one is asked, too.
	loadPatience = 500 * time.Millisecond
)

// load asks peers for what they know. It is done when a peer has answered that has itself loaded. Where none has, as when all members
// start at once, it is done when all have answered, or some have and LoadRetry is over.
func (d *Distro) load(ctx context.Context) {
	began := time.Now()
	answered := map[string]bool{}
	for pause := firstLoadRetry; !d.loadOnce(ctx, answered) && ctx.Err() == nil; pause = min(2*pause, d.config.LoadRetry) {
		if d.allIn(answered) || len(answered) > 0 && time.Since(began) >= d.config.LoadRetry {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
	if ctx.Err() == nil {
		close(d.loaded)
	}
}

// allIn says whether all peers have answered.
func (d *Distro) allIn(answered map[string]bool) bool {
	return !slices.ContainsFunc(d.targets(), func(t *target) bool { return !answered[t.peer] })
}

// snapshot is how asking a peer for all that it knows ended.
type snapshot struct {
	from    string
	clients int
	// complete: the peer has itself loaded what others knew.
	complete bool
	err      error
}

// loadOnce asks each peer that has not answered yet, one after another, as each is likely to know all; but whoever says nothing holds up
// nobody. It is true if one of them knew all.
func (d *Distro) loadOnce(ctx context.Context, answered map[string]bool) bool {
	defer d.noteTried()
	var peers []string
	for _, t := range d.targets() {
		if !answered[t.peer] {
			peers = append(peers, t.peer)
		}
	}
	ended := make(chan snapshot, len(peers))
	var wait sync.WaitGroup
	defer wait.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop() // who is still asked does not matter any more
	silent := time.NewTimer(0)
	defer silent.Stop()
	for asked := []string(nil); len(peers)+len(asked) > 0; {
		select {
		case <-silent.C:
			if len(peers) > 0 && !slices.ContainsFunc(asked, d.tells) {
				peer := peers[0]
				peers, asked = peers[1:], append(asked, peer)
				wait.Go(func() { ended <- d.loadFrom(ctx, peer) })
			}
			silent.Reset(loadPatience)
		case s := <-ended:
			asked = slices.DeleteFunc(asked, func(peer string) bool { return peer == s.from })
			silent.Reset(0)
			if s.err != nil {
				d.config.Logger.Debug("the peer's snapshot could not be loaded", "from", s.from, "error", s.err.Error())
				continue
			}
			answered[s.from] = true
			d.config.Logger.Info(run.EventDistroLoaded, "from", s.from, "clients", s.clients)
			if s.complete {
				return true
			}
		}
	}
	return false
}

// loadFrom asks a peer for its pages, one after another.
func (d *Distro) loadFrom(ctx context.Context, peer string) (s snapshot) {
	s.from = peer
	var parts assembly
	request := DistroDataRequest{DataOperation: Snapshot}
	for page := 0; ; page++ {
		asked, last := time.Now(), request
		response, err := d.call(ctx, peer, asked, request)
		if err != nil {
			if page == 0 {
				d.progress(peer, false)
			}
			s.err = err
			return s
		}
		d.progress(peer, response.More)
		request.Part = 0
		for _, data := range response.Clients {
			data.Silent = older(data.Silent, time.Since(asked))
			whole, complete := parts.add(peer, data, response.Part, response.MoreParts)
			switch {
			case complete:
				d.apply(peer, whole, SnapshotOverNative)
				request.After = max(request.After, data.ID)
				s.clients++
			case parts.awaits(peer):
				request.Part = response.Part + 1
			}
		}
		if !response.More {
			s.complete = response.Loaded
			return s
		}
		if request.After == last.After && request.Part == 0 && last.Part == 0 {
			s.err = fmt.Errorf("%s has more clients after %q, but its page names none of them", peer, last.After)
			return s
		}
	}
}

// progress notes whether a peer is telling what it knows.
func (d *Distro) progress(peer string, tells bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if tells {
		d.telling[peer] = true
	} else {
		delete(d.telling, peer)
	}
}

func (d *Distro) noteTried() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tried = true
}

// Loading says whether there is more to learn from peers that can be reached: not all have been asked, or one has told a part of what it
// knows. Where it is false before Loaded is closed, nobody answers who could tell.
func (d *Distro) Loading() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	tells := slices.ContainsFunc(d.peers, func(t *target) bool { return d.telling[t.peer] })
	return !d.hasLoaded() && (!d.tried || tells)
}

// tells says whether a peer has told a part of what it knows.
func (d *Distro) tells(peer string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.telling[peer]
}

// page answers a Snapshot: clients after an id, in order. If there are more, it is as full as it can be: an asker goes on after the last one.
// Not every id makes an entry, since clients go meanwhile, and connections that have published nothing are not told of. A client that fills
// more than a page comes alone, in parts.
func (d *Distro) page(request *DistroDataRequest) (response DistroDataResponse) {
	ids := d.idsFor(request)
	at, found := slices.BinarySearch(ids, request.After)
	if found {
		at++
	}
	size := 0
	for _, id := range ids[at:] {
		data, exists := d.config.Registry.Snapshot(id)
		if !exists {
			continue
		}
		size += sizeOfClient(data)
		if len(response.Clients) == batch || size > room && len(response.Clients) > 0 {
			response.More = true
			break
		}
		if size > room {
			data, response.MoreParts = part(data, request.Part)
			response.Part, response.More = request.Part, true
		}
		response.Clients = append(response.Clients, data)
		if response.More {
			break
		}
	}
	if !response.More {
		d.forgetIDs(request.Source)
	}
	return response
}

// idsFor are the clients that a peer is told of, page by page: those of its first question, so that they are sorted once. What changes
// meanwhile the peer is told as ever.
func (d *Distro) idsFor(request *DistroDataRequest) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if request.After == "" && request.Part == 0 || d.paged[request.Source] == nil {
		d.paged[request.Source] = d.config.Registry.EphemeralClients()
	}
	return d.paged[request.Source]
}

func (d *Distro) forgetIDs(peer string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.paged, peer)
}
