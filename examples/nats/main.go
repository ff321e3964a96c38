// Command nats is a NATS server with JetStream in a cluster: the library of nats-io/nats-server, unmodified.
package main

import (
	"flag"
	"log"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	log.SetFlags(0)
	name := flag.String("name", "n1", "the server's name, different for each")
	host := flag.String("host", "127.0.0.1", "the address to listen at, port 4222 for clients and 6222 for the cluster")
	peers := flag.String("peers", "", "the addresses of all servers of the cluster, separated by commas")
	data := flag.String("data", "/data", "the folder for JetStream")
	flag.Parse()

	options := &server.Options{
		ServerName: *name, Host: *host, Port: 4222, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: *data, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 256 << 20, SyncAlways: true,
		Cluster: server.ClusterOpts{Name: "example", Host: *host, Port: 6222, PoolSize: -1},
		// A peer that is down is told of once, and not each second.
		ConnectErrorReports: 3600, ReconnectErrorReports: 3600,
	}
	for peer := range strings.SplitSeq(*peers, ",") {
		if peer != *host && peer != "" {
			options.Routes = append(options.Routes, &url.URL{Scheme: "nats", Host: peer + ":6222"})
		}
	}
	s, err := server.NewServer(options)
	if err != nil {
		log.Fatalf("server: %v", err)
	}
	s.SetLoggerV2(notices{log.New(os.Stdout, "", 0)}, false, false, false)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		s.Shutdown()
	}()
	s.Start()
	s.WaitForShutdown()
}

// notices prints what a person wants to see of a server: who leads, and what went wrong.
type notices struct{ *log.Logger }

func (n notices) Noticef(format string, v ...any) {
	if strings.Contains(format, "leader") || strings.Contains(format, "Server is ready") || strings.Contains(format, "Starting restore") {
		n.Printf(format, v...)
	}
}
func (n notices) Warnf(format string, v ...any)  { n.Printf("warning: "+format, v...) }
func (n notices) Errorf(format string, v ...any) { n.Printf("error: "+format, v...) }
func (n notices) Fatalf(format string, v ...any) { n.Logger.Fatalf("fatal: "+format, v...) }
func (n notices) Debugf(string, ...any)          {}
func (n notices) Tracef(string, ...any)          {}
