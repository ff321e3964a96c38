package registry

import (
	"slices"
	"time"
)

// How long things nobody needs stay (Nacos: EmptyServiceAutoCleanerV2, ExpiredMetadataCleaner, nacos.naming.client.expired.time).
const (
	// EmptyServiceAge is how long a service without instances stays.
	EmptyServiceAge = 60 * time.Second
	// copyAge is how long the copy of another node's client stays without being synchronised or verified.
	copyAge = 180 * time.Second
	// graveAge is how long removed clients are remembered.
	graveAge = 180 * time.Second
)

// Clean forgets services that have been empty for EmptyServiceAge, copies of clients that their owners have not spoken of for three
// minutes, and the memory of clients removed long ago. It returns the commands that take operators' metadata off services and instances that
// are gone; the caller proposes them to the Raft group, on one node of the cluster. A service made by hand stays as long as its metadata do,
// which is until the DropService command among these is applied.
func (r *Registry) Clean() []Command {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, g := range r.graves {
		if now.Sub(g.dug) > graveAge {
			delete(r.graves, id)
		}
	}
	for _, c := range r.clients {
		if c.ephemeral && now.Sub(c.verified) > copyAge && !r.Responsible(c.id) {
			r.bury(c, now)
		}
	}
	var commands []Command
	for key, s := range r.services {
		if len(s.publishers) > 0 || now.Sub(s.touched) < EmptyServiceAge {
			continue
		}
		if metadata := r.metadata(key); metadata != nil {
			commands = append(commands, Command{Kind: DropService, Service: key, ServiceMetadata: metadata})
		} else {
			delete(r.services, key)
		}
	}
	for key, covers := range r.instanceMetadata {
		for id, cover := range covers {
			if s := r.services[key]; s == nil || now.Sub(s.touched) >= EmptyServiceAge && !s.publishes(id) {
				commands = append(commands, Command{Kind: DropInstanceMetadata, Service: key, MetadataID: id, InstanceMetadata: &cover})
			}
		}
	}
	slices.SortFunc(commands, compareCommands)
	return commands
}

// publishes says whether the service has the instance that operator metadata are about.
func (s *service) publishes(metadataID string) bool {
	for _, c := range s.publishers {
		if c.published[s.key].metadataID() == metadataID {
			return true
		}
	}
	return false
}

func compareCommands(a, b Command) int {
	if c := less(a.Service, b.Service); c != 0 {
		return c
	}
	if a.MetadataID < b.MetadataID {
		return -1
	}
	if a.MetadataID > b.MetadataID {
		return 1
	}
	return 0
}

func compareInstances(a, b ServicePublished) int {
	if c := less(a.Service, b.Service); c != 0 {
		return c
	}
	ta, tb := Tag(a.IP, a.Port), Tag(b.IP, b.Port)
	switch {
	case ta < tb:
		return -1
	case ta > tb:
		return 1
	}
	return 0
}
