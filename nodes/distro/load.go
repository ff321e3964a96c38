package distro

import (
	"context"
	"fmt"
	"slices"
	"time"

	"muster/model/run"
)

// firstLoadRetry is how soon after a failed attempt the second one comes; the time doubles from then on, up to LoadRetry.
const firstLoadRetry = time.Second

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

// loadOnce asks each peer that has not answered yet; true if one of them knew all.
func (d *Distro) loadOnce(ctx context.Context, answered map[string]bool) bool {
	for _, t := range d.targets() {
		if answered[t.peer] {
			continue
		}
		clients, complete, err := d.loadFrom(ctx, t.peer)
		if err != nil {
			d.config.Logger.Debug("the peer's snapshot could not be loaded", "from", t.peer, "error", err.Error())
			continue
		}
		answered[t.peer] = true
		d.config.Logger.Info(run.EventDistroLoaded, "from", t.peer, "clients", clients)
		if complete {
			return true
		}
	}
	return false
}

func (d *Distro) loadFrom(ctx context.Context, peer string) (clients int, complete bool, err error) {
	request := DistroDataRequest{DataOperation: Snapshot}
	for {
		asked, after := time.Now(), request.After
		response, err := d.call(ctx, peer, asked, request)
		if err != nil {
			return clients, false, err
		}
		for _, data := range response.Clients {
			data.Silent = older(data.Silent, time.Since(asked))
			d.apply(peer, data, SnapshotOverNative)
			request.After = max(request.After, data.ID)
		}
		clients += len(response.Clients)
		if !response.More {
			return clients, response.Loaded, nil
		}
		if request.After == after {
			return clients, false, fmt.Errorf("%s has more clients after %q, but its page names none of them", peer, after)
		}
	}
}
