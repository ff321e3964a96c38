package sdk

import (
	"context"
	"errors"
	"fmt"

	"muster/model"
	"muster/nodes/auth"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// prepared is what is looked at before a registration of either kind: whether the caller may, the parameters, the service's name, the instance's
// id (Nacos: Service.newService, InstanceUtil.setInstanceIdIfEmpty). The result is not nil where the answer is that of the first two.
func (h handlers) prepared(ctx context.Context, r *InstanceRequest) (id string, refused *rpc.Result, err error) {
	if result, denied := h.refuses(ctx, r.named, auth.Write); denied {
		return "", &result, nil
	}
	var instances []instance
	if r.Instance != nil {
		instances = []instance{*r.Instance}
	}
	if err := r.checkInstances(instances); err != nil {
		result := refusal(err)
		return "", &result, nil
	}
	if err := r.complete(); err != nil {
		return "", nil, err
	}
	if r.Instance != nil {
		if id, err = r.Instance.instanceID(r.key()); err != nil {
			return "", nil, err
		}
	}
	if r.Type == nil {
		return "", nil, broken(nullType)
	}
	if *r.Type != registerInstance && *r.Type != deregisterInstance {
		return "", nil, invalid("Unsupported request type " + *r.Type)
	}
	return id, nil, nil
}

// instance answers InstanceRequest.
func (h handlers) instance(ctx context.Context, r *InstanceRequest) (InstanceResponse, error) {
	id, refused, err := h.prepared(ctx, r)
	if err != nil || refused != nil {
		return refusedInstance(refused), err
	}
	if r.Instance == nil {
		if *r.Type == registerInstance {
			return InstanceResponse{}, invalid("Instance can not be null.")
		}
		return InstanceResponse{}, broken(nullDeregister)
	}
	client := rpc.CallerOf(ctx).ConnectionID
	if *r.Type == registerInstance {
		if err := r.Instance.legal(); err != nil {
			return InstanceResponse{}, err
		}
	}
	if err := r.inNamespace(); err != nil {
		return InstanceResponse{}, err
	}
	if *r.Type == registerInstance {
		err = h.options.Registry.PublishConnected(client, r.key(), r.Instance.published(id))
	} else {
		err = h.options.Registry.DeregisterConnected(client, r.key())
	}
	if err != nil {
		return InstanceResponse{}, translated(err, client)
	}
	return InstanceResponse{rpc.OK(), *r.Type}, nil
}

func refusedInstance(refused *rpc.Result) InstanceResponse {
	if refused == nil {
		return InstanceResponse{}
	}
	return InstanceResponse{Result: *refused}
}

// persistent answers PersistentInstanceRequest. Whether the instance is there is for the Raft group to say: this node may be behind.
func (h handlers) persistent(ctx context.Context, request *PersistentInstanceRequest) (InstanceResponse, error) {
	r := (*InstanceRequest)(request)
	id, refused, err := h.prepared(ctx, r)
	if err != nil || refused != nil {
		return refusedInstance(refused), err
	}
	if r.Instance == nil {
		return InstanceResponse{}, broken(nullPersistent)
	}
	if err := r.inNamespace(); err != nil {
		return InstanceResponse{}, err
	}
	instance := r.Instance.published(id)
	command := registry.Command{
		Kind: registry.DeregisterPersistent, Service: r.key(), Instance: &registry.Published{IP: instance.IP, Port: instance.Port}, MakesService: true,
	}
	if *r.Type == registerInstance {
		if err := h.options.Registry.CheckKind(r.key(), false); err != nil {
			return InstanceResponse{}, translated(err, "")
		}
		command = registry.Command{Kind: registry.RegisterPersistent, Service: r.key(), Instance: &instance}
	}
	if err := h.options.Propose(ctx, command); err != nil {
		return InstanceResponse{}, translated(err, "")
	}
	return InstanceResponse{rpc.OK(), *r.Type}, nil
}

// maxBatch is how many instances a connection may publish of a service. Nacos's only limit is the size of the request.
const maxBatch = 10000

// batch answers BatchInstanceRequest.
func (h handlers) batch(ctx context.Context, r *BatchInstanceRequest) (BatchInstanceResponse, error) {
	if len(r.Instances) > maxBatch {
		return BatchInstanceResponse{}, invalid(fmt.Sprintf("%d instances: want at most %d in a batch", len(r.Instances), maxBatch))
	}
	if err := r.checkBatch(); err != nil { // before it is asked who sent it, as in Nacos
		return BatchInstanceResponse{Result: refusal(err)}, nil
	}
	if result, denied := h.refuses(ctx, r.named, auth.Write); denied {
		return BatchInstanceResponse{Result: result}, nil
	}
	if err := r.complete(); err != nil {
		return BatchInstanceResponse{}, err
	}
	published, err := publishedOf(r.Instances, r.key())
	if err != nil {
		return BatchInstanceResponse{}, err
	}
	if r.Type == nil {
		return BatchInstanceResponse{}, broken(nullType)
	}
	if *r.Type != batchRegister {
		return BatchInstanceResponse{}, invalid("Unsupported request type " + *r.Type)
	}
	if r.Instances == nil {
		return BatchInstanceResponse{}, broken(nullInstances)
	}
	if err := r.inNamespace(); err != nil {
		return BatchInstanceResponse{}, err
	}
	client := rpc.CallerOf(ctx).ConnectionID
	if err := h.options.Registry.PublishConnected(client, r.key(), published...); err != nil {
		return BatchInstanceResponse{}, translated(asBatch(err), client)
	}
	return BatchInstanceResponse{rpc.OK(), *r.Type}, nil
}

// asBatch has a KindError say that several instances were refused.
func asBatch(err error) error {
	var kind registry.KindError
	if errors.As(err, &kind) {
		kind.Batch = true
		return kind
	}
	return err
}

func publishedOf(instances []instance, service model.Service) ([]registry.Published, error) {
	list := make([]registry.Published, 0, len(instances))
	for _, i := range instances {
		id, err := i.instanceID(service)
		if err != nil {
			return nil, err
		}
		list = append(list, i.published(id))
	}
	return list, nil
}
