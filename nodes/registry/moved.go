package registry

import (
	"time"

	"muster/model"
)

// A client of a node that died connects to another node and registers there what it had. Peers then have two publications of one
// instance: that of the new connection, and the copy of the old one, of which nobody can say any more that it has ended. Nacos shows both
// for three minutes, also when the client has long changed or deregistered its instance (alibaba/nacos#11602). Here the copy is not
// shown: an instance that has moved to a new connection stays moved, until the node of the old one vouches for it again, as it does every
// few seconds if it lives.

// move says which connection last began to publish an instance, and when this node learned of it.
type move struct {
	to string
	at time.Time
}

// noteMoves notes which instances a connection begins to publish.
func (r *Registry) noteMoves(s *service, c *client, p *publication, old *publication) {
	if !isConnectionID(c.id) {
		return
	}
	had := old.places()
	for i := range p.count() {
		if had.has(p.at(i)) {
			continue
		}
		if s.moved == nil {
			s.moved = map[string]move{}
		}
		id := p.at(i).metadataID()
		if _, known := s.moved[id]; !known {
			r.take(s, moveSize+int64(len(id)))
		}
		s.moved[id] = move{to: c.id, at: time.Now()}
	}
}

// outlived says whether an instance that a client publishes has moved to another connection since anybody vouched for this one.
func (s *service) outlived(c *client, p *Published) bool {
	if len(s.moved) == 0 || c.connection != nil || !isConnectionID(c.id) {
		return false
	}
	moved, ever := s.moved[p.metadataID()]
	return ever && moved.to != c.id && c.verified.Before(moved.at)
}

// outlives says whether any instance that a client publishes in a service is not shown for that reason.
func (r *Registry) outlives(c *client, key model.Service) bool {
	s := r.services[key]
	if s == nil {
		return false
	}
	for i := range c.published.of(key).count() {
		if s.outlived(c, c.published.of(key).at(i)) {
			return true
		}
	}
	return false
}

// vouched notes that a client's node, or a peer that has heard of it, says that it lives: what was taken for outlived is shown again.
func (r *Registry) vouched(c *client, now, beat time.Time) {
	var shown []*service
	for _, key := range c.published.services() {
		if r.outlives(c, key) {
			shown = append(shown, r.services[key])
		}
	}
	c.renew(now, beat)
	for _, s := range shown {
		r.changed(s)
	}
}

// forgetMoves drops moves that can matter to no copy any more.
func (r *Registry) forgetMoves(s *service, now time.Time) {
	for id, moved := range s.moved {
		if now.Sub(moved.at) > copyAge {
			delete(s.moved, id)
			r.take(s, -moveSize-int64(len(id)))
		}
	}
}
