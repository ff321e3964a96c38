package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
)

func TestRaft(t *testing.T) {
	l := newLab(t, sim.Options{Seed: 1})
	raft := load(t, "raft")
	for _, name := range []string{"n1", "n2", "n3"} {
		l.boot(name, raft, "-name", name, "-members", "n1,n2,n3")
	}
	start := time.Now()
	l.run(20 * time.Second)
	fmt.Println(time.Since(start))
	for _, m := range l.Machines() {
		fmt.Println(m.Name(), m.Status(), m.MemorySize()>>20, m.Wakes(), m.Exit())
	}
	fmt.Println(l.said("n1"))
	fmt.Println(l.said("n2"))
	fmt.Println(l.TraceRecords())
	require.True(t, true)
}
