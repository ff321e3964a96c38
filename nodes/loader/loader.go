package loader

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"muster/nodes/jackson"
	"muster/nodes/rpc"
)

const (
	// askTimeout is how long a member has to tell how many connections it has.
	askTimeout = time.Second
	// DefaultFactor is by how much a member's connections may differ from the average, 1 being the whole of it (Nacos:
	// RemoteUtils.LOADER_FACTOR).
	DefaultFactor = 0.1
)

// Options of a Loader.
type Options struct {
	// Self is this node's address, "ip:port".
	Self string
	// SDK has the connections.
	SDK *rpc.SDK
	// Peers reaches the other members, which Members lists by address, this one among them.
	Peers   *rpc.Pool
	Members func() []string
	Log     *slog.Logger
}

// Loader moves connections. Make it with New.
type Loader struct{ options Options }

// New makes a Loader.
func New(options Options) *Loader { return &Loader{options} }

// Load is how many connections a member has: all, and those that are an SDK's.
type Load struct {
	Address          string
	Connections, SDK int
}

// Handle has a server for members answer what they ask a Loader.
func (l *Loader) Handle(server *rpc.Server) {
	rpc.Handle(server, func(context.Context, *ServerLoaderInfoRequest) (ServerLoaderInfoResponse, error) {
		return ServerLoaderInfoResponse{rpc.OK(), l.load().Metrics()}, nil
	})
	rpc.Handle(server, func(_ context.Context, r *ServerReloadRequest) (ServerReloadResponse, error) {
		response := ServerReloadResponse{rpc.OK()}
		if response.Message = "ignore"; l.shed(int(r.Count), r.Server) {
			response.Message = "ok"
		}
		return response, nil
	})
}

// Connections are those of this node, in the order of their ids.
func (l *Loader) Connections() []*rpc.Connection { return l.options.SDK.Connections() }

// Reset asks one client to connect to another node, at redirect ("ip:port") or wherever it likes, and waits until it has answered or had
// its time.
func (l *Loader) Reset(ctx context.Context, connectionID, redirect string) {
	l.options.SDK.Reset(ctx, connectionID, redirect)
}

// Remain asks SDKs to connect elsewhere until that many remain here. It does not wait for them.
func (l *Loader) Remain(count int, redirect string) {
	var clients []*rpc.Connection
	for _, c := range l.Connections() {
		if c.IsSDK() {
			clients = append(clients, c)
		}
	}
	for _, c := range clients[min(max(count, 0), len(clients)):] {
		go l.Reset(context.Background(), c.ID, redirect)
	}
}

// shed has clients go as a peer asks, but only the tenth of them at once. It says whether any have to.
func (l *Loader) shed(remain int, redirect string) bool {
	count := l.load().SDK
	if count <= remain {
		return false
	}
	l.Remain(max(remain, int(float64(count)*(1-DefaultFactor))), redirect)
	return true
}

// load is this node's own.
func (l *Loader) load() Load {
	load := Load{Address: l.options.Self}
	for _, c := range l.Connections() {
		load.Connections++
		if c.IsSDK() {
			load.SDK++
		}
	}
	return load
}

// Loads asks all members, and returns what those say that answer in time, in the order of their addresses; all says whether every one
// did.
func (l *Loader) Loads(ctx context.Context) (loads []Load, all bool) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	members := l.options.Members()
	answers := make(chan Load, len(members))
	var asking sync.WaitGroup
	for _, member := range members {
		if member == l.options.Self {
			answers <- l.load()
			continue
		}
		asking.Go(func() {
			var response ServerLoaderInfoResponse
			if err := l.options.Peers.Call(ctx, member, ServerLoaderInfoRequest{}, &response); err != nil {
				l.options.Log.Warn("a member's connections are unknown", "member", member, "error", err.Error())
				return
			}
			answers <- response.load(member)
		})
	}
	asking.Wait()
	close(answers)
	for load := range answers {
		loads = append(loads, load)
	}
	slices.SortFunc(loads, func(a, b Load) int { return cmp.Compare(a.Address, b.Address) })
	return loads, len(loads) == len(members)
}

// Balance has the members with the most SDKs send some to those with the fewest. factor is by how much they may differ from the
// average. It says whether all members that have to took their orders.
func (l *Loader) Balance(ctx context.Context, factor float64) bool {
	loads, _ := l.Loads(ctx)
	above, below := Unequal(loads, factor)
	limit := int(float64(Average(loads)) * (1 + factor))
	taken := true
	for i := 0; i < len(above) && i < len(below); i++ {
		to := below[i].Address
		if above[i].Address == l.options.Self {
			l.shed(limit, to)
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		err := l.options.Peers.Call(ctx, above[i].Address, ServerReloadRequest{Count: jackson.Int(limit), Server: to}, &ServerReloadResponse{})
		cancel()
		if err != nil {
			l.options.Log.Warn("a member does not send connections away", "member", above[i].Address, "error", err.Error())
			taken = false
		}
	}
	return taken
}

// Average is how many SDKs a member has, rounded down.
func Average(loads []Load) int {
	total := 0
	for _, load := range loads {
		total += load.SDK
	}
	return total / max(len(loads), 1)
}

// Unequal lists the members that have more SDKs than the average by more than the factor, the fullest first, and those that have
// fewer, the emptiest first.
func Unequal(loads []Load, factor float64) (above, below []Load) {
	average := float64(Average(loads))
	high, low := int(average*(1+factor)), int(average*(1-factor))
	for _, load := range loads {
		switch {
		case load.SDK > high:
			above = append(above, load)
		case load.SDK < low:
			below = append(below, load)
		}
	}
	slices.SortStableFunc(above, func(a, b Load) int { return cmp.Compare(b.SDK, a.SDK) })
	slices.SortStableFunc(below, func(a, b Load) int { return cmp.Compare(a.SDK, b.SDK) })
	return above, below
}

// unmeasured is what stands for the load of the machine and its processor, as in Java where they cannot be measured.
const unmeasured = "-1.0"

// Metrics are a load in Nacos's words.
func (l Load) Metrics() map[string]string {
	return map[string]string{
		"conCount": strconv.Itoa(l.Connections), "sdkConCount": strconv.Itoa(l.SDK), "load": unmeasured, "cpu": unmeasured,
	}
}

// ServerLoaderInfoRequest asks a member how many connections it has.
type ServerLoaderInfoRequest struct{}

// ServerLoaderInfoResponse answers it.
type ServerLoaderInfoResponse struct {
	rpc.Result
	Metrics map[string]string `json:"loaderMetrics"`
}

// load reads what a member said; what is no number counts as none.
func (r ServerLoaderInfoResponse) load(member string) Load {
	load := Load{Address: member}
	load.Connections, _ = strconv.Atoi(r.Metrics["conCount"])
	load.SDK, _ = strconv.Atoi(r.Metrics["sdkConCount"])
	return load
}

// ServerReloadRequest asks a member to keep that many SDKs and to send others to Server, "ip:port".
type ServerReloadRequest struct {
	Count  jackson.Int `json:"reloadCount"`
	Server string      `json:"reloadServer"`
}

// ServerReloadResponse answers it.
type ServerReloadResponse struct{ rpc.Result }
