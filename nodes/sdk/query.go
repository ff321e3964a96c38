package sdk

import (
	"context"
	"fmt"

	"muster/model"
	"muster/nodes/auth"
	"muster/nodes/push"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// query answers ServiceQueryRequest. An unknown service has no hosts.
func (h handlers) query(ctx context.Context, r *ServiceQueryRequest) (QueryServiceResponse, error) {
	if err := r.checkQuery(); err != nil {
		return QueryServiceResponse{Result: refusal(err)}, nil
	}
	if result, denied := h.refuses(ctx, r.named, auth.Read); denied {
		return QueryServiceResponse{Result: result}, nil
	}
	clusters := text(r.Cluster)
	info := push.ServiceInfo{Name: r.Service, Group: r.Group, Clusters: &clusters, HealthyOnly: bool(r.HealthyOnly)}
	view, err := h.view(ctx, r)
	if err != nil {
		return QueryServiceResponse{}, err
	}
	return QueryServiceResponse{rpc.OK(), info.Attached(h.options.Registry, view)}, nil
}

// view is the service as the query wants to read it.
func (h handlers) view(ctx context.Context, r *ServiceQueryRequest) (*registry.View, error) {
	switch {
	case r.Read == "" || r.Read == model.ReadLocal:
		return h.options.Registry.View(r.key()), nil
	case r.Read != model.ReadLinearizable || h.options.Barrier == nil:
		return nil, invalid(fmt.Sprintf("Param 'read' is illegal, %q: want local or linearizable", string(r.Read)))
	}
	if err := h.options.Barrier(ctx); err != nil {
		return nil, broken("no linearizable read now: " + err.Error() + "; read=local answers from this node's memory")
	}
	return h.options.Registry.FreshView(r.key()), nil
}

// list answers ServiceListRequest. Its selector is not looked at.
func (h handlers) list(ctx context.Context, r *ServiceListRequest) (ServiceListResponse, error) {
	if err := r.params().Check(); err != nil {
		return ServiceListResponse{Result: refusal(err)}, nil
	}
	if result, denied := h.refuses(ctx, r.named, auth.Read); denied {
		return ServiceListResponse{Result: result}, nil
	}
	if r.Namespace == nil {
		return ServiceListResponse{}, broken(nullNamespace)
	}
	names := []string{}
	for _, service := range h.options.Registry.Services(*r.Namespace) {
		if r.Group != nil && service.Service.Group == *r.Group {
			names = append(names, service.Service.Name)
		}
	}
	response := ServiceListResponse{Result: rpc.OK(), Count: len(names), Names: names}
	if len(names) == 0 {
		return response, nil
	}
	if r.Size < 0 {
		return ServiceListResponse{}, broken(fmt.Sprintf("fromIndex(0) > toIndex(%d)", r.Size))
	}
	first := min(max(int64(r.Page)-1, 0)*int64(r.Size), int64(len(names)))
	response.Names = names[first:min(first+int64(r.Size), int64(len(names)))]
	return response, nil
}

// subscribe answers SubscribeServiceRequest.
func (h handlers) subscribe(ctx context.Context, r *SubscribeServiceRequest) (SubscribeServiceResponse, error) {
	if err := r.choosing(r.Clusters).Check(); err != nil {
		return SubscribeServiceResponse{Result: refusal(err)}, nil
	}
	if result, denied := h.refuses(ctx, r.named, auth.Read); denied {
		return SubscribeServiceResponse{Result: result}, nil
	}
	if err := r.complete(); err != nil {
		return SubscribeServiceResponse{}, err
	}
	client := rpc.CallerOf(ctx).ConnectionID
	info := push.ServiceInfo{Name: r.Service, Group: r.Group, Clusters: r.Clusters}
	response := SubscribeServiceResponse{rpc.OK(), info.Attached(h.options.Registry, h.options.Registry.View(r.key()))}
	response.Message = "success"
	var err error
	if r.Subscribe {
		err = h.options.Registry.Subscribe(client, registry.Subscription{Service: r.key(), Clusters: r.Clusters})
	} else {
		err = h.options.Registry.Unsubscribe(client, r.key())
	}
	if err != nil {
		return SubscribeServiceResponse{}, translated(err, client)
	}
	return response, nil
}
