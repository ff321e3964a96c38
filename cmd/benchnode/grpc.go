package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"

	"muster/model"
	"muster/nodes/rpc"
)

// setupTime is how long a node has to set up a connection.
const setupTime = 30 * time.Second

// grpcConn is a connection of an SDK's, set up.
type grpcConn struct {
	transport *grpc.ClientConn
	stream    grpc.ClientStream
	cancel    context.CancelFunc
}

// dialGRPC connects and sets the connection up. pushed is called with each push, by one goroutine; nil: nobody waits for any.
func dialGRPC(ctx context.Context, address string, pushed func([]byte)) (*grpcConn, error) {
	at, err := rpc.Offset(address, rpc.SDKOffset)
	if err != nil {
		return nil, err
	}
	transport, err := grpc.NewClient("passthrough:///"+at, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(rpc.MaxMessage), grpc.ForceCodecV2(rpc.NewCodec())))
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	streaming, cancel := context.WithCancel(ctx)
	c := &grpcConn{transport: transport, cancel: cancel}
	ready := make(chan error, 1)
	err = c.open(streaming, func(err error) { ready <- err }, pushed)
	if err == nil {
		select {
		case err = <-ready:
		case <-time.After(setupTime):
			err = fmt.Errorf("the node did not say what it is able to do within %v", setupTime)
		}
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("set up a connection: %w", err)
	}
	return c, nil
}

// open opens the stream, says who the client is, and has a goroutine answer what the node asks.
func (c *grpcConn) open(ctx context.Context, ready func(error), pushed func([]byte)) (err error) {
	c.stream, err = c.transport.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/BiRequestStream/requestBiStream")
	if err != nil {
		return err
	}
	hello, err := payload("ConnectionSetupRequest", map[string]any{
		"clientVersion": "Nacos-Go-Client:v2.3.2", "labels": map[string]string{"source": "sdk", "module": "naming"},
		"abilityTable": map[string]bool{},
	})
	if err != nil {
		return err
	}
	if err := c.stream.SendMsg(hello); err != nil {
		return err
	}
	go func() { ready(c.listen(func() { ready(nil) }, pushed)) }()
	return nil
}

// listen answers what the node asks until the stream ends.
func (c *grpcConn) listen(ready func(), pushed func([]byte)) error {
	for {
		in := new(rpc.Payload)
		if err := c.stream.RecvMsg(in); err != nil {
			return err
		}
		name := in.GetMetadata().GetType()
		switch {
		case name == "SetupAckRequest":
			ready()
			continue
		case name == "NotifySubscriberRequest" && pushed != nil:
			pushed(in.GetBody().GetValue())
		}
		answer, err := payload(strings.TrimSuffix(name, "Request")+"Response", map[string]any{
			"requestId": requestID(in.GetBody().GetValue()), "resultCode": rpc.ResultSuccess, "success": true,
		})
		if err != nil {
			return err
		}
		if err := c.stream.SendMsg(answer); err != nil {
			return err
		}
	}
}

// requestID is the id of what the node asks. It stands in front of a list of instances, which is not worth being read: nodes and this
// program share the computer.
func requestID(body []byte) string {
	_, rest, _ := bytes.Cut(body, []byte(`"requestId":"`))
	id, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(id)
}

func payload(name string, message any) (*rpc.Payload, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	return &rpc.Payload{Metadata: &rpc.Metadata{Type: name, ClientIp: "127.0.0.1"}, Body: &anypb.Any{Value: body}}, nil
}

// succeeded is how all answers begin that are a success.
var succeeded = fmt.Appendf(nil, `{"resultCode":%d,`, rpc.ResultSuccess)

// ask sends a request and returns the answer's body, of a success.
func (c *grpcConn) ask(ctx context.Context, name string, message any) ([]byte, error) {
	in, err := payload(name, message)
	if err != nil {
		return nil, err
	}
	out := new(rpc.Payload)
	if err := c.transport.Invoke(ctx, "/Request/request", in, out); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	body := out.GetBody().GetValue()
	if !bytes.HasPrefix(body, succeeded) { // see requestID
		return nil, fmt.Errorf("%s: %s: %s", name, out.GetMetadata().GetType(), body)
	}
	return body, nil
}

// named is what every request says of its service.
func named(service model.Service) map[string]any {
	return map[string]any{"module": "naming", "namespace": service.Namespace, "serviceName": service.Name, "groupName": service.Group}
}

// register registers an ephemeral instance.
func (c *grpcConn) register(ctx context.Context, service model.Service, i model.Instance) error {
	request := named(service)
	request["type"], request["instance"] = "registerInstance", described(service, i)
	_, err := c.ask(ctx, "InstanceRequest", request)
	return err
}

// registerBatch registers so many ephemeral instances at once, from the first-th on: all that the client has in the service.
func (c *grpcConn) registerBatch(ctx context.Context, service model.Service, first, count int) error {
	var instances []map[string]any
	for i := range count {
		_, instance := instanceOf(first+i, services, true)
		one := described(service, instance)
		one["serviceName"] = service.Name // in a batch without the group
		instances = append(instances, one)
	}
	request := named(service)
	request["type"], request["instances"] = "batchRegisterInstance", instances
	_, err := c.ask(ctx, "BatchInstanceRequest", request)
	return err
}

// batchService is one of those in which instances are registered in batches.
func batchService(number int) model.Service {
	return model.Service{Namespace: model.DefaultNamespace, Group: model.DefaultGroup, Name: fmt.Sprintf("batch-%03d", number)}
}

// described is an instance as SDKs send it.
func described(service model.Service, i model.Instance) map[string]any {
	return map[string]any{"ip": i.IP, "port": i.Port, "weight": 1, "healthy": true, "enabled": true, "ephemeral": true,
		"clusterName": model.DefaultCluster, "serviceName": service.GroupedName(), "metadata": map[string]string{}}
}

// query lists a service.
func (c *grpcConn) query(ctx context.Context, service model.Service) ([]byte, error) {
	request := named(service)
	request["cluster"], request["healthyOnly"] = "", false
	return c.ask(ctx, "ServiceQueryRequest", request)
}

// subscribe has the service's changes pushed.
func (c *grpcConn) subscribe(ctx context.Context, service model.Service) error {
	request := named(service)
	request["subscribe"], request["clusters"] = true, ""
	_, err := c.ask(ctx, "SubscribeServiceRequest", request)
	return err
}

func (c *grpcConn) Close() error {
	c.cancel()
	return c.transport.Close()
}
