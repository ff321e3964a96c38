package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"muster/model"
	"muster/nodes/jsonscan"
)

// List shows the instances of a service, sorted by address, healthy or not (InstanceController.list). An unknown service has none.
// The read mode goes to the node as a parameter; a node that does not know it, as Nacos's, answers as for model.ReadLocal. With
// an empty mode no parameter is sent.
func (c *Client) List(ctx context.Context, route Route, service model.Service, read model.ReadMode) ([]model.Instance, Answer) {
	parameters := url.Values{
		"namespaceId": {service.Namespace},
		"serviceName": {service.GroupedName()},
		"healthyOnly": {"false"},
	}
	if read != "" {
		parameters.Set("read", string(read))
	}
	listing, answer := c.list(ctx, route, service, parameters)
	return listing.Instances, answer
}

// Follower is whom a node pushes to that lists a service for it.
type Follower struct {
	// IP and Port take pushes over UDP. A port of 0: none are wanted.
	IP   string
	Port int
	// Clusters of the service that are wanted, separated by commas; empty: all.
	Clusters string
}

// Follow lists a service, and for some time has the node push its changes (parameters clientIP and udpPort).
func (c *Client) Follow(ctx context.Context, route Route, service model.Service, follower Follower) (Listing, Answer) {
	return c.list(ctx, route, service, url.Values{
		"namespaceId": {service.Namespace},
		"serviceName": {service.GroupedName()},
		"clusters":    {follower.Clusters},
		"clientIP":    {follower.IP},
		"udpPort":     {strconv.Itoa(follower.Port)},
		"healthyOnly": {"false"},
	})
}

func (c *Client) list(ctx context.Context, route Route, service model.Service, parameters url.Values) (Listing, Answer) {
	var listing Listing
	answer := c.call(ctx, route, request{
		method: http.MethodGet, path: "/instance/list", parameters: parameters,
		accept: func(body []byte) (err error) {
			listing, err = ParseListing(body, service)
			return err
		},
	})
	return listing, answer
}

// Listing is a service as a registry lists it, in an answer or in a push (api/naming/pojo/ServiceInfo.java).
type Listing struct {
	Service model.Service
	// Clusters to which it is confined, separated by commas; empty: all.
	Clusters string
	// Instances by address.
	Instances []model.Instance
	// Made is when the node made it, by that node's clock, in milliseconds since 1970 (lastRefTime); 0 if it does not say.
	Made int64
	// CacheFor is how long the node wants it believed before it is asked for again (cacheMillis); 0 if it does not say.
	CacheFor time.Duration
}

// listedService is the part of a ServiceInfo (api/naming/pojo/ServiceInfo.java) that matters here. Pointers tell a field that is
// absent from one that is zero.
type listedService struct {
	Name        *string           `json:"name"`
	Clusters    string            `json:"clusters"`
	Hosts       *[]listedInstance `json:"hosts"`
	LastRefTime int64             `json:"lastRefTime"`
	CacheMillis int64             `json:"cacheMillis"`
}

// listedInstance is one host of a list (api/naming/pojo/Instance.java).
type listedInstance struct {
	IP        *string           `json:"ip"`
	Port      *int              `json:"port"`
	Weight    *float64          `json:"weight"`
	Healthy   *bool             `json:"healthy"`
	Enabled   *bool             `json:"enabled"`
	Ephemeral *bool             `json:"ephemeral"`
	Cluster   *string           `json:"clusterName"`
	Metadata  map[string]string `json:"metadata"`
}

