package sdk

import (
	"context"
	"log/slog"

	"muster/nodes/auth"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// Options of the handlers.
type Options struct {
	Registry *registry.Registry
	Log      *slog.Logger
	// IP is this node's own.
	IP string
	// Propose brings a command to the Raft group.
	Propose func(context.Context, registry.Command) error
	// Auth says who may do what; nil: everybody everything.
	Auth *auth.Guard
	// Barrier returns when this node has applied everything that was acknowledged before the call. Nil: no linearizable reads.
	Barrier func(context.Context) error
	// Most is how many connections may be set up at once, MostPerIP how many from one address; 0: as many as there are.
	Most, MostPerIP int
}

// handlers answer naming requests.
type handlers struct{ options Options }

// namingModule is the label of connections that publish and subscribe; others only ask.
const namingModule = "naming"

// New makes the server for SDKs.
func New(options Options) *rpc.SDK {
	server := rpc.NewSDK(rpc.SDKOptions{
		Log: options.Log,
		IP:  options.IP,
		Opened: func(c *rpc.Connection) {
			if c.Labels["module"] == namingModule {
				options.Registry.Connect(registry.Connection{ID: c.ID, App: appOf(c), Agent: c.ClientVersion, IP: c.IP, Port: c.Port})
			}
		},
		Closed: func(c *rpc.Connection) { options.Registry.Disconnect(c.ID) },
		Most:   options.Most, MostPerIP: options.MostPerIP,
	})
	h := handlers{options}
	rpc.Handle(server.Server, h.instance)
	rpc.Handle(server.Server, h.batch)
	rpc.Handle(server.Server, h.persistent)
	rpc.Handle(server.Server, h.query)
	rpc.Handle(server.Server, h.list)
	rpc.Handle(server.Server, h.subscribe)
	return server
}

// appOf is the application's name as its connection states it.
func appOf(c *rpc.Connection) string {
	if app := c.Labels["AppName"]; app != "" {
		return app
	}
	return "-"
}
