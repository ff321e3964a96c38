//go:build !wasip1

package main

import (
	"context"
	"os/signal"
	"syscall"
)

// untilTold returns a context that ends when the process is told to end.
func untilTold(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
}
