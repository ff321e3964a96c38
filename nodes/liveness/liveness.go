package liveness

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/model"
	"muster/model/run"
	"muster/nodes/defect"
	"muster/nodes/registry"
)

// Nacos's times (api/common/Constants: DEFAULT_HEART_BEAT_INTERVAL and its siblings). An instance may set its own by preserved.*
// metadata.
const (
	// CheckInterval is how often instances are checked, and how often clients beat.
	CheckInterval = 5 * time.Second
	// UnhealthyAfter is how long an instance may be silent before it is unhealthy.
	UnhealthyAfter = 15 * time.Second
	// RemovedAfter is how long it may be silent before it is removed.
	RemovedAfter = 30 * time.Second
	// cleanInterval is how often empty services are looked for (Nacos: nacos.naming.clean.empty-service.interval).
	cleanInterval = 60 * time.Second
)

// skipKey is metadata that keeps an instance from being checked. (Its name promises the opposite: so it is in Nacos,
// InstanceEnableBeatCheckInterceptor.)
const skipKey = "enableClientBeat"

// The defects of this package.
const (
	// NeverExpire: instances that stopped beating stay.
	NeverExpire defect.Name = "liveness/neverExpire"
	// BeatWrongInstance: a beat counts for another instance of the service, if it has one.
	BeatWrongInstance defect.Name = "liveness/beatWrongInstance"
	// TakeOverLastBeats: a node that becomes responsible counts silence from the last beat that it knows of, which is as old as the
	// last news of the instance from a peer (Nacos 1.x; github.com/alibaba/nacos/issues/1873, 7697 and 12895).
	TakeOverLastBeats defect.Name = "liveness/takeOverLastBeats"
	// CheckEverybody: a node checks the instances of all clients that it knows, not only of those that it is responsible for (Nacos 2.0.0).
	CheckEverybody defect.Name = "liveness/checkEverybody"
)

// Options of a Liveness.
type Options struct {
	Registry *registry.Registry
	Log      *slog.Logger
	// Propose brings a command to the Raft group; it is used to take operators' metadata off what is gone. Nil: they stay.
	Propose func(context.Context, registry.Command) error
	// Since says from when on the checks of a client's instances are counted: they come every CheckInterval from then (Nacos 1.x: since
	// the service was made, at its node). Nil: all are checked together.
	Since func(clientID string) time.Time
	// Leads says whether this node is to propose those commands; one in the cluster should. Nil: it is.
	Leads func() bool
}

// Liveness takes beats and checks for missing ones.
type Liveness struct {
	options Options
	// owned are the clients that this node answered for at the last check, in order.
	owned []string
	// listening says of those that this node took over, or could not hear while it was stopped, since when it hears them.
	listening map[string]time.Time
	// publications is where those of one client are listed, again and again.
	publications       []registry.Publication
	checked, cleanedAt time.Time
}

// New makes a Liveness; Run makes it check.
func New(options Options) *Liveness {
	now := time.Now()
	return &Liveness{options: options, listening: map[string]time.Time{}, checked: now, cleanedAt: now}
}

// Run checks every CheckInterval until the context ends.
func (l *Liveness) Run(ctx context.Context) {
	timer := time.NewTimer(CheckInterval)
	defer timer.Stop()
	swept := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			now := time.Now()
			l.Check(now)
			timer.Reset(l.nextAfter(now).Sub(now))
			if now.Sub(swept) < CheckInterval {
				continue
			}
			swept = now
			for _, id := range l.options.Registry.ExpireCopies() {
				l.options.Log.Info("the copy of a client expired, its node has not spoken of it for long", "client", id)
			}
			l.options.Registry.ExpireSockets()
			l.clean(ctx)
		}
	}
}

// pace is how close to each other checks come that are not due at the same time.
const pace = CheckInterval / 20

// nextAfter is when to check next. Whoever registers until then is due later.
func (l *Liveness) nextAfter(now time.Time) time.Time {
	next := now.Add(CheckInterval)
	if l.options.Since == nil {
		return next
	}
	for _, id := range l.owned {
		if since := l.options.Since(id); !since.IsZero() {
			due := since.Add(CheckInterval * (now.Sub(since)/CheckInterval + 1))
			if due.Before(next) {
				next = due
			}
		}
	}
	if least := now.Add(pace); next.Before(least) {
		return least
	}
	return next
}

// due says whether a check of a client falls between the last one and now.
func (l *Liveness) due(clientID string, last, now time.Time) bool {
	if l.options.Since == nil {
		return true
	}
	since := l.options.Since(clientID)
	return now.Sub(since)/CheckInterval > last.Sub(since)/CheckInterval
}

