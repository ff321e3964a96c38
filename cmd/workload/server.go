package main

import (
	"context"
	"net"
	"net/url"
	"time"

	"muster/model"
)

// server provides a persistent instance, as a database does: it listens, has the instance registered, and is not heard of again.
// At times it does not listen, as if its process had died.
type server struct {
	*worker
	play     play
	instance model.Instance
	service  model.Service
	outages  []model.Outage
	listener net.Listener
}

func newServer(w *worker, p play, number int) *server {
	s := &server{worker: w, play: p, service: p.service("probed", 0)}
	s.instance = model.Instance{Cluster: model.DefaultCluster, Weight: 1, Healthy: true, Enabled: true}
	for _, outage := range p.load.OutagesInOrder() {
		if outage.Server == number {
			s.outages = append(s.outages, outage)
		}
	}
	return s
}

// work listens, registers, and is gone when the load says so.
func (s *server) work(ctx context.Context) {
	if !s.until(ctx, s.at(s.play.load.WarmUp)) || !s.start(ctx) || !s.register(ctx) {
		return
	}
	for _, outage := range s.outages {
		if !s.until(ctx, s.at(outage.From)) {
			return
		}
		s.stop()
		if outage.For == 0 {
			return
		}
		if !s.until(ctx, s.at(outage.From+outage.For)) || !s.start(ctx) {
			return
		}
	}
}

// start listens, where it did before if it did, and says so. It tries until it can: a node must be there to be reached from somewhere,
// and somebody may have taken the port. False if the run ends before.
func (s *server) start(ctx context.Context) bool {
	for {
		node := s.play.nodes[s.preferred]
		listener, err := s.play.listen(ctx, node.URL, s.instance.Port)
		if err == nil {
			s.listener = listener
			break
		}
		s.moveOn()
		if !s.until(ctx, time.Now().Add(retryDelay)) {
			return false
		}
	}
	at := s.listener.Addr().(*net.TCPAddr)
	s.instance.IP, s.instance.Port = at.IP.String(), at.Port
	go welcome(s.listener)
	s.tell(model.ServerListens)
	return true
}

// welcome takes connections and has nothing to say to them.
func welcome(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		connection.Close()
	}
}

// stop listens no more. It says so before, so that nobody can have noticed earlier.
func (s *server) stop() {
	s.tell(model.ServerGone)
	s.listener.Close()
}

// register asks one node after another until one has registered the instance. False if the run ends before.
func (s *server) register(ctx context.Context) bool {
	instance := s.instance
	operation := model.Record{Call: model.Register, Service: s.service, Instance: &instance}
	for {
		number := s.number()
		if s.ask(ctx, s.preferred, operation).Outcome == model.OK {
			return true
		}
		if operation.Repeats == 0 {
			operation.Repeats = number
		}
		s.moveOn()
		if !s.until(ctx, time.Now().Add(retryDelay)) {
			return false
		}
	}
}

// tell prints what has become of the server.
func (s *server) tell(event model.Call) {
	instance := s.instance
	s.history.print(model.Record{Client: s.name, Phase: model.Event, Call: event, Service: s.service, Instance: &instance})
}

func (s *server) close() {
	if s.listener != nil {
		_ = s.listener.Close() // it may be gone already
	}
	s.worker.close()
}

// listenFor opens a port at the address of this machine from which a node is reached: by that the node can reach it, too.
func listenFor(ctx context.Context, node string, port int) (net.Listener, error) {
	to, err := url.Parse(node)
	if err != nil {
		return nil, err
	}
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", to.Host)
	if err != nil {
		return nil, err
	}
	connection.Close()
	return net.ListenTCP("tcp", &net.TCPAddr{IP: connection.LocalAddr().(*net.TCPAddr).IP, Port: port})
}
