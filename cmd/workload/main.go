package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"muster/model"
	"muster/model/run"
)

func main() {
	ctx, stop := untilTold(context.Background())
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

// command is the whole program: its arguments, its output, its exit status.
func command(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	order, err := parse(arguments, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return statusDone
	case err != nil:
		log.Error("workload.usage", "error", err.Error())
		return statusUsage
	}
	if order.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, order.length)
		defer cancel()
	}
	play := order.play
	if order.clean != "" {
		if err := play.clean(ctx, order.clean, log); err != nil {
			log.Error("workload.failed", "error", err.Error())
			return statusFailed
		}
		return statusDone
	}
	log.Info("workload.start", "seed", play.seed, "nodes", play.nodes, "load", play.load)
	operations, err := play.run(ctx, stdout)
	if err != nil {
		log.Error("workload.failed", "error", err.Error(), "operations", operations)
		return statusFailed
	}
	log.Info("workload.end", "operations", operations)
	return statusDone
}

// node is one member of the registry cluster.
type node struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// order is what the command line asks for.
type order struct {
	play play
	// length is how long to play; 0: until told to end.
	length time.Duration
	// clean is a namespace to empty instead of playing.
	clean string
}

// parse reads the command line.
func parse(arguments []string, usage io.Writer) (order, error) {
	flags := flag.NewFlagSet("workload", flag.ContinueOnError)
	flags.SetOutput(usage)
	nodes := flags.String("nodes", "", "the cluster: `NAME=URL,…`, such as n1=http://10.0.0.1:8848,n2=http://10.0.0.2:8848")
	load := flags.String("load", "", "what the clients do: `JSON` of model.Load")
	seed := flags.Uint64("seed", 1, "what the clients draw their choices from")
	length := flags.Duration("for", 0, "end after so long; 0: when told to")
	cleaned := flags.String("clean", "", "play nothing: take off every instance and service of this `NAMESPACE`")
	if err := flags.Parse(arguments); err != nil {
		return order{}, err
	}
	if flags.NArg() > 0 {
		return order{}, fmt.Errorf("unexpected argument %q: want flags only", flags.Arg(0))
	}
	if *length < 0 {
		return order{}, fmt.Errorf("--for %v: want 0 or more", *length)
	}
	p := play{seed: *seed, pushes: func() (net.PacketConn, error) { return net.ListenPacket("udp4", ":0") }, listen: listenFor}
	if p.name = os.Getenv(run.EnvUsername); p.name != "" {
		if p.password = os.Getenv(run.EnvPassword); p.password == "" {
			return order{}, fmt.Errorf("%s is %s, and there is no %s: want both, to log in, or none", run.EnvUsername, p.name, run.EnvPassword)
		}
	}
	var err error
	if p.nodes, err = parseNodes(*nodes); err != nil {
		return order{}, fmt.Errorf("--nodes: %w", err)
	}
	if *cleaned != "" {
		if *load != "" {
			return order{}, errors.New("--load and --clean: want one of them, to play or to clean up")
		}
		return order{play: p, length: *length, clean: *cleaned}, nil
	}
	if p.load, err = parseLoad(*load); err != nil {
		return order{}, fmt.Errorf("--load: %w", err)
	}
	return order{play: p, length: *length}, nil
}

func parseNodes(text string) ([]node, error) {
	if text == "" {
		return nil, errors.New("want at least one NAME=URL, such as n1=http://10.0.0.1:8848")
	}
	var nodes []node
	seen := map[string]bool{}
	for _, part := range strings.Split(text, ",") {
		name, url, found := strings.Cut(part, "=")
		switch {
		case !found || name == "" || url == "":
			return nil, fmt.Errorf("%q: want NAME=URL, such as n1=http://10.0.0.1:8848", part)
		case seen[name]:
			return nil, fmt.Errorf("the name %s stands there twice", name)
		}
		seen[name] = true
		nodes = append(nodes, node{name, url})
	}
	return nodes, nil
}

func parseLoad(text string) (model.Load, error) {
	var load model.Load
	if text == "" {
		return load, errors.New("want the JSON of a load, such as {\"persistent_clients\":3,\"persistent_services\":1,…}")
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&load); err != nil {
		return load, fmt.Errorf("want the JSON of a load: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return load, errors.New("want one JSON object and nothing after it")
	}
	return load, load.Validate()
}
