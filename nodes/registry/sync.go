package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"muster/model"
)

// ClientData is what one node tells another of an ephemeral client (Nacos: ClientSyncData, which is also its JSON form).
type ClientData struct {
	ID string
	// Revision is equal where the content is; it is never 0.
	Revision int64
	// Silent is for how long the sender has not heard of the client, from whichever node.
	Silent time.Duration
	// Published is what the client publishes, in the order of services; the instances of a batch follow each other.
	Published []ServicePublished
}

// ServicePublished is an instance with the service that it belongs to.
type ServicePublished struct {
	Service model.Service
	Published
}

// ErrStale refuses news of a client that this node has heard from more recently than the sender. The sender must not send the
// same news again; the client's true state is on its way to it (see OnClientChange).
var ErrStale = errors.New("this node has heard from the client more recently than the sender")

// Snapshot returns what is to be told of a client now; false if there is no such client, or it has never published anything.
func (r *Registry) Snapshot(clientID string) (ClientData, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	c := r.clients[clientID]
	if c == nil || c.revision == 0 && (c.connection != nil || c.socket != nil) {
		return ClientData{}, false
	}
	data := ClientData{ID: c.id, Revision: c.revision, Silent: time.Since(c.lastHeard())}
	for _, p := range c.published {
		for i := range p.count() {
			if s := r.services[*p.service]; s != nil && s.outlived(c, p.at(i)) {
				continue
			}
			data.Published = append(data.Published, ServicePublished{Service: *p.service, Published: *p.at(i)})
		}
	}
	return data, true
}

// Revision returns a client's revision; false if there is no such client.
func (r *Registry) Revision(clientID string) (int64, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	c := r.clients[clientID]
	if c == nil {
		return 0, false
	}
	return c.revision, true
}

// Silent says for how long nobody has heard from a client, as far as this node knows. It goes along with the news that the client
// is gone, so it knows clients for some minutes after they were removed. One that it does not know has been silent forever.
func (r *Registry) Silent(clientID string) time.Duration {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c := r.clients[clientID]; c != nil {
		return time.Since(c.lastHeard())
	}
	if g, buried := r.graves[clientID]; buried {
		return time.Since(g.heard)
	}
	return math.MaxInt64
}

// EphemeralClients lists the ephemeral clients that this node knows, its own and its peers', in order: what a Distro snapshot
// holds.
func (r *Registry) EphemeralClients() []string {
	return r.clientIDs(func(c *client) bool { return c.ephemeral })
}

// ResponsibleClients lists the ephemeral clients that this node answers for, in order: what a Distro verification holds.
func (r *Registry) ResponsibleClients() []string {
	return r.clientIDs(func(c *client) bool { return c.ephemeral && r.answersFor(c) && c.revision != 0 })
}

// tolerance is how much later than its peer a node may believe to have heard from a client through others: messages take time.
const tolerance = 2 * time.Second

// knowsBetter says whether a node that heard from a client at these times has later news of it than a peer that heard from it at
// theirs.
func knowsBetter(heard, heardHere, theirs time.Time) bool {
	return heardHere.After(theirs) || heard.Add(-tolerance).After(theirs)
}

// ApplySync replaces what this node knows of a client by what a peer tells. It returns ErrStale if the client was heard from
// after the peer last did; then it also reports the client as changed, so that the peer learns better.
func (r *Registry) ApplySync(data ClientData) error {
	if !isEphemeralID(data.ID) {
		return fmt.Errorf("client %q is persistent: Distro carries ephemeral clients only", data.ID)
	}
	now := time.Now()
	theirs := now.Add(-max(data.Silent, 0))
	r.mu.Lock()
	c := r.clients[data.ID]
	if c != nil && c.knownBetter(theirs) {
		differs := c.revision != data.Revision
		r.mu.Unlock()
		if differs {
			r.report(data.ID, false)
		}
		return ErrStale
	}
	if g, buried := r.graves[data.ID]; c == nil && buried && knowsBetter(g.heard, g.heardHere, theirs) {
		r.mu.Unlock()
		r.report(data.ID, true)
		return ErrStale
	}
	if c == nil {
		c = r.newClient(data.ID)
	}
	r.replace(c, data.Published, theirs)
	c.heard, c.revision = theirs, data.Revision
	r.vouched(c, now, theirs)
	r.mu.Unlock()
	return nil
}

