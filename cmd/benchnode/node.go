package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"muster/nodes/loopback"
	"muster/nodes/rpc"
)

// startTime is how long a node has to answer.
const startTime = 60 * time.Second

// node is a node's process.
type node struct {
	// address is that of its HTTP API.
	address string
	// started is how long it took until it answered clients.
	started time.Duration
	command *exec.Cmd
	// ended is closed when the process has ended.
	ended chan struct{}
	log   string
}

// startNode starts a node with a data folder, alone or as one of several members, and waits until it serves clients.
func startNode(ctx context.Context, program, address, folder string, members ...string) (*node, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	arguments := []string{"--addr", address, "--data", filepath.Join(folder, "data"), "--health-checks=false"}
	if len(members) > 0 {
		arguments = append(arguments, "--members", strings.Join(members, ","))
	}
	n := &node{address: address, command: exec.Command(program, arguments...), ended: make(chan struct{}), log: log.Name()}
	n.command.Stderr = log
	began := time.Now()
	if err := n.command.Start(); err != nil {
		return nil, fmt.Errorf("start a node: %w", err)
	}
	go func() {
		defer close(n.ended)
		_ = n.command.Wait() // how it ended is in its log
	}()
	if err := n.ready(ctx); err != nil {
		return nil, errors.Join(err, n.stop())
	}
	n.started = time.Since(began)
	return n, nil
}

// ready waits until clients can connect: the node opens their ports last, gRPC's after HTTP's.
func (n *node) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	at, err := rpc.Offset(n.address, rpc.SDKOffset)
	if err != nil {
		return err
	}
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", at)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the node at %s does not answer; see %s: %w", n.address, n.log, err)
		case <-n.ended:
			text, _ := os.ReadFile(n.log) // the message is of use without it
			return fmt.Errorf("the node at %s has ended: %s", n.address, bytes.TrimSpace(text))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stop ends the node in good order, or else without.
func (n *node) stop() error {
	if err := n.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the node: %w", err)
	}
	select {
	case <-n.ended:
	case <-time.After(startTime):
		_ = n.command.Process.Kill() // it has ended just now, if this fails
		<-n.ended
	}
	return nil
}

// tick is the unit of processor time in /proc (USER_HZ, the same on all of Linux's architectures that Go runs on).
const tick = 10 * time.Millisecond

// processor is the processor time that the node has used.
func (n *node) processor() (time.Duration, error) {
	text, err := n.proc("stat")
	if err != nil {
		return 0, err
	}
	return processorTime(text)
}

// processorTime reads it from a process's stat file: the 14th and the 15th field, utime and stime (proc_pid_stat(5)). The second is a name
// in brackets, which may hold anything.
func processorTime(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("stat file %q: want 15 fields at least", stat)
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("stat file %q: %w", stat, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// memory is the node's resident memory in bytes.
func (n *node) memory() (int64, error) {
	text, err := n.proc("statm")
	if err != nil {
		return 0, err
	}
	return residentMemory(text)
}

// residentMemory reads it from a process's statm file: the second field, in pages.
func residentMemory(statm string) (int64, error) {
	fields := strings.Fields(statm)
	if len(fields) < 2 {
		return 0, fmt.Errorf("statm file %q: want 2 fields at least", statm)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("statm file %q: %w", statm, err)
	}
	return pages * int64(os.Getpagesize()), nil
}

func (n *node) proc(file string) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", n.command.Process.Pid, file))
	if err != nil {
		return "", fmt.Errorf("look at the node's process: %w; want Linux", err)
	}
	return string(text), nil
}

// freeAddress is where a node can listen.
func freeAddress() (string, error) {
	addresses, err := loopback.Addresses(1)
	if err != nil {
		return "", err
	}
	return addresses[0], nil
}
