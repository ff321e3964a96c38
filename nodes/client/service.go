package client

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"muster/model"
)

// CreateService makes an empty persistent service. One that exists is refused, as Fail (ServiceController.create).
func (c *Client) CreateService(ctx context.Context, route Route, service model.Service) Answer {
	return c.call(ctx, route, write(http.MethodPost, "/service", nameService(service)))
}

// DeleteService removes a service. One that has instances, or does not exist, is refused, as Fail (ServiceController.remove).
func (c *Client) DeleteService(ctx context.Context, route Route, service model.Service) Answer {
	return c.call(ctx, route, write(http.MethodDelete, "/service", nameService(service)))
}

func nameService(service model.Service) url.Values {
	return url.Values{"namespaceId": {service.Namespace}, "groupName": {service.Group}, "serviceName": {service.Name}}
}

// listPage is how many names ListServices asks for at once.
const listPage = 500

// ListServices names the services of a group, sorted (ServiceController.list). It reads page after page, so a change meanwhile may
// show by halves.
func (c *Client) ListServices(ctx context.Context, route Route, namespace, group string) ([]model.Service, Answer) {
	var services []model.Service
	for page := 1; ; page++ {
		var count int
		var names []string
		answer := c.call(ctx, route, request{
			method: http.MethodGet, path: "/service/list",
			parameters: url.Values{
				"namespaceId": {namespace}, "groupName": {group},
				"pageNo": {strconv.Itoa(page)}, "pageSize": {strconv.Itoa(listPage)},
			},
			accept: func(body []byte) error {
				var listed struct {
					Count *int      `json:"count"`
					Names *[]string `json:"doms"`
				}
				if err := json.Unmarshal(body, &listed); err != nil || listed.Count == nil || listed.Names == nil {
					return fmt.Errorf("want an object with the fields count and doms, got %s", quote(body))
				}
				count, names = *listed.Count, *listed.Names
				return nil
			},
		})
		if answer.Outcome != model.OK {
			return nil, answer
		}
		for _, name := range names {
			services = append(services, model.Service{Namespace: namespace, Group: group, Name: name})
		}
		if len(names) < listPage || len(services) >= count {
			slices.SortFunc(services, func(a, b model.Service) int { return cmp.Compare(a.Name, b.Name) })
			return services, answer
		}
	}
}
