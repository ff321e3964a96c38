package auth

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// While one password is hashed and as many wait as may, others are refused at once, and so is who has enough wait at the same address; who
// is not waited for any more leaves the queue.
func TestPasswordsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, hashed := newPasswords(), make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		var answers []error
		told := make(chan error)
		guess := func(from string) {
			go func() { told <- p.inTurn(ctx, from, func() error { <-hashed; return nil }) }()
		}
		hear := func() []error {
			for {
				synctest.Wait()
				select {
				case err := <-told:
					answers = append(answers, err)
					continue
				default:
				}
				heard := answers
				answers = nil
				return heard
			}
		}
		for range passwordsPerAddress + 12 {
			guess("10.0.0.1")
		}
		require.Equal(t, repeated(ErrBusy, 12), hear())
		for i := range passwordsAtOnce + passwordsWaiting {
			guess(fmt.Sprintf("10.0.1.%d", i))
		}
		require.Equal(t, repeated(ErrBusy, passwordsPerAddress), hear())
		leave()
		left := hear()
		require.Len(t, left, passwordsWaiting)
		for _, err := range left {
			require.True(t, errors.Is(err, ErrBusy) && errors.Is(err, context.Canceled), err)
		}
		close(hashed)
		require.Equal(t, repeated(nil, 1), hear())
		require.NoError(t, p.inTurn(t.Context(), "10.0.0.1", func() error { return nil }), "the queue is free again")
		require.Empty(t, p.from)
	})
}

func repeated(err error, times int) []error {
	var all []error
	for range times {
		all = append(all, err)
	}
	return all
}
