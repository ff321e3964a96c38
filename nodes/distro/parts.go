package distro

import (
	"sync"

	"muster/nodes/registry"
)

// room is about how many bytes a message's clients take. JSON can make six of one, and rpc.MaxMessage must hold them.
const room = 1 << 20

// sizeOf is about how many bytes of JSON tell an instance, or a client with all that it publishes.
func sizeOf(p registry.ServicePublished) int {
	size := 256 + len(p.Service.Namespace) + len(p.Service.Group) + len(p.Service.Name) + len(p.IP) + len(p.Cluster) + len(p.InstanceID) + len(p.App)
	for name, value := range p.Metadata {
		size += len(name) + len(value) + len(`"":"",`)
	}
	return size
}

func sizeOfClient(data registry.ClientData) int {
	size := 128 + len(data.ID)
	for _, p := range data.Published {
		size += sizeOf(p)
	}
	return size
}

// sizeOfMention is about how many bytes of JSON mention a client, or a list.
func sizeOfMention(name string) int { return 96 + len(name) }

// mentionable is how many of some clients, or lists, one message mentions.
func mentionable(names []string) (count int) {
	for size := 0; count < min(mentions, len(names)); count++ {
		if size += sizeOfMention(names[count]); size > room && count > 0 {
			break
		}
	}
	return count
}

// part cuts a client that no message has room for: it returns its number-th part, from 0, and whether others follow. A part that there is
// not, whatever its number, is empty.
func part(data registry.ClientData, number int) (piece registry.ClientData, more bool) {
	all := data.Published
	for at := 0; ; at++ {
		count, size := 0, 0
		for count < len(all) && (count == 0 || size+sizeOf(all[count]) <= room) {
			size += sizeOf(all[count])
			count++
		}
		if at == number || len(all) == 0 {
			data.Published = all[:count]
			return data, count < len(all)
		}
		all = all[count:]
	}
}

// assembly puts clients together that peers tell in parts. A peer tells one after another, so there is one unfinished client of each.
type assembly struct {
	mu         sync.Mutex
	unfinished map[string]*partial
}

// partial is what has come of a client.
type partial struct {
	data  registry.ClientData
	parts int
}

// add takes a part from a peer and returns the client once it is whole. Parts that do not follow each other, as those of a client that has
// changed meanwhile, are no client.
func (a *assembly) add(peer string, piece registry.ClientData, number int, more bool) (whole registry.ClientData, complete bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.unfinished[peer]
	delete(a.unfinished, peer)
	switch {
	case number == 0:
		p = &partial{data: piece}
	case p == nil || p.parts != number || p.data.ID != piece.ID || p.data.Revision != piece.Revision:
		return registry.ClientData{}, false
	default:
		p.data.Published = append(p.data.Published, piece.Published...)
		p.data.Silent = piece.Silent
	}
	if !more {
		return p.data, true
	}
	p.parts++
	if a.unfinished == nil {
		a.unfinished = map[string]*partial{}
	}
	a.unfinished[peer] = p
	return registry.ClientData{}, false
}

// forget drops what a peer has begun to tell, who is no peer any more.
func (a *assembly) forget(peer string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.unfinished, peer)
}

// awaits says whether a peer has begun a client and not ended it.
func (a *assembly) awaits(peer string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.unfinished[peer] != nil
}
