// Script is a workload of one client that does one thing after another, the same ones in every run, and waits where something takes
// its time until it has come about. So what it prints depends on nothing but the registry.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"muster/model"
	"muster/nodes/client"
)

// Calls that no other workload makes.
const (
	createService model.Call = "create-service"
	deleteService model.Call = "delete-service"
	listServices  model.Call = "list-services"
)

// nowhere is the name of a node that is not there.
const nowhere = "nowhere"

// script is a client and what it has done.
type script struct {
	registry *client.Client
	nodes    []string // their names, by the places that routes give them
	done     int64
}

func main() {
	log.SetFlags(0)
	nodes := flag.String("nodes", "", "NAME=URL,…")
	flag.String("load", "", "not heeded")
	flag.Uint64("seed", 0, "not heeded")
	flag.Parse()
	var urls []string
	s := &script{}
	for _, part := range strings.Split(*nodes, ",") {
		name, url, _ := strings.Cut(part, "=")
		s.nodes, urls = append(s.nodes, name), append(urls, url)
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(urls[0], "http://"), ":")
	s.nodes, urls = append(s.nodes, nowhere), append(urls, "http://"+host+":1")
	var err error
	if s.registry, err = client.New(client.Config{Nodes: urls, Timeout: 10 * time.Second}); err != nil {
		log.Fatal(err)
	}
	s.play()
}

func service(name string) model.Service {
	return model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: name}
}

func instance(number int, ephemeral bool) model.Instance {
	return model.Instance{IP: fmt.Sprintf("10.9.9.%d", number), Port: 8080, Cluster: model.DefaultCluster, Weight: 1, Healthy: true, Enabled: true,
		Ephemeral: ephemeral}
}

// play does it all.
func (s *script) play() {
	s.awaitCluster()
	s.persistent()
	s.ephemeral()
	s.services()
	s.mistakes()
}

func (s *script) persistent() {
	orders := service("orders")
	first, second := instance(1, false), instance(2, false)
	s.do(0, model.Record{Call: model.Query, Service: orders, Read: model.ReadLinearizable})
	s.do(0, model.Record{Call: model.Register, Service: orders, Instance: &first})
	s.everywhere(model.Record{Call: model.Query, Service: orders, Read: model.ReadLinearizable})
	second.Metadata = map[string]string{"version": "1", "zone": "ü/€ & more"}
	s.do(1, model.Record{Call: model.Register, Service: orders, Instance: &second})
	s.everywhere(model.Record{Call: model.Query, Service: orders, Read: model.ReadLinearizable})
	changed := first
	changed.Weight, changed.Enabled, changed.Metadata = 2.5, false, map[string]string{"by": "operator"}
	s.do(2, model.Record{Call: model.Update, Service: orders, Instance: &changed})
	s.everywhere(model.Record{Call: model.Query, Service: orders, Read: model.ReadLinearizable})
	s.do(2, model.Record{Call: model.Deregister, Service: orders, Instance: &second})
	s.do(1, model.Record{Call: model.Deregister, Service: orders, Instance: &second})
	s.await(orders, 0)
	s.everywhere(model.Record{Call: model.Query, Service: orders, Read: model.ReadLocal})
	s.do(0, model.Record{Call: model.Deregister, Service: orders, Instance: &first})
	s.everywhere(model.Record{Call: model.Query, Service: orders, Read: model.ReadLinearizable})
}

func (s *script) ephemeral() {
	carts := service("carts")
	first, second := instance(1, true), instance(2, true)
	s.do(0, model.Record{Call: model.Register, Service: carts, Ephemeral: true, Instance: &first})
	s.await(carts, 1)
	s.everywhere(model.Record{Call: model.Observe, Service: carts, Ephemeral: true})
	s.do(1, model.Record{Call: model.Register, Service: carts, Ephemeral: true, Instance: &second})
	s.await(carts, 2)
	s.everywhere(model.Record{Call: model.Beat, Service: carts, Ephemeral: true, Instance: &second})
	changed := second
	changed.Weight, changed.Metadata = 3, map[string]string{"by": "operator"}
	s.do(2, model.Record{Call: model.Update, Service: carts, Ephemeral: true, Instance: &changed})
	s.awaitWeight(carts, second.IP, 3)
	s.everywhere(model.Record{Call: model.Observe, Service: carts, Ephemeral: true})
	s.do(2, model.Record{Call: model.Deregister, Service: carts, Ephemeral: true, Instance: &first})
	s.await(carts, 1)
	s.everywhere(model.Record{Call: model.Observe, Service: carts, Ephemeral: true})
	s.do(0, model.Record{Call: model.Beat, Service: carts, Ephemeral: true, Instance: &first})
	s.do(1, model.Record{Call: model.Deregister, Service: carts, Ephemeral: true, Instance: &second})
	s.await(carts, 0)
	s.everywhere(model.Record{Call: model.Observe, Service: carts, Ephemeral: true})
}

func (s *script) services() {
	empty := service("empty")
	s.do(0, model.Record{Call: createService, Service: empty})
	s.awaitServices(empty, 3)
	s.do(0, model.Record{Call: createService, Service: empty})
	s.do(0, model.Record{Call: listServices, Service: empty})
	only := instance(3, false)
	s.do(0, model.Record{Call: model.Register, Service: empty, Instance: &only})
	s.await(empty, 1)
	s.do(0, model.Record{Call: deleteService, Service: empty})
	s.do(0, model.Record{Call: model.Deregister, Service: empty, Instance: &only})
	s.await(empty, 0)
	s.do(0, model.Record{Call: deleteService, Service: empty})
	s.awaitServices(empty, 2)
	s.do(0, model.Record{Call: listServices, Service: empty})
}

