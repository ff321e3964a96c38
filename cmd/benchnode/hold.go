package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"muster/nodes/loopback"
)

// settleTime is how long a node has, after it was told of much, to come to rest.
const settleTime = 3 * time.Second

// hold registers so many instances at a node over HTTP.
func hold(ctx context.Context, n *node, count int, ephemeral bool) error {
	return withHTTP(ctx, n, func(conns []*httpConn) error {
		return spread(0, count, func(worker, i int) error {
			service, instance := instanceOf(i, services, ephemeral)
			return conns[worker].register(service, instance)
		})
	})
}

// memory measures by how much a node's resident memory is more when it holds ephemeral instances, each of a client of its own.
func memory(ctx context.Context, s settings) (f figure, err error) {
	err = onNode(ctx, s, func(n *node) error {
		before, err := n.memory()
		if err != nil {
			return err
		}
		count := s.times(held)
		if err := hold(ctx, n, count, true); err != nil {
			return err
		}
		time.Sleep(settleTime)
		if err := holds(ctx, n, count); err != nil {
			return err
		}
		after, err := n.memory()
		if err != nil {
			return err
		}
		f.Memory = float64(after-before) / 1e6 * held / float64(count)
		return nil
	})
	return f, err
}

// counted is how many instances a node has.
func counted(ctx context.Context, n *node) (int, error) {
	c, err := dialHTTP(ctx, n.address)
	if err != nil {
		return 0, err
	}
	text, err := c.ask(http.MethodGet, "operator/metrics", "onlyStatus=false")
	if err = errors.Join(err, c.Close()); err != nil {
		return 0, err
	}
	var metrics struct {
		Instances int `json:"instanceCount"`
	}
	if err := json.Unmarshal(text, &metrics); err != nil {
		return 0, fmt.Errorf("metrics of the node: %w", err)
	}
	return metrics.Instances, nil
}

// holds fails if a node has not so many instances.
func holds(ctx context.Context, n *node, want int) error {
	count, err := counted(ctx, n)
	if err == nil && count != want {
		err = fmt.Errorf("the node holds %d instances; want %d", count, want)
	}
	return err
}

// boot measures how long a node takes until it serves clients, where its data folder holds instances.
func boot(ctx context.Context, s settings) (f figure, err error) {
	folder, err := os.MkdirTemp("", "benchnode")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	address, err := freeAddress()
	if err != nil {
		return f, err
	}
	count := s.times(held)
	for _, work := range []func(*node) error{
		func(n *node) error { return hold(ctx, n, count, false) },
		func(n *node) error {
			f.Seconds = n.started.Seconds()
			return holds(ctx, n, count)
		},
	} {
		n, err := startNode(ctx, s.registry, address, folder)
		if err != nil {
			return f, err
		}
		if err := errors.Join(work(n), n.stop()); err != nil {
			return f, err
		}
	}
	return f, nil
}

// syncing measures how long a node takes until it serves clients and knows what the other member knows.
func syncing(ctx context.Context, s settings) (f figure, err error) {
	folder, err := os.MkdirTemp("", "benchnode")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	members, err := loopback.Addresses(2)
	if err != nil {
		return f, err
	}
	var nodes [2]*node
	start := func(i int) (err error) {
		nodes[i], err = startNode(ctx, s.registry, members[i], filepath.Join(folder, fmt.Sprint(i)), members...)
		return err
	}
	defer func() {
		for _, n := range nodes {
			if n != nil {
				err = errors.Join(err, n.stop())
			}
		}
	}()
	var both errgroup.Group // neither serves clients before a majority is there
	for i := range nodes {
		both.Go(func() error { return start(i) })
	}
	if err := both.Wait(); err != nil {
		return f, err
	}
	return f, restarted(ctx, s, nodes[:], start, &f)
}

// restarted stops the second node, has clients of the first hold instances, and starts the second again.
func restarted(ctx context.Context, s settings, nodes []*node, start func(int) error, f *figure) error {
	if err := nodes[1].stop(); err != nil {
		return err
	}
	return withGRPC(ctx, nodes[0], connections, nil, func(conns []*grpcConn) error {
		count := s.times(held)
		const batch = 500
		if err := spread(0, count/batch, func(worker, i int) error {
			return conns[worker].registerBatch(ctx, batchService(i), i*batch, batch)
		}); err != nil {
			return err
		}
		want := count / batch * batch
		if err := holds(ctx, nodes[0], want); err != nil {
			return err
		}
		began := time.Now()
		if err := start(1); err != nil {
			return err
		}
		for {
			has, err := counted(ctx, nodes[1])
			if err != nil {
				return err
			}
			if has == want {
				f.Seconds = time.Since(began).Seconds()
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
			if time.Since(began) > startTime {
				return fmt.Errorf("after %v the node knows %d instances of %d", startTime, has, want)
			}
		}
	})
}
