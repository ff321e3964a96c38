package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"muster/model"
)

// How much is done, at scale 1.
const (
	// connections is how many clients work at the same time, each doing one thing after another.
	connections = 8
	// operations are counted after as many warmUps.
	operations, warmUps = 20_000, 4_000
	// serviceSize is how many instances the service has that is asked for and pushed.
	serviceSize = 100
	// services is how many are registered in, in turn.
	services = 200
	// subscribers are pushed to; changes is how often, fewChanges where each is much.
	subscribers, changes, fewChanges = 100, 20, 3
	// held is how many instances a node holds.
	held = 100_000
)

// row is a line of the table.
type row struct {
	name, what    string
	measure       func(context.Context, settings) (figure, error)
	nacos, rnacos string
}

// rows are what is measured. The figures of others were measured on the same computer: 8 connections over loopback, 2 cores.
var rows = []row{
	{"register-http", "register an ephemeral instance, HTTP", registerHTTP(true), "408 µs (2890/s)", "86 µs (9386/s)"},
	{"register-grpc", "register an ephemeral instance, gRPC", registerGRPC(connections, services), "213 µs (3577/s)", "70 µs (7792/s)"},
	{"register-persistent", "register a persistent instance, HTTP", registerHTTP(false), "1620 µs (640/s)", "182 µs (5166/s)"},
	{"query-http", "query a service of 100 instances, HTTP", queryHTTP, "301 µs (2476/s)", "113 µs (4742/s)"},
	{"query-grpc", "query a service of 100 instances, gRPC", queryGRPC, "251 µs (2945/s)", "196 µs (3176/s)"},
	{"push", "a push to each of 100 subscribers, p50 / p99", push(serviceSize, changes), "500 µs, 585 / 618 ms", "200 µs, 769 / 784 ms"},
	{"register-connections", "register over one of 1,000 connections, gRPC", registerGRPC(1000, services), "", ""},
	{"register-services", "register in one of 10,000 services, gRPC", registerGRPC(connections, 10_000), "", ""},
	{"push-large", "a push of 10,000 instances to each of 100 subscribers, p50 / p99", push(10_000, fewChanges), "", ""},
	{"memory", "memory for 100,000 instances", memory, "107 MB", "98 MB"},
	{"boot", "start with 100,000 persistent instances on disk", boot, "", ""},
	{"sync", "start anew beside a member with 100,000 ephemeral instances", syncing, "", ""},
}

// times is a number of operations at the scale.
func (s settings) times(usual int) int { return max(connections, int(float64(usual)*s.scale)) }

// onNode has something measured at a node of its own.
func onNode(ctx context.Context, s settings, measure func(*node) error) (err error) {
	folder, err := os.MkdirTemp("", "benchnode")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	address, err := freeAddress()
	if err != nil {
		return err
	}
	n, err := startNode(ctx, s.registry, address, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.stop()) }()
	return measure(n)
}

// instanceOf is one of many that are spread over so many services.
func instanceOf(i, services int, ephemeral bool) (model.Service, model.Instance) {
	service := model.Service{Namespace: model.DefaultNamespace, Group: model.DefaultGroup, Name: fmt.Sprintf("service-%03d", i%services)}
	return service, model.Instance{IP: fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255), Port: 8080, Ephemeral: ephemeral}
}

// asked is the service that is queried and subscribed.
func asked() model.Service {
	return model.Service{Namespace: model.DefaultNamespace, Group: model.DefaultGroup, Name: "asked"}
}

// timed does something many times, by as many workers as there are connections, and reads what it cost the node, once it is warm.
func timed(n *node, s settings, do func(worker, i int) error) (f figure, err error) {
	warm, measured := s.times(warmUps), s.times(operations)
	if err := spread(0, warm, do); err != nil {
		return f, err
	}
	before, err := n.processor()
	if err != nil {
		return f, err
	}
	began := time.Now()
	if err := spread(warm, warm+measured, do); err != nil {
		return f, err
	}
	took := time.Since(began)
	after, err := n.processor()
	if err != nil {
		return f, err
	}
	f.Processor = float64((after - before).Microseconds()) / float64(measured)
	f.Rate = float64(measured) / took.Seconds()
	return f, nil
}