// Beat takes a sign of life of an instance. It reports whether the instance is known; the client of an unknown one has to
// register it.
func (l *Liveness) Beat(service model.Service, instance model.InstanceKey) bool {
	id := l.options.Registry.InstanceClient(service, instance.IP, instance.Port, instance.Cluster, true)
	if defect.On(BeatWrongInstance) {
		for _, p := range l.options.Registry.Publishers(service) {
			if p.ClientID != id && !registry.IsConnection(p.ClientID) && l.options.Registry.Beat(service, p.ClientID) {
				_, known := l.options.Registry.Published(service, id)
				return known
			}
		}
	}
	return l.options.Registry.Beat(service, id)
}

// Check marks and removes what has been silent for too long as of now. Run calls it; it must not run twice at once.
func (l *Liveness) Check(now time.Time) {
	last := l.checked
	slept := now.Sub(last) > 2*CheckInterval
	l.checked = now
	enabled := l.options.Registry.Switches().HealthCheckEnabled
	owned := l.options.Registry.ResponsibleClients()
	if defect.On(CheckEverybody) {
		owned = l.options.Registry.EphemeralClients()
	}
	owned = slices.DeleteFunc(owned, registry.IsConnection) // which live as long as they are connected, and do not beat
	for _, id := range owned {
		_, before := slices.BinarySearch(l.owned, id)
		// What this node heard before the last check it heard before another was responsible, who may have heard more since.
		takenOver := !before && !l.options.Registry.HeardFirstHand(id, last)
		if slept || takenOver && !defect.On(TakeOverLastBeats) {
			l.listening[id] = now
			continue
		}
		if !enabled || !l.due(id, last, now) {
			continue
		}
		l.publications = l.options.Registry.AppendPublications(l.publications[:0], id)
		since := l.listening[id]
		for _, p := range l.publications {
			l.checkOne(p, since, now)
		}
	}
	l.owned = owned
	maps.DeleteFunc(l.listening, func(id string, _ time.Time) bool {
		_, still := slices.BinarySearch(owned, id)
		return !still
	})
}

// checkOne judges an instance by how long it has been silent, as far as any node has told, and for how much of that this node was listening,
// which may be less: an instance is unhealthy by what this node could have heard alone, and removed by the whole if it is unhealthy by then.
func (l *Liveness) checkOne(p registry.Publication, listening, now time.Time) {
	if value, set := setting(p, skipKey); set && strings.EqualFold(value, "true") {
		return
	}
	silent := now.Sub(p.Beat)
	unheard := min(silent, now.Sub(listening))
	unhealthyAfter, removedAfter := duration(p, registry.BeatTimeoutKey, UnhealthyAfter), duration(p, registry.DeleteTimeoutKey, RemovedAfter)
	event := ""
	switch {
	case silent > removedAfter && unheard > min(unhealthyAfter, removedAfter) && !defect.On(NeverExpire):
		if l.options.Registry.Expire(p.Service, p.ClientID, p.Beat) {
			event = run.EventInstanceExpired
		}
	case unheard > unhealthyAfter:
		if l.options.Registry.MarkUnhealthy(p.Service, p.ClientID, p.Beat) {
			event = run.EventInstanceUnhealthy
		}
	}
	if event != "" {
		instance := model.InstanceKey{IP: p.IP, Port: p.Port, Cluster: p.Cluster}
		l.options.Log.Info(event, "service", p.Service.String(), "instance", instance.String(), "silent_ms", silent.Milliseconds())
	}
}

// setting finds a key in the operator's metadata over the instance, else in its own.
func setting(p registry.Publication, key string) (string, bool) {
	if p.Cover != nil {
		if value, set := p.Cover.Extend[key]; set {
			return value, true
		}
	}
	value, set := p.Metadata[key]
	return value, set
}

// duration is a setting in milliseconds; the default where it is absent or no number.
func duration(p registry.Publication, key string, otherwise time.Duration) time.Duration {
	value, _ := setting(p, key)
	if milliseconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return time.Duration(milliseconds) * time.Millisecond
	}
	return otherwise
}

// clean forgets empty services now and then, and takes operators' metadata off what is gone.
func (l *Liveness) clean(ctx context.Context) {
	var commands []registry.Command
	if time.Since(l.cleanedAt) < cleanInterval {
		commands = l.options.Registry.Uncovered()
	} else {
		l.cleanedAt = time.Now()
		commands = l.options.Registry.Clean()
	}
	if l.options.Propose == nil || l.options.Leads != nil && !l.options.Leads() {
		return
	}
	for _, command := range commands {
		if err := l.options.Propose(ctx, command); err != nil {
			l.options.Log.Warn("cleaning up metadata", "service", command.Service.String(), "error", err.Error())
			return
		}
	}
}