// replace makes a client publish what is listed and nothing else.
func (r *Registry) replace(c *client, list []ServicePublished, heard time.Time) {
	listed := make(map[model.Service]bool, len(list))
	for first, next := 0, 0; first < len(list); first = next {
		key := list[first].Service
		var instances []Published
		for next = first; next < len(list) && list[next].Service == key; next++ {
			instances = append(instances, list[next].Published)
		}
		if s, known := r.services[key]; known && !s.ephemeral && len(s.publishers) > 0 && !r.options.Profile.mixes() {
			continue // the service was taken by persistent instances meanwhile
		}
		listed[key] = true
		if old := c.published.of(key); old == nil || !old.publishes(instances) {
			r.publish(c, key, instances, heard)
		}
	}
	for _, key := range c.published.services() {
		if !listed[key] {
			r.unpublish(c, key)
		}
	}
}

// knownBetter says whether this node has later news of a client than a peer that heard from it at theirs.
func (c *client) knownBetter(theirs time.Time) bool {
	return c.connection != nil || knowsBetter(c.heard, c.heardHere, theirs)
}

// RemoveSynced forgets a client that a peer removed, having not heard from it for so long (the peer's Silent). It returns
// ErrStale if the client was heard from since, and then also reports the client as changed. A client that is not known is gone
// already.
func (r *Registry) RemoveSynced(clientID string, silent time.Duration) error {
	theirs := time.Now().Add(-max(silent, 0))
	r.mu.Lock()
	c := r.clients[clientID]
	if c == nil || !c.ephemeral {
		r.mu.Unlock()
		return nil
	}
	if c.knownBetter(theirs) {
		r.mu.Unlock()
		r.report(clientID, false)
		return ErrStale
	}
	c.heard = theirs
	r.bury(c)
	r.mu.Unlock()
	return nil
}

// bury removes a client with all that it published, and says whether it is gone: one that still subscribes stays, empty.
func (r *Registry) bury(c *client) bool {
	for _, key := range c.published.services() {
		r.unpublish(c, key)
	}
	if c.socket != nil {
		c.revision = c.contentRevision()
		return false
	}
	delete(r.clients, c.id)
	r.graves[c.id] = grave{heard: c.heard, heardHere: c.heardHere, dug: time.Now()}
	r.kept += graveSize + int64(len(c.id))
	return true
}

// Renew is a peer's verification: it reports whether this node knows the client in the same revision, and if so takes it as a
// sign of life. After false the peer sends the whole client. Revision 0 matches any.
func (r *Registry) Renew(clientID string, revision int64, silent time.Duration) bool {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.clients[clientID]
	if c == nil || !c.ephemeral || revision != 0 && c.revision != revision {
		return false
	}
	if theirs := now.Add(-max(silent, 0)); theirs.After(c.heard) {
		c.heard = theirs
	}
	r.vouched(c, now, c.heard)
	return true
}

// DropUnlisted removes the copies of clients that a peer is responsible for (in this node's view) but does not have: listed are those
// that it mentioned, of all whose ids are covered. Nacos lacks this, so that a copy whose removal was lost stays for three minutes.
// Copies that were synchronised or verified within grace, or that this node itself heard from within it, stay; 15 s covers a change of
// responsibility. It returns the ids that it removed.
func (r *Registry) DropUnlisted(peer string, listed map[string]bool, covered func(clientID string) bool, grace time.Duration) []string {
	now := time.Now()
	return r.buryAll(func(c *client) bool {
		return c.ephemeral && !isConnectionID(c.id) && c.socket == nil && covered(c.id) && !listed[c.id] &&
			now.Sub(c.verified) > grace && now.Sub(c.heardHere) > grace &&
			r.options.Owner != nil && r.options.Owner(r.options.Profile.tagOf(c.id)) == peer
	})
}

