package main

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"time"

	"muster/model"
	"muster/nodes/client"
	"muster/nodes/client/connected"
	"muster/nodes/client/login"
)

// play is a load, the cluster that it is for, and the seed that decides the rest.
type play struct {
	nodes []node
	load  model.Load
	seed  uint64
	// dial opens connections; nil: TCP. Tests put a network in memory here.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	// name and password are what the clients log in by; both empty: they do not.
	name, password string
	// pushes opens a socket for pushes over UDP; nil: there are none.
	pushes func() (net.PacketConn, error)
	// listen opens a port, any if it is 0, at the address of this machine from which a node is reached; see listenFor.
	listen func(ctx context.Context, node string, port int) (net.Listener, error)
}

// actor is a client of the play: it works until it has nothing left to do or the context ends, and is closed in the end.
type actor interface {
	work(ctx context.Context)
	close()
}

// run plays until the context ends, and returns how many operations were invoked. Its error is about the play itself; what the
// registry does wrong stands in the history.
func (p play) run(ctx context.Context, output io.Writer) (operations int, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	printer := newHistory(output, fail)
	actors, err := p.cast(printer)
	defer func() {
		for _, a := range actors {
			a.close()
		}
	}()
	if err != nil {
		return 0, err
	}
	var working sync.WaitGroup
	for _, a := range actors {
		working.Go(func() { a.work(ctx) })
	}
	working.Wait()
	// When all have done their work, there may still be somebody who expects this process to be there until the end.
	<-ctx.Done()
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return printer.operations(), cause
	}
	return printer.operations(), nil
}

// cast makes all clients. Whom they prefer and which service they share goes in turn, in such a way that the clients of one
// service prefer different nodes.
func (p play) cast(printer *history) ([]actor, error) {
	began := time.Now()
	clients := p.load.EphemeralClients + p.load.PersistentClients
	var actors []actor
	var ephemeral, persistent []model.Service
	for i := range p.load.EphemeralServices {
		ephemeral = append(ephemeral, p.service("ephemeral", i))
	}
	for i := range p.load.PersistentServices {
		persistent = append(persistent, p.service("persistent", i))
	}
	for i := range p.load.EphemeralClients {
		w, err := p.worker(printer, began, fmt.Sprintf("e%d", i+1), p.load.Timeout)
		if err != nil {
			return actors, err
		}
		w.preferred = (i%len(ephemeral) + i/len(ephemeral)) % len(p.nodes)
		c := newEphemeralClient(w, p.load, clients, i+1, ephemeral[i%len(ephemeral)])
		actors = append(actors, c)
		if err := p.connect(w, c.doneAgain); err != nil {
			return actors, err
		}
	}
	for i := range p.load.PersistentClients {
		w, err := p.worker(printer, began, fmt.Sprintf("p%d", i+1), p.load.Timeout)
		if err != nil {
			return actors, err
		}
		w.preferred = (i%len(persistent) + i/len(persistent)) % len(p.nodes)
		actors = append(actors, newPersistentClient(w, p.load, clients, i+1, persistent[i%len(persistent)]))
		if err := p.connect(w, nil); err != nil {
			return actors, err
		}
	}
	for i := range p.load.Subscribers {
		w, err := p.worker(printer, began, fmt.Sprintf("s%d", i+1), p.load.Timeout)
		if err != nil {
			return actors, err
		}
		w.preferred = i % len(p.nodes)
		s := newSubscriber(w, p.load, ephemeral[i%len(ephemeral)])
		actors = append(actors, s)
		join := func() error { return s.overHTTP(p) }
		if p.load.Protocol == model.GRPC {
			join = func() error { return p.connect(w, nil) }
		}
		if err := join(); err != nil {
			return actors, err
		}
	}
	for i := range p.load.Servers {
		w, err := p.worker(printer, began, fmt.Sprintf("v%d", i+1), p.load.Timeout)
		if err != nil {
			return actors, err
		}
		w.preferred = i % len(p.nodes)
		actors = append(actors, newServer(w, p, i+1))
	}
	if p.load.Servers > 0 {
		persistent = append(persistent, p.service("probed", 0))
	}
	for _, script := range p.load.Scripted {
		c, err := p.scripted(printer, began, script)
		if err != nil {
			return actors, err
		}
		actors = append(actors, c)
	}
	if p.load.ObserveInterval == 0 {
		return actors, nil
	}
	for i, n := range p.nodes {
		w, err := p.worker(printer, began, "observer-"+n.Name, min(p.load.Timeout, p.load.ObserveInterval))
		if err != nil {
			return actors, err
		}
		w.preferred = i
		actors = append(actors, newObserver(w, p.load, ephemeral, persistent))
	}
	return actors, nil
}

// connect gives a worker a connection of its own if the load wants that.
func (p play) connect(w *worker, onRedo func(connected.Redo) func(client.Answer)) error {
	if p.load.Protocol != model.GRPC {
		return nil
	}
	var servers []string
	for _, n := range p.nodes {
		base, err := url.Parse(n.URL)
		if err != nil {
			return fmt.Errorf("node %s: %w", n.Name, err)
		}
		servers = append(servers, base.Host)
	}
	var err error
	w.connection, err = connected.New(connected.Options{
		Servers: servers, First: w.preferred, Namespace: cmp.Or(p.load.Namespace, model.DefaultNamespace), App: w.name,
		Timeout: p.load.Timeout, Dial: p.dial, OnRedo: onRedo, Session: w.session,
	})
	return err
}

func (p play) service(kind string, i int) model.Service {
	return p.named(fmt.Sprintf("%s-%d", kind, i+1))
}

// named is the service of that bare name.
func (p play) named(name string) model.Service {
	return model.Service{
		Namespace: cmp.Or(p.load.Namespace, model.DefaultNamespace), Group: model.DefaultGroup, Name: p.load.Prefix + name,
	}
}

// worker makes what every client needs. Each has connections of its own, as a process of its own would, and randomness of its
// own, so that what one client does never changes what another draws.
func (p play) worker(printer *history, began time.Time, name string, timeout time.Duration) (*worker, error) {
	session, err := p.session()
	if err != nil {
		return nil, err
	}
	registry, err := client.New(client.Config{Nodes: p.urls(), Timeout: timeout, Dial: p.dial, Session: session})
	if err != nil {
		return nil, err
	}
	w := &worker{name: name, history: printer, began: began, session: session}
	for _, n := range p.nodes {
		w.nodes = append(w.nodes, n.Name)
	}
	stream := fnv.New64a()
	io.WriteString(stream, name)
	w.registry, w.random = registry, rand.New(rand.NewPCG(p.seed, stream.Sum64()))
	return w, nil
}

// session is that of one client.
func (p play) session() (*login.Session, error) {
	return login.New(login.Options{Nodes: p.urls(), Name: p.name, Password: p.password, Timeout: loginTimeout, Dial: p.dial})
}

// loginTimeout is for one login at one node, which may have others to do before.
const loginTimeout = 5 * time.Second

// urls of the nodes, in order.
func (p play) urls() []string {
	urls := make([]string, len(p.nodes))
	for i, n := range p.nodes {
		urls[i] = n.URL
	}
	return urls
}
