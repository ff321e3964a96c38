package scenarios

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/checker"
	"muster/model"
	"muster/model/run"
)

func TestOver(t *testing.T) {
	killed, err := Find("leader-killed")
	require.NoError(t, err)
	require.NotContains(t, replayCommand(StageSimulated, killed, 7), "--protocol")

	over := killed.Over(model.GRPC)
	require.NoError(t, over.Validate())
	require.Equal(t, model.GRPC, over.Load.Protocol)
	require.Positive(t, over.Load.Subscribers)
	require.Equal(t, over.Bounds.UnhealthyAfter, over.Bounds.RemovedAfter, "its instances are never unhealthy: they go")
	require.Equal(t, settled.Converge, over.Bounds.Converge)
	require.Equal(t, killed.Plan, over.Plan)
	require.Contains(t, replayCommand(StageSimulated, over, 7), "leader-killed --seed 7 --protocol grpc")
	for protocol, want := range map[model.Protocol]string{"": "", model.HTTP: "", model.GRPC: "grpc"} {
		driver, err := newDriver(&fakeStage{}, killed.Over(protocol), 7, run.Folder(t.TempDir()))
		require.NoError(t, err)
		require.Equal(t, want, driver.run.Protocol)
	}
	details, err := over.JSON()
	require.NoError(t, err)
	again, err := Parse(details)
	require.NoError(t, err)
	require.Equal(t, over, again, "what a run folder keeps runs again alike")

	over.Profiles = []Profile{Nacos1}
	require.ErrorContains(t, over.Validate(), "protocol grpc, which nodes of the profile nacos1 do not speak")

	back := over.Over(model.HTTP)
	require.Equal(t, 30*time.Second, back.Bounds.OrDefaults().RemovedAfter)
	require.Equal(t, killed.Bounds, back.Bounds)

	silent, err := Find("connections-silent")
	require.NoError(t, err)
	require.Equal(t, silent, silent.Over(model.GRPC), "it is so already")
	require.Equal(t, checker.Holds, silent.Expect[checker.Expiry])

	udp, err := Find("datagrams")
	require.NoError(t, err)
	require.Equal(t, []run.Kind{run.KindLossyLink, run.KindHeal}, udp.Over(model.GRPC).Plan.Kinds(), "there are no datagrams over connections")
	for _, name := range []string{"power-cut", "lying-disks"} {
		all, err := Find(name)
		require.NoError(t, err)
		require.Contains(t, all.Expect, checker.NoGhost)
		require.NotContains(t, all.Over(model.GRPC).Expect, checker.NoGhost)
	}
	require.Contains(t, killed.Over(model.GRPC).Expect, checker.NoGhost)
}
