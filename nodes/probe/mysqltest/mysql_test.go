package mysqltest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"testing"
	"time"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/probe"
	"muster/nodes/registry"
)

const (
	master   = "show global variables where variable_name='read_only'"
	patience = 20 * time.Second
)

// serve runs a MySQL server until the test ends.
func serve(t *testing.T) *net.TCPAddr {
	databases := memory.NewDBProvider(memory.NewDatabase("registry"))
	engine := sqle.NewDefault(databases)
	engine.Analyzer.Catalog.MySQLDb.AddRootAccount()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	mysql, err := server.NewServer(server.Config{Protocol: "tcp", Listener: listener, Address: listener.Addr().String()},
		engine, sql.NewContext, memory.NewSessionBuilder(databases), nil)
	require.NoError(t, err)
	go mysql.Start()
	t.Cleanup(func() { require.NoError(t, mysql.Close()) })
	return listener.Addr().(*net.TCPAddr)
}

// checked registers an instance whose checks are quick, and returns its health whenever it is asked.
func checked(t *testing.T, at *net.TCPAddr, healthy bool, fields string) func() bool {
	state := registry.New(registry.Options{Self: "a:1"})
	apply := func(_ context.Context, command registry.Command) error {
		text, err := command.Encode()
		if err != nil {
			return err
		}
		refused, _ := state.ApplyCommand(text).(error)
		return refused
	}
	prober := probe.New(probe.Options{Registry: state, Propose: apply, Log: slog.New(slog.DiscardHandler)})
	service := model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "database"}
	switches := registry.DefaultSwitches()
	switches.MySQLHealth = registry.HealthParams{Min: 1, Max: 20, Factor: 0.1}
	metadata := registry.NewServiceMetadata(false)
	checker := registry.HealthChecker{Type: "MYSQL"}
	require.NoError(t, json.Unmarshal([]byte(fields), &checker.Settings))
	metadata.Clusters = map[string]registry.ClusterMetadata{"DEFAULT": {UseInstancePort: true, Checker: checker}}
	instance := &registry.Published{IP: "127.0.0.1", Port: at.Port, Cluster: "DEFAULT", Healthy: healthy, Weight: 1, Enabled: true}
	for _, command := range []registry.Command{
		{Kind: registry.SetSwitches, Switches: &switches},
		{Kind: registry.SetCluster, Service: service, ServiceMetadata: &metadata},
		{Kind: registry.RegisterPersistent, Service: service, Instance: instance},
	} {
		require.NoError(t, apply(t.Context(), command))
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { prober.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	return func() bool {
		published, _ := state.Published(service, registry.ClientID("127.0.0.1", at.Port, false))
		return published.Healthy
	}
}

func TestMySQLServerThatAnswersIsHealthy(t *testing.T) {
	at := serve(t)
	for _, command := range []string{"select 1", master, "show databases"} {
		health := checked(t, at, false, `{"user":"root","pwd":"","cmd":"`+command+`"}`)
		require.Eventually(t, health, patience, 10*time.Millisecond, command)
	}
}

func TestMySQLServerThatDoesNotAnswerIsNot(t *testing.T) {
	at := serve(t)
	for _, fields := range []string{
		`{"user":"stranger","pwd":"wrong","cmd":"select 1"}`,
		`{"user":"root","pwd":"","cmd":"select nonsense from nowhere"}`,
	} {
		health := checked(t, at, true, fields)
		require.Eventually(t, func() bool { return !health() }, patience, 10*time.Millisecond, fields)
	}
}

func TestMySQLServerThatTakesNoWritesIsNoMaster(t *testing.T) {
	at := serve(t)
	require.NoError(t, sql.SystemVariables.SetGlobal(sql.NewEmptyContext(), "read_only", true))
	defer func() { require.NoError(t, sql.SystemVariables.SetGlobal(sql.NewEmptyContext(), "read_only", false)) }()
	health := checked(t, at, true, `{"user":"root","pwd":"","cmd":"`+master+`"}`)
	require.Eventually(t, func() bool { return !health() }, patience, 10*time.Millisecond)
	other := checked(t, at, false, `{"user":"root","pwd":"","cmd":"select 1"}`)
	require.Eventually(t, other, patience, 10*time.Millisecond, "another command does not ask")
}
