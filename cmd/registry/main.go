package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"muster/model/run"
	"muster/nodes/defect"
)

// stopTimeout bounds how long a node takes to end in good order.
const stopTimeout = 10 * time.Second

func main() { os.Exit(command(os.Args[1:])) }

// command runs the node and returns its exit status: 0 after a signal, 1 if it could not start or broke, 2 for a wrong command
// line.
func command(arguments []string) int {
	s, err := parseFlags(arguments, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: s.level})).With("node", s.address)
	signals, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := runNode(signals, s, log); err != nil {
		log.Error("the node failed", "error", err.Error())
		return 1
	}
	return 0
}

// runNode runs the node until the context ends or a part of it breaks.
func runNode(ctx context.Context, s settings, log *slog.Logger) error {
	if s.membersFile != "" || s.failpoints != "" {
		// From its first line to its last the node may be told to read these files again, and the signal must not end it. What reads
		// them listens for itself.
		hangups := make(chan os.Signal, 1)
		signal.Notify(hangups, syscall.SIGHUP)
		defer signal.Stop(hangups)
	}
	log.Info(run.EventNodeStart, "members", s.members, "build", version)
	for _, name := range defect.Enabled() {
		log.Warn(run.EventFailpointEnabled, "name", name)
	}
	if s.failpoints != "" {
		if err := breakOnPurpose(ctx, s.failpoints, log); err != nil {
			return err
		}
	}
	n, err := start(ctx, s, log)
	if err != nil {
		return err
	}
	log.Info(run.EventNodeReady)
	reason := "signal"
	select {
	case <-ctx.Done():
	case err = <-n.broken:
		reason = err.Error()
	}
	log.Info(run.EventNodeStop, "reason", reason)
	limited, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return errors.Join(err, n.stop(limited))
}
