package model

import (
	"fmt"
	"strings"
)

// Defaults that Nacos fills in where a request leaves a field out (api/common/Constants.java).
const (
	DefaultNamespace = "public"
	DefaultGroup     = "DEFAULT_GROUP"
	DefaultCluster   = "DEFAULT"
)

// Service names a service: its namespace, its group, and its bare name without either.
type Service struct {
	Namespace string
	Group     string
	Name      string
}

// String writes a service as "namespace/group/name", the form that histories and reports use.
func (s Service) String() string { return s.Namespace + "/" + s.Group + "/" + s.Name }

// GroupedName is "group@@name", the form in which Nacos's HTTP API names services (NamingUtils.getGroupedName).
func (s Service) GroupedName() string { return s.Group + "@@" + s.Name }

// ParseService reads the "namespace/group/name" form.
func ParseService(text string) (Service, error) {
	parts := strings.SplitN(text, "/", 3)
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Service{}, fmt.Errorf("service %q: want namespace/group/name, for example public/DEFAULT_GROUP/orders", text)
	}
	return Service{Namespace: parts[0], Group: parts[1], Name: parts[2]}, nil
}

// MarshalText and UnmarshalText let a Service stand in JSON as its "namespace/group/name" form.
func (s Service) MarshalText() ([]byte, error) {
	if s == (Service{}) {
		return nil, nil
	}
	return []byte(s.String()), nil
}

// UnmarshalText is the inverse of MarshalText.
func (s *Service) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Service{}
		return nil
	}
	parsed, err := ParseService(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
