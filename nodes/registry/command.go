package registry

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"muster/model"
)

// CommandKind names a change of the replicated state.
type CommandKind string

// The kinds of commands. Nacos keeps them in several Raft groups (naming_persistent_service_v2, naming_instance_metadata,
// naming_service_metadata, naming_persistent_service); here one group decides the order of all.
const (
	// RegisterPersistent {Service, Instance} takes a persistent instance on, in place of what the address published before.
	RegisterPersistent CommandKind = "register"
	// DeregisterPersistent {Service, Instance: IP, Port, Cluster, MakesService} takes it off; no error if it is not there. With MakesService a
	// service that nobody knows comes to be by it, empty, as in Nacos 2.x by a deregistration over gRPC.
	DeregisterPersistent CommandKind = "deregister"
	// SetHealth {Service, Instance: IP, Port, Cluster, Healthy} notes a persistent instance's health; no error if it is not there.
	SetHealth CommandKind = "health"
	// SetInstanceMetadata {Service, MetadataID, InstanceMetadata} lays an operator's metadata over an instance, there or not.
	SetInstanceMetadata CommandKind = "instance-metadata"
	// DropInstanceMetadata {Service, MetadataID, InstanceMetadata} takes them off, if they are still the same.
	DropInstanceMetadata CommandKind = "instance-metadata-drop"
	// CreateService {Service, ServiceMetadata} makes a persistent service; ErrServiceExists if an operator made it before.
	CreateService CommandKind = "service-create"
	// UpdateService {Service, ServiceMetadata} replaces all but its clusters.
	UpdateService CommandKind = "service-update"
	// DeleteService {Service} forgets it and its metadata; ErrServiceNotEmpty if persistent instances are registered. In Nacos 1.x they
	// go with it.
	DeleteService CommandKind = "service-delete"
	// DropService {Service, ServiceMetadata} forgets an empty service if its metadata are still the same; otherwise it does
	// nothing.
	DropService CommandKind = "service-drop"
	// SetCluster {Service, ServiceMetadata: Clusters} sets the named clusters' settings.
	SetCluster CommandKind = "cluster"
	// SetSwitches {Switches} replaces the switches.
	SetSwitches CommandKind = "switches"
)

// Command is one change of the replicated state, as Raft's log holds it. Its JSON form is the log's format: fields may be added,
// never renamed.
type Command struct {
	Kind             CommandKind       `json:"kind"`
	Service          model.Service     `json:"service,omitzero"`
	Instance         *Published        `json:"instance,omitempty"`
	MetadataID       string            `json:"metadata_id,omitempty"`
	InstanceMetadata *InstanceMetadata `json:"instance_metadata,omitempty"`
	ServiceMetadata  *ServiceMetadata  `json:"service_metadata,omitempty"`
	Switches         *Switches         `json:"switches,omitempty"`
	Namespace        *Namespace        `json:"namespace,omitempty"`
	// MakesService is said of DeregisterPersistent alone.
	MakesService bool `json:"makes_service,omitempty"`
}

