package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"muster/model"
)

// pushTime is how long subscribers may wait for a push.
const pushTime = 10 * time.Second

// arrival is a push that has come in.
type arrival struct {
	at   time.Time
	body []byte
}

// push measures how long after a change of a service of so many instances its subscribers hear of it, and what that costs the node,
// whatever else it does meanwhile included. The next change comes when all have heard of the one before.
func push(instances, changes int) func(context.Context, settings) (figure, error) {
	return func(ctx context.Context, s settings) (f figure, err error) {
		pushes := make(chan arrival, 10*subscribers)
		arrived := func(_ int, body []byte) { pushes <- arrival{time.Now(), body} }
		err = onNode(ctx, s, func(n *node) error {
			return withGRPC(ctx, n, subscribers, arrived, func(conns []*grpcConn) error {
				for i, c := range conns {
					if err := c.subscribe(ctx, asked()); err != nil {
						return err
					}
					own := 1
					if i == 1 {
						own += instances - subscribers
					}
					if err := c.registerBatch(ctx, asked(), i*instances, own); err != nil {
						return err
					}
				}
				quiet(pushes)
				f, err = timedPushes(ctx, n, max(1, int(float64(changes)*s.scale)), conns[0], pushes, complete(instances))
				return err
			})
		})
		return f, err
	}
}

// quiet waits until no more pushes come.
func quiet(pushes <-chan arrival) {
	for {
		select {
		case <-pushes:
		case <-time.After(3 * time.Second):
			return
		}
	}
}

// timedPushes changes an instance, which is registered with another port, and waits until all subscribers know, again and again.
func timedPushes(ctx context.Context, n *node, changes int, by *grpcConn, pushes <-chan arrival, complete check) (f figure, err error) {
	before, err := n.processor()
	if err != nil {
		return f, err
	}
	began := time.Now()
	var delays []float64
	for change := range changes {
		_, instance := instanceOf(0, services, true)
		instance.Port = 10_000 + change
		changed := time.Now()
		if err := by.register(ctx, asked(), instance); err != nil {
			return f, err
		}
		took, err := awaitPushes(changed, instance, pushes, complete)
		if err != nil {
			return f, fmt.Errorf("change %d: %w", change, err)
		}
		delays = append(delays, took...)
	}
	after, err := n.processor()
	if err != nil {
		return f, err
	}
	slices.Sort(delays)
	f.Processor = float64((after - before).Microseconds()) / float64(len(delays))
	f.Rate = float64(len(delays)) / time.Since(began).Seconds()
	f.Half, f.Most = delays[len(delays)*50/100], delays[len(delays)*99/100]
	return f, nil
}

// awaitPushes waits until all subscribers were told of an instance, and says after how many ms each was.
func awaitPushes(changed time.Time, instance model.Instance, pushes <-chan arrival, complete check) (delays []float64, err error) {
	limit := time.After(pushTime)
	shown := fmt.Appendf(nil, `"port":%d,`, instance.Port)
	for len(delays) < subscribers {
		select {
		case push := <-pushes:
			if err := complete(push.body, nil); err != nil {
				return nil, err
			}
			if bytes.Contains(push.body, shown) {
				delays = append(delays, push.at.Sub(changed).Seconds()*1000)
			}
		case <-limit:
			return nil, fmt.Errorf("%d of %d subscribers were told within %v", len(delays), subscribers, pushTime)
		}
	}
	return delays, nil
}

// check looks at a list that a node answered with, or at the error that it did not.
type check func(list []byte, err error) error

// complete makes sure that a list holds as many instances as were registered: a node that answers with less is not to be called fast.
func complete(want int) check {
	return func(list []byte, err error) error {
		if err != nil {
			return err
		}
		if count := bytes.Count(list, []byte(`"ip":`)); count != want {
			return fmt.Errorf("a list of %d instances; want %d: %.200s", count, want, list)
		}
		return nil
	}
}
