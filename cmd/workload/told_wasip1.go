package main

import "context"

// untilTold returns a context that nobody ends but the program: wasip1 has no signals. Asking for them all the same would cost
// dearly, for there Go's runtime waits for signals in a loop that never sleeps (notetsleepg of runtime/lock_wasip1.go).
func untilTold(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
