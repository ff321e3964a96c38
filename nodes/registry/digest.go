package registry

import (
	"maps"
	"math"
	"slices"
)

// digest is a hash that grows (FNV-1a, 64 bits): the same on every computer for the same parts, unlike package maphash's. It is written
// out here since it is made of every instance that is registered.
type digest uint64

const (
	digestStart digest = 14695981039346656037
	digestPrime digest = 1099511628211
)

// text adds a text. Its length goes first, so that no two lists of texts are the same bytes.
func (d digest) text(text string) digest {
	d = d.number(uint64(len(text)))
	for i := range len(text) {
		d = (d ^ digest(text[i])) * digestPrime
	}
	return d
}

// number adds a number, eight bytes at once.
func (d digest) number(n uint64) digest {
	d = (d ^ digest(n)) * digestPrime
	return d ^ d>>32
}

// flag adds a boolean.
func (d digest) flag(set bool) digest {
	if set {
		return d.number(1)
	}
	return d.number(0)
}

// content adds everything that a client published.
func (d digest) content(p *Published) digest {
	d = d.text(p.IP).number(uint64(p.Port)).text(p.Cluster).text(p.InstanceID).flag(p.Healthy).flag(p.Enabled).number(math.Float64bits(p.Weight)).text(p.App)
	d = d.number(uint64(len(p.Metadata)))
	if len(p.Metadata) == 0 {
		return d
	}
	for _, name := range slices.Sorted(maps.Keys(p.Metadata)) {
		d = d.text(name).text(p.Metadata[name])
	}
	return d
}

// content is the digest of all instances that a client publishes in a service.
func (p *publication) content() digest {
	if p.digest == 0 {
		d := digestStart.text(p.service.Namespace).text(p.service.Group).text(p.service.Name)
		for i := range p.count() {
			d = d.content(p.at(i))
		}
		p.digest = max(d, 1)
	}
	return p.digest
}

// contentRevision is a hash of everything that the client publishes, health included: a copy whose health is wrong is found by
// verification. (Nacos: DistroUtils.hash, without health.) What it publishes in one service is hashed once, so that who publishes in many
// can change one at little cost.
func (c *client) contentRevision() int64 {
	d := digestStart.text(c.id)
	for _, p := range c.published {
		d = d.number(uint64(p.content()))
	}
	return int64(d | 1)
}
