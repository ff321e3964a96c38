package simulated_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/scenarios"
	"muster/scenarios/simulated"
	"muster/sim/trace"
)

// A clock that is set back breaks no connection over gRPC, neither between nodes nor of clients: gRPC's own keep-alive would, since it tells by
// the wall clock whether the other end has answered.
func TestClocksSetBackBreakNoConnection(t *testing.T) {
	const struck = 4 * time.Second
	scenario := short(scenarios.At(struck, scenarios.ClockJump(one, -40*time.Second)), scenarios.At(struck, scenarios.ClockJump(scenarios.Clients, -40*time.Second)))
	scenario.Profiles = []scenarios.Profile{scenarios.Nacos2}
	scenario.Load.Protocol = model.GRPC
	scenario.Lasts = 30 * time.Second
	folder, err := drive(t.Context(), t, scenario)
	require.NoError(t, err)

	file, err := simulated.OpenTrace(folder)
	require.NoError(t, err)
	defer file.Close()
	reader, err := trace.NewReader(file)
	require.NoError(t, err)
	defer reader.Close()
	before := 0
	for {
		_, record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if port := record.Destination.Port(); record.Kind != trace.Connect || port != 9848 && port != 9849 {
			continue
		}
		require.Less(t, record.At, struck, "%s connects to %s anew", record.Machine, record.Destination)
		before++
	}
	require.GreaterOrEqual(t, before, 3*2+2, "nodes and clients have connected")
}
