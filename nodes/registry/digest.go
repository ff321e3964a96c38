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
	d = d.text(p.IP).number(uint64(p.Port)).text(p.Cluster).text(p.InstanceID)
	d = d.flag(p.Healthy).flag(p.Enabled).number(math.Float64bits(p.Weight)).text(p.App)
	d = d.number(uint64(len(p.Metadata)))
	if len(p.Metadata) == 0 {
		return d
	}
	for _, name := range slices.Sorted(maps.Keys(p.Metadata)) {
		d = d.text(name).text(p.Metadata[name])
	}
	return d
}

// mixed spreads a digest over all its bits, so that a sum of digests tells its parts (the end of MurmurHash3, 64 bits).
func (d digest) mixed() digest {
	d = (d ^ d>>33) * 0xff51afd7ed558ccd
	d = (d ^ d>>33) * 0xc4ceb9fe1a85ec53
	return d ^ d>>33
}

// content is the digest of all instances that a client publishes in a service.
func (p *publication) content() digest {
	d := digestStart.text(p.service.Namespace).text(p.service.Group).text(p.service.Name)
	for i := range p.count() {
		d = d.content(p.at(i))
	}
	return d.mixed()
}

// contentRevision is a hash of everything that the client publishes, health included: a copy whose health is wrong is found by
// verification. (Nacos: DistroUtils.hash, without health.) It is kept up to date by put and drop, so that who publishes in many services can
// change one at little cost.
func (c *client) contentRevision() int64 {
	return int64(digestStart.text(c.id).number(uint64(c.content)) | 1)
}
