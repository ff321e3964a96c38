package registry

import (
	"slices"
	"time"

	"muster/model"
)

// publication is what a client publishes in a service, with what only the responsible node needs.
type publication struct {
	Published
	// service is the key of the service: that of the service itself, so that it is held once.
	service *model.Service
	// more are the further instances of a batch.
	more []Published
	// beat is when the instance last gave a sign of life (Nacos: lastHeartBeatTime).
	beat time.Time
	// digest is that of its content, as it is part of the client's; see client.put.
	digest digest
}

// count is how many instances there are; at returns one of them.
func (p *publication) count() int { return 1 + len(p.more) }

func (p *publication) at(i int) *Published {
	if i == 0 {
		return &p.Published
	}
	return &p.more[i-1]
}

// publishes compares with everything that a client published.
func (p *publication) publishes(instances []Published) bool {
	return p.count() == len(instances) && p.equal(instances[0]) && slices.EqualFunc(p.more, instances[1:], Published.equal)
}

// place is what tells one instance of a service from the others.
type place struct {
	ip, cluster string
	port        int
}

func (p *Published) place() place { return place{p.IP, p.Cluster, p.Port} }

// places are the instances of a publication. Most have one, for which nothing is made.
type places struct {
	one  *publication
	many map[place]bool
}

// places of a publication, or of nil, which has none.
func (p *publication) places() places {
	if p == nil || len(p.more) == 0 {
		return places{one: p}
	}
	many := make(map[place]bool, p.count())
	for i := range p.count() {
		many[p.at(i).place()] = true
	}
	return places{many: many}
}

// has says whether an instance is among them.
func (l places) has(q *Published) bool {
	if l.many != nil {
		return l.many[q.place()]
	}
	return l.one != nil && l.one.place() == q.place()
}

// publications are what a client publishes, in the order of services. There are as many of them as instances: most clients publish one,
// for which a list takes a tenth of a map's memory.
type publications []*publication

// find is the place of a service's, or where it would be.
func (l publications) find(key model.Service) (int, bool) {
	return slices.BinarySearchFunc(l, key, func(p *publication, key model.Service) int { return compareServices(*p.service, key) })
}

// of is what is published in a service, nil if nothing.
func (l publications) of(key model.Service) *publication {
	if at, found := l.find(key); found {
		return l[at]
	}
	return nil
}

// put has a client publish something, in place of what it published in that service before.
func (c *client) put(p *publication) {
	if old := c.published.of(*p.service); old != nil {
		c.content -= old.digest
	}
	p.digest = p.content()
	c.content += p.digest
	c.published.put(p)
}

// drop has a client publish nothing in a service.
func (c *client) drop(key model.Service) {
	if old := c.published.of(key); old != nil {
		c.content -= old.digest
	}
	c.published.drop(key)
}

// put adds a publication, in place of what was published in the service before.
func (l *publications) put(p *publication) {
	at, found := l.find(*p.service)
	if found {
		(*l)[at] = p
		return
	}
	grown := *l
	if len(grown) == 0 {
		grown = make(publications, 0, 1)
	}
	*l = slices.Insert(grown, at, p)
}

// drop removes what is published in a service.
func (l *publications) drop(key model.Service) {
	if at, found := l.find(key); found {
		*l = slices.Delete(*l, at, at+1)
	}
}

// services are those that are published in, in order.
func (l publications) services() []model.Service {
	keys := make([]model.Service, len(l))
	for i, p := range l {
		keys[i] = *p.service
	}
	return keys
}