// syncJSON is ClientSyncData as Nacos's Jackson writes it. Two things differ: the attribute silentMillis, and an instance's id,
// weight and enabled stand beside extendDatum, not in it, where a client's metadata of the same names would take their place.
type syncJSON struct {
	ClientID   string `json:"clientId"`
	Attributes struct {
		ClientAttributes struct {
			Revision     int64 `json:"revision"`
			SilentMillis int64 `json:"silentMillis"`
		} `json:"clientAttributes"`
	} `json:"attributes"`
	Namespaces []string      `json:"namespaces"`
	Groups     []string      `json:"groupNames"`
	Names      []string      `json:"serviceNames"`
	Instances  []publishJSON `json:"instancePublishInfos"`
}

// mostMillis is what a time.Duration can hold. A silence beyond it would read as none at all.
const mostMillis = math.MaxInt64 / int64(time.Millisecond)

type publishJSON struct {
	IP         string            `json:"ip"`
	Port       int               `json:"port"`
	Healthy    bool              `json:"healthy"`
	Cluster    string            `json:"cluster"`
	Weight     float64           `json:"weight"`
	Enabled    bool              `json:"enabled"`
	InstanceID string            `json:"instanceId,omitempty"`
	App        string            `json:"app,omitempty"`
	Metadata   map[string]string `json:"extendDatum"`
}

// MarshalJSON writes Nacos's form.
func (d ClientData) MarshalJSON() ([]byte, error) {
	var out syncJSON
	out.ClientID = d.ID
	out.Attributes.ClientAttributes.Revision = d.Revision
	out.Attributes.ClientAttributes.SilentMillis = d.Silent.Milliseconds()
	for _, p := range d.Published {
		out.Namespaces = append(out.Namespaces, p.Service.Namespace)
		out.Groups = append(out.Groups, p.Service.Group)
		out.Names = append(out.Names, p.Service.Name)
		out.Instances = append(out.Instances, publishJSON{IP: p.IP, Port: p.Port, Healthy: p.Healthy, Cluster: p.Cluster,
			Weight: p.Weight, Enabled: p.Enabled, InstanceID: p.InstanceID, App: p.App, Metadata: p.Metadata})
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads Nacos's form.
func (d *ClientData) UnmarshalJSON(text []byte) error {
	var in syncJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("client data: %w", err)
	}
	n := len(in.Instances)
	if len(in.Namespaces) != n || len(in.Groups) != n || len(in.Names) != n {
		return fmt.Errorf("client data of %q: %d namespaces, %d groups, %d names for %d instances: want as many of each",
			in.ClientID, len(in.Namespaces), len(in.Groups), len(in.Names), n)
	}
	attributes := in.Attributes.ClientAttributes
	if attributes.SilentMillis < 0 || attributes.SilentMillis > mostMillis {
		return fmt.Errorf("client data of %q: silentMillis is %d: want 0 to %d", in.ClientID, attributes.SilentMillis, mostMillis)
	}
	*d = ClientData{ID: in.ClientID, Revision: attributes.Revision, Silent: time.Duration(attributes.SilentMillis) * time.Millisecond}
	for i, p := range in.Instances {
		d.Published = append(d.Published, ServicePublished{
			Service: model.Service{Namespace: in.Namespaces[i], Group: in.Groups[i], Name: in.Names[i]},
			Published: Published{IP: p.IP, Port: p.Port, Cluster: p.Cluster, Healthy: p.Healthy, Weight: p.Weight, Enabled: p.Enabled,
				InstanceID: p.InstanceID, App: p.App, Metadata: p.Metadata},
		})
	}
	return nil
}