// spread has the workers do the operations from first to last, the last not included.
func spread(first, last int, do func(worker, i int) error) error {
	var group errgroup.Group
	for worker := range connections {
		group.Go(func() error {
			for i := first + worker; i < last; i += connections {
				if err := do(worker, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// withHTTP opens the connections to a node's HTTP API.
func withHTTP(ctx context.Context, n *node, use func([]*httpConn) error) (err error) {
	var conns []*httpConn
	defer func() {
		for _, c := range conns {
			err = errors.Join(err, c.Close())
		}
	}()
	for range connections {
		c, err := dialHTTP(ctx, n.address)
		if err != nil {
			return err
		}
		conns = append(conns, c)
	}
	return use(conns)
}

// withGRPC opens so many of an SDK's connections.
func withGRPC(ctx context.Context, n *node, count int, pushed func(int, []byte), use func([]*grpcConn) error) (err error) {
	var conns []*grpcConn
	defer func() {
		for _, c := range conns {
			err = errors.Join(err, c.Close())
		}
	}()
	for i := range count {
		c, err := dialGRPC(ctx, n.address, func(body []byte) {
			if pushed != nil {
				pushed(i, body)
			}
		})
		if err != nil {
			return err
		}
		conns = append(conns, c)
	}
	return use(conns)
}

// registerHTTP measures registrations of instances that were not there, by clients of Nacos 1.x.
func registerHTTP(ephemeral bool) func(context.Context, settings) (figure, error) {
	return func(ctx context.Context, s settings) (f figure, err error) {
		err = onNode(ctx, s, func(n *node) error {
			return withHTTP(ctx, n, func(conns []*httpConn) error {
				f, err = timed(n, s, func(worker, i int) error {
					service, instance := instanceOf(i, services, ephemeral)
					return conns[worker].register(service, instance)
				})
				return err
			})
		})
		return f, err
	}
}

// registerGRPC measures registrations by so many clients of Nacos 2.x, each of which has one instance in each of so many services, and
// registers it again and again.
func registerGRPC(clients, services int) func(context.Context, settings) (figure, error) {
	return func(ctx context.Context, s settings) (f figure, err error) {
		err = onNode(ctx, s, func(n *node) error {
			return withGRPC(ctx, n, clients, nil, func(conns []*grpcConn) error {
				f, err = timed(n, s, func(_, i int) error {
					service, instance := instanceOf(i/clients, services, true)
					instance.Port += i % clients
					return conns[i%clients].register(ctx, service, instance)
				})
				return err
			})
		})
		return f, err
	}
}

// fill registers the instances of the service that is asked for, persistent ones, so that nobody need beat.
func fill(ctx context.Context, n *node) error {
	return withHTTP(ctx, n, func(conns []*httpConn) error {
		err := spread(0, serviceSize, func(worker, i int) error {
			_, instance := instanceOf(i, services, false)
			return conns[worker].register(asked(), instance)
		})
		time.Sleep(time.Second) // a list shows what was registered half a second ago
		return err
	})
}

func queryHTTP(ctx context.Context, s settings) (f figure, err error) {
	err = onNode(ctx, s, func(n *node) error {
		if err := fill(ctx, n); err != nil {
			return err
		}
		return withHTTP(ctx, n, func(conns []*httpConn) error {
			f, err = timed(n, s, func(worker, _ int) error {
				return complete(serviceSize)(conns[worker].query(asked()))
			})
			return err
		})
	})
	return f, err
}

func queryGRPC(ctx context.Context, s settings) (f figure, err error) {
	err = onNode(ctx, s, func(n *node) error {
		if err := fill(ctx, n); err != nil {
			return err
		}
		return withGRPC(ctx, n, connections, nil, func(conns []*grpcConn) error {
			f, err = timed(n, s, func(worker, _ int) error {
				return complete(serviceSize)(conns[worker].query(ctx, asked()))
			})
			return err
		})
	})
	return f, err
}
