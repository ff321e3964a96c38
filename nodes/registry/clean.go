package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"muster/model"
)

// How long things nobody needs stay (Nacos: EmptyServiceAutoCleanerV2, ExpiredMetadataCleaner, nacos.naming.client.expired.time).
const (
	// EmptyServiceAge is how long a service without instances stays.
	EmptyServiceAge = 60 * time.Second
	// uncoveredAge is how long an operator's metadata outlive the instance.
	uncoveredAge = 60 * time.Second
	// copyAge is how long the copy of another node's client stays without being synchronised or verified.
	copyAge = 180 * time.Second
	// graveAge is how long removed clients are remembered.
	graveAge = 180 * time.Second
)

// ExpireCopies forgets the copies of clients that their owners have not spoken of for three minutes: an owner that died cannot say
// that its connections have ended. It returns their ids, in order.
func (r *Registry) ExpireCopies() []string {
	now := time.Now()
	return r.buryAll(func(c *client) bool {
		return c.ephemeral && c.socket == nil && now.Sub(c.verified) > copyAge && !r.answersFor(c)
	})
}

// Clean forgets services that have been empty for EmptyServiceAge, and the memory of clients removed long ago. It returns the
// commands that take operators' metadata off services and instances that are gone; the caller proposes them to the Raft group, on one
// node of the cluster. A service made by hand stays as long as its metadata do, which is until the DropService command among these is
// applied.
func (r *Registry) Clean() []Command {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, g := range r.graves {
		if now.Sub(g.dug) > graveAge {
			r.forget(id)
		}
	}
	r.trim()
	maps.DeleteFunc(r.orphans, func(key model.Service, _ time.Time) bool { return r.instanceMetadata[key] == nil })
	var commands []Command
	for key, s := range r.services {
		r.forgetMoves(s, now)
		if len(s.publishers) > 0 || now.Sub(s.touched) < EmptyServiceAge {
			continue
		}
		if metadata := r.metadata(key); metadata != nil {
			commands = append(commands, Command{Kind: DropService, Service: key, ServiceMetadata: metadata})
		} else {
			r.dropService(s)
		}
	}
	commands = append(commands, r.uncovered(now)...)
	slices.SortFunc(commands, compareCommands)
	return commands
}

// trim gives back the memory of what is gone: a map keeps room for the most that it ever held. A burst of clients would otherwise be paid
// for until the node ends.
func (r *Registry) trim() {
	r.clients, r.graves, r.services = trimmed(r.clients), trimmed(r.graves), trimmed(r.services)
	r.subscribers, r.awaited = trimmed(r.subscribers), trimmed(r.awaited)
}

// trimmed is a map of the same entries without any room besides, unless it holds much still: then it would take long to make.
func trimmed[K comparable, V any](m map[K]V) map[K]V {
	const much = 4096
	if len(m) > much {
		return m
	}
	fresh := make(map[K]V, len(m))
	maps.Copy(fresh, m)
	return fresh
}

// Uncovered returns the commands that take operators' metadata off instances that have been gone for a minute (Nacos:
// ExpiredMetadataCleaner, which looks every five seconds), in the order of services. They are among those of Clean.
func (r *Registry) Uncovered() []Command {
	r.mu.Lock()
	defer r.mu.Unlock()
	commands := r.uncovered(time.Now())
	slices.SortFunc(commands, compareCommands)
	return commands
}

func (r *Registry) uncovered(now time.Time) (commands []Command) {
	for key, covers := range r.instanceMetadata {
		s := r.services[key]
		orphaned := r.orphaned(key, s == nil, now)
		for id, cover := range covers {
			left, gone := orphaned, true
			if s != nil {
				left, gone = s.left[id]
			}
			if !gone || now.Sub(left) < uncoveredAge {
				continue
			}
			commands = append(commands, Command{Kind: DropInstanceMetadata, Service: key, MetadataID: id, InstanceMetadata: &cover})
		}
	}
	return commands
}

// orphaned is since when operators' metadata have lain over instances of a service that is not here; a service may be still on
// its way to this node.
func (r *Registry) orphaned(key model.Service, absent bool, now time.Time) time.Time {
	if !absent {
		delete(r.orphans, key)
		return now
	}
	if _, known := r.orphans[key]; !known {
		r.orphans[key] = now
	}
	return r.orphans[key]
}

func compareCommands(a, b Command) int {
	return cmp.Or(compareServices(a.Service, b.Service), strings.Compare(a.MetadataID, b.MetadataID))
}
