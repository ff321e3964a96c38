package registry

import (
	"cmp"
	"errors"
	"slices"
)

// Namespace is one that an operator made. Services live in any namespace, made or not; making one only gives it a name (Nacos:
// core/namespace, where it is a row of the table tenant_info).
type Namespace struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Description is nil where none was given.
	Description *string `json:"description,omitempty"`
}

// The commands about namespaces, each with {Namespace}.
const (
	// CreateNamespace makes one; ErrNamespaceExists if there is one of its id.
	CreateNamespace CommandKind = "namespace-create"
	// UpdateNamespace gives one another name and description; it does nothing if there is none.
	UpdateNamespace CommandKind = "namespace-update"
	// DeleteNamespace forgets one. The services in it stay.
	DeleteNamespace CommandKind = "namespace-delete"
)

// ErrNamespaceExists refuses to make a namespace again.
var ErrNamespaceExists = errors.New("the namespace exists already")

// Namespace returns one by its id; false if nobody made it.
func (r *Registry) Namespace(id string) (Namespace, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n, made := r.namespaces[id]
	return n, made
}

// Namespaces lists those that operators made, by id.
func (r *Registry) Namespaces() []Namespace {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.sortedNamespaces()
}

func (r *Registry) sortedNamespaces() []Namespace {
	var list []Namespace
	for _, n := range r.namespaces {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b Namespace) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

func (r *Registry) applyNamespace(kind CommandKind, n Namespace) error {
	_, made := r.namespaces[n.ID]
	switch {
	case kind == DeleteNamespace:
		delete(r.namespaces, n.ID)
	case kind == CreateNamespace && made:
		return ErrNamespaceExists
	case kind == CreateNamespace, made:
		r.namespaces[n.ID] = n
	}
	return nil
}
