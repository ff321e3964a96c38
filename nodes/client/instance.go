package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"muster/model"
)

// Codes of a beat's answer (naming/misc/NamingResponseCode).
const (
	beatTaken         = 10200
	beatNotRegistered = 20404
)

// Register adds an instance to a service, or replaces what was registered under its address (InstanceController.register).
func (c *Client) Register(ctx context.Context, route Route, service model.Service, instance model.Instance) Answer {
	parameters := describe(service, instance)
	parameters.Set("healthy", strconv.FormatBool(instance.Healthy))
	return c.call(ctx, route, write(http.MethodPost, "/instance", parameters))
}

// Update writes operator metadata over an instance: weight, enabled and metadata, which from then on win over what is registered
// (InstanceController.update).
func (c *Client) Update(ctx context.Context, route Route, service model.Service, instance model.Instance) Answer {
	return c.call(ctx, route, write(http.MethodPut, "/instance", describe(service, instance)))
}

// Deregister takes an instance off its service. It is OK, too, if there was none (InstanceController.deregister).
func (c *Client) Deregister(ctx context.Context, route Route, service model.Service, instance model.Instance) Answer {
	parameters := address(service, instance)
	parameters.Set("ephemeral", strconv.FormatBool(instance.Ephemeral))
	return c.call(ctx, route, write(http.MethodDelete, "/instance", parameters))
}

// Beat says that an ephemeral instance lives (InstanceController.beat). It is a light beat, which names the instance and no more, as
// the SDKs send it to every server that takes it: one for an unknown instance changes nothing and ends as Fail with
// ErrNotRegistered. A full beat would register it on the side.
func (c *Client) Beat(ctx context.Context, route Route, service model.Service, instance model.Instance) Answer {
	_, answer := c.BeatTold(ctx, route, service, instance)
	return answer
}

// BeatTold is Beat, and says how often the node wants beats (clientBeatInterval); 0 if it does not say.
func (c *Client) BeatTold(ctx context.Context, route Route, service model.Service, instance model.Instance) (interval time.Duration, answer Answer) {
	r := write(http.MethodPut, "/instance/beat", address(service, instance))
	r.accept = func(body []byte) (err error) {
		interval, err = acceptBeat(body)
		return err
	}
	answer = c.call(ctx, route, r)
	return interval, answer
}

// longestBeat in milliseconds: a node that wants beats more seldom is not believed.
const longestBeat = int64(24 * time.Hour / time.Millisecond)

func acceptBeat(body []byte) (interval time.Duration, err error) {
	var answer struct {
		Code     int   `json:"code"`
		Interval int64 `json:"clientBeatInterval"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("want a beat's answer such as {\"code\":%d}, got %s: %w", beatTaken, quote(body), err)
	}
	if answer.Interval > 0 && answer.Interval <= longestBeat {
		interval = time.Duration(answer.Interval) * time.Millisecond
	}
	switch answer.Code {
	case beatTaken:
		return interval, nil
	case beatNotRegistered:
		return interval, ErrNotRegistered
	}
	return 0, fmt.Errorf("want code %d or %d in a beat's answer, got %s", beatTaken, beatNotRegistered, quote(body))
}

// write is a request that changes something and is answered "ok".
func write(method, path string, parameters url.Values) request {
	return request{method: method, path: path, parameters: parameters, write: true, accept: func(body []byte) error {
		if string(body) != "ok" {
			return fmt.Errorf("want the answer \"ok\", got %s", quote(body))
		}
		return nil
	}}
}

// address names an instance as the Java client does: the group in the service's name.
func address(service model.Service, instance model.Instance) url.Values {
	return url.Values{
		"namespaceId": {service.Namespace},
		"serviceName": {service.GroupedName()},
		"clusterName": {clusterOf(instance)},
		"ip":          {instance.IP},
		"port":        {strconv.Itoa(instance.Port)},
	}
}

// describe says all of an instance.
func describe(service model.Service, instance model.Instance) url.Values {
	parameters := address(service, instance)
	parameters.Set("groupName", service.Group)
	parameters.Set("weight", strconv.FormatFloat(instance.Weight, 'g', -1, 64))
	parameters.Set("enabled", strconv.FormatBool(instance.Enabled))
	parameters.Set("ephemeral", strconv.FormatBool(instance.Ephemeral))
	metadata := []byte("{}")
	if len(instance.Metadata) > 0 {
		metadata, _ = json.Marshal(instance.Metadata) // strings always marshal
	}
	parameters.Set("metadata", string(metadata))
	return parameters
}

func clusterOf(instance model.Instance) string {
	if instance.Cluster == "" {
		return model.DefaultCluster
	}
	return instance.Cluster
}