// Encode writes the command as the log holds it. It refuses numbers that JSON has no words for.
func (c Command) Encode() ([]byte, error) {
	if c.Instance != nil {
		if err := checkWeights(*c.Instance); err != nil {
			return nil, fmt.Errorf("command %s of %s: %w", c.Kind, c.Service, err)
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("command %s of %s: %w", c.Kind, c.Service, err)
	}
	return text, nil
}

// Refusals of commands. They are decided by the replicated state alone, so every node decides alike.
var (
	ErrServiceExists   = errors.New("the service exists already")
	ErrServiceNotEmpty = errors.New("the service has persistent instances")
)

// ApplyCommand applies one entry of Raft's log. It depends on nothing but the commands before it, not on time or ephemeral state,
// as far as replicated state and the answer go. The answer is nil, or an error: the command was refused and changed nothing.
func (r *Registry) ApplyCommand(text []byte) any {
	c, ok := scanCommand(text)
	if !ok {
		c = Command{}
		if err := json.Unmarshal(text, &c); err != nil {
			return fmt.Errorf("raft command: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.apply(c); err != nil {
		return err
	}
	return nil
}

func (r *Registry) apply(c Command) error {
	missing := func(field string) error { return fmt.Errorf("raft command %s of %s: no %s", c.Kind, c.Service, field) }
	switch c.Kind {
	case RegisterPersistent, DeregisterPersistent, SetHealth:
		if c.Instance == nil {
			return missing("instance")
		}
		r.applyInstance(c)
	case SetInstanceMetadata, DropInstanceMetadata:
		if c.InstanceMetadata == nil {
			return missing("instance_metadata")
		}
		r.applyInstanceMetadata(c)
	case CreateService, UpdateService, SetCluster:
		if c.ServiceMetadata == nil {
			return missing("service_metadata")
		}
		return r.applyService(c.Kind, c.Service, *c.ServiceMetadata)
	case DeleteService:
		return r.deleteService(c.Service)
	case DropService:
		if c.ServiceMetadata == nil {
			return missing("service_metadata")
		}
		if old, exists := r.serviceMetadata[c.Service]; exists && old.equal(*c.ServiceMetadata) && r.deleteService(c.Service) != nil {
			return nil // persistent instances came meanwhile
		}
	case SetSwitches:
		if c.Switches == nil {
			return missing("switches")
		}
		r.setSwitches(*c.Switches)
	case CreateNamespace, UpdateNamespace, DeleteNamespace:
		if c.Namespace == nil {
			return missing("namespace")
		}
		return r.applyNamespace(c.Kind, *c.Namespace)
	default:
		return fmt.Errorf("raft command kind %q: unknown to this build", c.Kind)
	}
	return nil
}

func (r *Registry) applyInstance(command Command) {
	key, instance := command.Service, *command.Instance
	id := r.InstanceClient(key, instance.IP, instance.Port, instance.Cluster, false)
	c := r.clients[id]
	if command.Kind == RegisterPersistent {
		if c == nil {
			c = r.newClient(id)
			for _, tell := range r.onPersistentClient {
				tell(id)
			}
		}
		r.publish(c, key, []Published{instance}, time.Now())
		return
	}
	if command.MakesService && r.services[key] == nil && !r.options.Profile.mixes() {
		r.singleton(key, false)
	}
	if c == nil || c.published.of(key) == nil {
		return
	}
	if command.Kind == SetHealth {
		r.setHealth(c, key, instance.Healthy)
		return
	}
	r.unpublish(c, key)
	if len(c.published) == 0 {
		delete(r.clients, id)
	}
}

func (r *Registry) applyInstanceMetadata(c Command) {
	covers := r.instanceMetadata[c.Service]
	if c.Kind == SetInstanceMetadata {
		if covers == nil {
			covers = map[string]InstanceMetadata{}
			r.instanceMetadata[c.Service] = covers
		}
		covers[c.MetadataID] = *c.InstanceMetadata
	} else if old, set := covers[c.MetadataID]; set && old.equal(*c.InstanceMetadata) {
		delete(covers, c.MetadataID)
		if len(covers) == 0 {
			delete(r.instanceMetadata, c.Service)
		}
	}
	if s := r.services[c.Service]; s != nil {
		r.changed(s)
	}
}

func (r *Registry) applyService(kind CommandKind, key model.Service, metadata ServiceMetadata) error {
	old, exists := r.serviceMetadata[key]
	switch kind {
	case CreateService:
		if exists {
			return ErrServiceExists
		}
	case UpdateService:
		metadata.Clusters = old.Clusters
	case SetCluster:
		if !exists {
			old = NewServiceMetadata(metadata.Ephemeral)
		}
		changed := old.clone()
		for name, cluster := range metadata.Clusters {
			changed.Clusters[name] = cluster
		}
		metadata = changed
	}
	r.serviceMetadata[key] = metadata
	r.singleton(key, metadata.Ephemeral).touched = time.Now()
	return nil
}

func (r *Registry) deleteService(key model.Service) error {
	if r.options.Profile.mixes() {
		r.buryService(key)
	}
	s := r.services[key]
	if s != nil {
		for _, c := range s.publishers {
			if !c.ephemeral {
				return ErrServiceNotEmpty
			}
		}
	}
	delete(r.serviceMetadata, key)
	delete(r.instanceMetadata, key)
	if s != nil {
		if len(s.publishers) > 0 { // ephemeral instances came meanwhile, at whichever node
			r.changed(s)
		} else {
			r.dropService(s)
		}
	}
	if a := r.awaited[key]; a != nil && r.options.Profile.mixes() {
		a.timer.Stop() // nobody is told of a deletion
		delete(r.awaited, key)
	}
	return nil
}

// buryService removes the instances of a service that is deleted. For ephemeral ones it is as if they had deregistered: news of them
// from before are stale.
func (r *Registry) buryService(key model.Service) {
	s := r.services[key]
	if s == nil {
		return
	}
	now := time.Now()
	for _, c := range s.publishers {
		if c.ephemeral {
			c.heard, c.heardHere = now, now
			r.bury(c)
		} else {
			r.unpublish(c, key)
			delete(r.clients, c.id)
		}
	}
}

// compareInstances orders the instances of snapshots.
func compareInstances(a, b ServicePublished) int {
	return cmp.Or(compareServices(a.Service, b.Service), strings.Compare(Tag(a.IP, a.Port), Tag(b.IP, b.Port)), strings.Compare(a.Cluster, b.Cluster))
}

// persistentState is the replicated state in the form of Raft snapshots.
type persistentState struct {
	Format    int                `json:"format"`
	Instances []ServicePublished `json:"instances"`
	// Services and Covers are lists, in order: equal states are equal bytes.
	Services []serviceState `json:"services"`
	Covers   []coverState   `json:"instance_metadata"`
	Switches Switches       `json:"switches"`
	// Namespaces came later: older snapshots have none.
	Namespaces []Namespace `json:"namespaces,omitempty"`
}

type serviceState struct {
	Service  model.Service   `json:"service"`
	Metadata ServiceMetadata `json:"metadata"`
}

type coverState struct {
	Service model.Service               `json:"service"`
	Covers  map[string]InstanceMetadata `json:"instances"`
}

const persistentFormat = 1

// SnapshotPersistent writes the replicated state. Nodes that applied the same commands write the same bytes.
func (r *Registry) SnapshotPersistent() ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	state := persistentState{Format: persistentFormat, Switches: r.switches, Namespaces: r.sortedNamespaces()}
	for _, c := range r.clients {
		if c.ephemeral {
			continue
		}
		for _, p := range c.published {
			state.Instances = append(state.Instances, ServicePublished{Service: *p.service, Published: p.Published})
		}
	}
	slices.SortFunc(state.Instances, compareInstances)
	for key, metadata := range r.serviceMetadata {
		state.Services = append(state.Services, serviceState{key, metadata})
	}
	slices.SortFunc(state.Services, func(a, b serviceState) int { return compareServices(a.Service, b.Service) })
	for key, covers := range r.instanceMetadata {
		state.Covers = append(state.Covers, coverState{key, covers})
	}
	slices.SortFunc(state.Covers, func(a, b coverState) int { return compareServices(a.Service, b.Service) })
	text, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("snapshot of the persistent services: %w", err)
	}
	r.replicated.Store(int64(len(text)))
	return text, nil
}

// RestorePersistent puts a snapshot in the place of all replicated state. Ephemeral instances stay.
func (r *Registry) RestorePersistent(from io.Reader) error {
	var state persistentState
	decoder := json.NewDecoder(from)
	if err := decoder.Decode(&state); err != nil {
		return fmt.Errorf("snapshot of the persistent services: %w", err)
	}
	if state.Format != persistentFormat {
		return fmt.Errorf("snapshot of the persistent services: format %d: this build reads format %d", state.Format, persistentFormat)
	}
	r.replicated.Store(decoder.InputOffset())
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, c := range r.clients {
		if c.ephemeral {
			continue
		}
		for _, key := range c.published.services() {
			r.unpublish(c, key)
		}
		delete(r.clients, id)
	}
	for key := range r.serviceMetadata {
		if s := r.services[key]; s != nil && len(s.publishers) == 0 {
			r.dropService(s)
		}
	}
	r.serviceMetadata = make(map[model.Service]ServiceMetadata, len(state.Services))
	r.instanceMetadata = make(map[model.Service]map[string]InstanceMetadata, len(state.Covers))
	r.setSwitches(state.Switches)
	r.namespaces = make(map[string]Namespace, len(state.Namespaces))
	for _, n := range state.Namespaces {
		r.namespaces[n.ID] = n
	}
	for _, s := range state.Services {
		r.serviceMetadata[s.Service] = s.Metadata
		r.singleton(s.Service, s.Metadata.Ephemeral)
	}
	for _, c := range state.Covers {
		r.instanceMetadata[c.Service] = c.Covers
		if s := r.services[c.Service]; s != nil {
			r.changed(s)
		}
	}
	for _, p := range state.Instances {
		r.applyInstance(Command{Kind: RegisterPersistent, Service: p.Service, Instance: &p.Published})
	}
	return nil
}
