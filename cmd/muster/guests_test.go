package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOnlyWhoeverWaitsIsToldOfABuild(t *testing.T) {
	for lasts, want := range map[time.Duration]string{slowAfter / 2: "", 2 * slowAfter: "building\n"} {
		synctest.Test(t, func(t *testing.T) {
			var said bytes.Buffer
			stop := sayIfSlow(&said, "building")
			time.Sleep(lasts)
			stop()
			require.Equal(t, want, said.String())
		})
	}
}
