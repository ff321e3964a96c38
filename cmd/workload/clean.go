package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"muster/model"
	"muster/nodes/client"
)

const (
	// cleanTimeout is for one request; whoever cleans up is in no hurry.
	cleanTimeout = 5 * time.Second
	// cleanRounds and cleanPause: an instance that was deregistered is listed for up to two more seconds (sync and view delay),
	// and until then its service cannot be deleted.
	cleanRounds = 15
	cleanPause  = 2 * time.Second
)

// clean empties a namespace: it takes off every instance and deletes every service of the default group there. It refuses the
// default namespace, which is never a run's own.
func (p play) clean(ctx context.Context, namespace string, log *slog.Logger) error {
	if namespace == model.DefaultNamespace {
		return fmt.Errorf("--clean %s: this is everybody's namespace; want one of the run's own", namespace)
	}
	session, err := p.session()
	if err != nil {
		return err
	}
	registry, err := client.New(client.Config{Nodes: p.urls(), Timeout: cleanTimeout, Dial: p.dial, Session: session})
	if err != nil {
		return err
	}
	defer registry.HangUp()
	var left error
	for round := range cleanRounds {
		if round > 0 {
			select {
			case <-ctx.Done():
				return errors.Join(left, ctx.Err())
			case <-time.After(cleanPause):
			}
		}
		services, answer := registry.ListServices(ctx, client.From(0), namespace, model.DefaultGroup)
		if answer.Outcome != model.OK {
			left = fmt.Errorf("list the services of %s: %w", namespace, answer.Err)
			continue
		}
		if len(services) == 0 {
			log.Info("workload.cleaned", "namespace", namespace)
			return nil
		}
		left = fmt.Errorf("%d services are left in %s", len(services), namespace)
		for _, service := range services {
			if err := cleanService(ctx, registry, service); err != nil {
				left = errors.Join(left, err)
			}
		}
	}
	return left
}

// cleanService takes off a service's instances, and deletes it once it lists none.
func cleanService(ctx context.Context, registry *client.Client, service model.Service) error {
	instances, answer := registry.List(ctx, client.From(0), service, model.ReadLocal)
	if answer.Outcome != model.OK {
		return fmt.Errorf("list %s: %w", service, answer.Err)
	}
	var failed []error
	for _, instance := range instances {
		if answer := registry.Deregister(ctx, client.From(0), service, instance); answer.Outcome != model.OK {
			failed = append(failed, fmt.Errorf("deregister %s of %s: %w", instance.Address(), service, answer.Err))
		}
	}
	if len(instances) > 0 {
		return errors.Join(failed...)
	}
	if answer := registry.DeleteService(ctx, client.From(0), service); answer.Outcome != model.OK {
		return fmt.Errorf("delete %s: %w", service, answer.Err)
	}
	return nil
}