// ParseListing reads what a registry lists of a service. It believes nothing that is incomplete or is about another service: what
// it returns ends up in a history, as evidence.
func ParseListing(body []byte, service model.Service) (Listing, error) {
	listed, ok := scanListed(body)
	if !ok {
		listed = listedService{}
		if err := json.Unmarshal(body, &listed); err != nil {
			return Listing{}, fmt.Errorf("list of %s: want a JSON object, got %s: %w", service, quote(body), err)
		}
	}
	switch {
	case listed.Name == nil || listed.Hosts == nil:
		return Listing{}, fmt.Errorf("list of %s: want the fields name and hosts, got %s", service, quote(body))
	case *listed.Name != service.GroupedName() && *listed.Name != service.Name:
		return Listing{}, fmt.Errorf("list of %s: it is about another service: %s", service, quote(body))
	}
	instances := make([]model.Instance, 0, len(*listed.Hosts))
	for i, host := range *listed.Hosts {
		instance, err := host.instance()
		if err != nil {
			return Listing{}, fmt.Errorf("list of %s: host %d: %w: %s", service, i, err, quote(body))
		}
		instances = append(instances, instance)
	}
	slices.SortStableFunc(instances, func(a, b model.Instance) int {
		return cmp.Or(cmp.Compare(a.IP, b.IP), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Cluster, b.Cluster))
	})
	return Listing{
		Service: service, Clusters: listed.Clusters, Instances: instances, Made: listed.LastRefTime,
		CacheFor: time.Duration(listed.CacheMillis) * time.Millisecond,
	}, nil
}

// The fields that are read of a list and of its hosts.
var (
	listFields = []string{"name", "clusters", "hosts", "lastRefTime", "cacheMillis"}
	hostFields = []string{"ip", "port", "weight", "healthy", "enabled", "ephemeral", "clusterName", "metadata"}
)

// scanListed reads a list as nodes write it, in a fraction of the time that encoding/json takes; not ok: it is written otherwise.
func scanListed(body []byte) (listed listedService, ok bool) {
	s := jsonscan.New(body)
	for field := range s.Object(listFields) {
		switch field {
		case "name":
			name := s.Text()
			listed.Name = &name
		case "clusters":
			listed.Clusters = s.Text()
		case "hosts":
			hosts := []listedInstance{}
			for range s.List() {
				hosts = append(hosts, scanHost(s))
			}
			listed.Hosts = &hosts
		case "lastRefTime":
			listed.LastRefTime = s.Int64()
		case "cacheMillis":
			listed.CacheMillis = s.Int64()
		}
	}
	return listed, s.Ended()
}

func scanHost(s *jsonscan.Scanner) (host listedInstance) {
	var values model.Instance
	for field := range s.Object(hostFields) {
		switch field {
		case "ip":
			values.IP, host.IP = s.Text(), &values.IP
		case "port":
			values.Port, host.Port = s.Int(), &values.Port
		case "weight":
			values.Weight, host.Weight = s.Float(), &values.Weight
		case "healthy":
			values.Healthy, host.Healthy = s.Bool(), &values.Healthy
		case "enabled":
			values.Enabled, host.Enabled = s.Bool(), &values.Enabled
		case "ephemeral":
			values.Ephemeral, host.Ephemeral = s.Bool(), &values.Ephemeral
		case "clusterName":
			values.Cluster, host.Cluster = s.Text(), &values.Cluster
		case "metadata":
			host.Metadata = s.Texts()
		}
	}
	return host
}

func (h listedInstance) instance() (model.Instance, error) {
	switch {
	case h.IP == nil || h.Port == nil || h.Weight == nil || h.Healthy == nil || h.Enabled == nil || h.Ephemeral == nil || h.Cluster == nil:
		return model.Instance{}, errors.New("want the fields ip, port, weight, healthy, enabled, ephemeral and clusterName")
	case *h.IP == "":
		return model.Instance{}, errors.New("its ip is empty")
	case *h.Port < 0 || *h.Port > 65535:
		return model.Instance{}, fmt.Errorf("port %d: want 0 to 65535", *h.Port)
	}
	instance := model.Instance{
		IP: *h.IP, Port: *h.Port, Cluster: *h.Cluster,
		Weight: *h.Weight, Healthy: *h.Healthy, Enabled: *h.Enabled, Ephemeral: *h.Ephemeral,
	}
	if len(h.Metadata) > 0 {
		instance.Metadata = h.Metadata
	}
	return instance, nil
}