func (s *script) mistakes() {
	wrong := instance(1, false)
	wrong.IP = "nonsense"
	s.do(0, model.Record{Call: model.Register, Service: service("orders"), Instance: &wrong})
	wrong = instance(1, false)
	wrong.Port = 70_000
	s.do(1, model.Record{Call: model.Register, Service: service("orders"), Instance: &wrong})
	wrong = instance(1, false)
	wrong.Weight = -1
	s.do(2, model.Record{Call: model.Register, Service: service("orders"), Instance: &wrong})
	right := instance(1, true)
	s.do(0, model.Record{Call: model.Register, Service: service("no such name !"), Ephemeral: true, Instance: &right})
	s.do(0, model.Record{Call: model.Register, Service: service(""), Ephemeral: true, Instance: &right})
	elsewhere := service("orders")
	elsewhere.Namespace = "nowhere"
	s.do(0, model.Record{Call: model.Query, Service: elsewhere, Read: model.ReadLocal})
	s.do(0, model.Record{Call: model.Deregister, Service: service("never-was"), Ephemeral: true, Instance: &right})
	s.do(0, model.Record{Call: deleteService, Service: service("never-was")})
	last := len(s.nodes) - 1
	s.do(last, model.Record{Call: model.Register, Service: service("orders"), Instance: &right})
	s.do(last, model.Record{Call: model.Query, Service: service("orders"), Read: model.ReadLocal})
}

// everywhere does an operation at each node in turn.
func (s *script) everywhere(operation model.Record) {
	for node := range len(s.nodes) - 1 {
		s.do(node, operation)
	}
}

// do does an operation and prints its invocation and how it ended.
func (s *script) do(node int, operation model.Record) {
	s.done++
	operation.Client, operation.Op, operation.Phase, operation.Node = "script", s.done, model.Invoke, s.nodes[node]
	print(operation)
	listed, answer := s.ask(node, operation)
	completed := operation
	completed.Phase, completed.Instance, completed.Read, completed.Instances, completed.Status = answer.Outcome, nil, "", listed, answer.Status
	if answer.Err != nil {
		completed.Error = answer.Err.Error()
	}
	print(completed)
}

func (s *script) ask(node int, o model.Record) ([]model.Instance, client.Answer) {
	ctx, route := context.Background(), client.Only(node)
	switch o.Call {
	case model.Register:
		return nil, s.registry.Register(ctx, route, o.Service, *o.Instance)
	case model.Update:
		return nil, s.registry.Update(ctx, route, o.Service, *o.Instance)
	case model.Deregister:
		return nil, s.registry.Deregister(ctx, route, o.Service, *o.Instance)
	case model.Beat:
		return nil, s.registry.Beat(ctx, route, o.Service, *o.Instance)
	case createService:
		return nil, s.registry.CreateService(ctx, route, o.Service)
	case deleteService:
		return nil, s.registry.DeleteService(ctx, route, o.Service)
	case listServices:
		services, answer := s.registry.ListServices(ctx, route, o.Service.Namespace, o.Service.Group)
		var listed []model.Instance // a history knows lists of instances only: each stands for a service
		for _, found := range services {
			listed = append(listed, model.Instance{Cluster: found.Name})
		}
		return listed, answer
	case model.Query:
		return s.registry.List(ctx, route, o.Service, o.Read)
	}
	return s.registry.List(ctx, route, o.Service, model.ReadLocal)
}

func print(record model.Record) {
	line, err := json.Marshal(record)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := fmt.Fprintf(os.Stdout, "%s\n", line); err != nil {
		log.Fatal(err)
	}
}

// awaitCluster waits until the cluster has a leader that all nodes know, and every node serves.
func (s *script) awaitCluster() {
	ready := service("ready")
	only := instance(1, false)
	for node := range len(s.nodes) - 1 {
		s.until(func() bool {
			return s.registry.Register(context.Background(), client.Only(node), ready, only).Outcome == model.OK
		})
		s.until(func() bool {
			_, answer := s.registry.List(context.Background(), client.Only(node), ready, model.ReadLinearizable)
			return answer.Outcome == model.OK
		})
	}
	s.until(func() bool {
		return s.registry.Deregister(context.Background(), client.Only(0), ready, only).Outcome == model.OK
	})
	s.until(func() bool {
		return s.registry.DeleteService(context.Background(), client.Only(0), ready).Outcome == model.OK
	})
}

// await waits until all nodes list so many instances.
func (s *script) await(which model.Service, count int) {
	s.awaitView(which, func(listed []model.Instance) bool { return len(listed) == count })
}

// awaitWeight waits until all nodes list an instance with that weight.
func (s *script) awaitWeight(which model.Service, ip string, weight float64) {
	s.awaitView(which, func(listed []model.Instance) bool {
		for _, i := range listed {
			if i.IP == ip && i.Weight == weight {
				return true
			}
		}
		return false
	})
}

func (s *script) awaitView(which model.Service, right func([]model.Instance) bool) {
	for node := range len(s.nodes) - 1 {
		s.until(func() bool {
			listed, answer := s.registry.List(context.Background(), client.Only(node), which, model.ReadLocal)
			return answer.Outcome == model.OK && right(listed)
		})
	}
}

// awaitServices waits until all nodes know of so many services in the group of one.
func (s *script) awaitServices(of model.Service, count int) {
	for node := range len(s.nodes) - 1 {
		s.until(func() bool {
			known, answer := s.registry.ListServices(context.Background(), client.Only(node), of.Namespace, of.Group)
			return answer.Outcome == model.OK && len(known) == count
		})
	}
}

// until tries until something is so.
func (s *script) until(so func() bool) {
	for !so() {
		time.Sleep(50 * time.Millisecond)
	}
}
