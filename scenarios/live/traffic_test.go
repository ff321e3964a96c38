package live

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/scenarios"
)

// What tc says (iproute2 6.x) of a narrow way and of one that loses packets.
const (
	classesSaid = `class htb 1:1 root prio 0 rate 10Gbit ceil 10Gbit burst 0b cburst 0b 
 Sent 21882 bytes 21 pkt (dropped 0, overlimits 0 requeues 0) 
 backlog 0b 0p requeues 0

class htb 1:12 root prio 0 rate 160Kbit ceil 160Kbit burst 1600b cburst 1600b 
 Sent 21882 bytes 17 pkt (dropped 0, overlimits 20 requeues 0) 
 backlog 4168b 4p requeues 0
`
	qdiscsSaid = `qdisc htb 1: root refcnt 2 r2q 10 default 0x1 direct_packets_stat 0 direct_qlen 1000
 Sent 43764 bytes 42 pkt (dropped 0, overlimits 20 requeues 0) 
 backlog 4168b 4p requeues 0
qdisc netem 8001: parent 1:12 limit 1000 delay 10ms loss 20%
 Sent 1000 bytes 10 pkt (dropped 3, overlimits 0 requeues 0) 
 backlog 0b 0p requeues 0
`
)

func TestTrafficOnBadLinksIsEvidence(t *testing.T) {
	var counted traffic
	require.NoError(t, counted.count(classesSaid, qdiscsSaid))
	require.Equal(t, traffic{sent: 17, waited: 20, worsened: 10, lost: 3}, counted)
	require.Equal(t, traffic{sent: 2, waited: 1, worsened: 1}, counted.since(traffic{sent: 15, waited: 19, worsened: 9, lost: 3}))
	require.Equal(t, counted, counted.since(traffic{sent: 100}), "it began anew")
	for kind, want := range map[run.Kind]scenarios.Evidence{
		run.KindNarrowLink: {Bit: true, Text: "packets had to wait 20 times, 17 went through"},
		run.KindLossyLink:  {Bit: true, Text: "3 packets lost, 10 went through"},
		run.KindSlowLink:   {Bit: true, Text: "10 packets on bad links"},
	} {
		require.Equal(t, want, counted.evidence(kind))
		require.False(t, traffic{sent: 17}.evidence(kind).Bit, "what only passes proves nothing of %s", kind)
	}
}

// TestANarrowWayHoldsPacketsBack has the kernel shape a way, which it can where it has sch_htb and cls_u32.
func TestANarrowWayHoldsPacketsBack(t *testing.T) {
	n := machinesForTest(t, "n1", "n2", "clients")
	if _, err := exec.LookPath("tc"); err != nil {
		t.Skip("SKIPPED: install iproute2 to have links of the live stage tested")
	}
	way := scenarios.Way{From: "n1", To: "n2"}
	if err := n.shape(t.Context(), map[scenarios.Way]shape{way: {rate: 1000}}); err != nil {
		require.ErrorIs(t, err, scenarios.ErrUnsupported)
		t.Skip("SKIPPED: this kernel cannot shape links; run this on one with what is missing: " + err.Error())
	}
	require.NoError(t, on(t, n, "n1", "flood", n.address("n2")).Run())
	counted, err := n.traffic(t.Context())
	require.NoError(t, err)
	require.True(t, counted.evidence(run.KindNarrowLink).Bit, "%+v", counted)

	require.NoError(t, n.shape(t.Context(), nil))
	counted, err = n.traffic(t.Context())
	require.NoError(t, err)
	require.Zero(t, counted, "nothing is shaped any more")
}

func TestStanding(t *testing.T) {
	found, err := parseStanding("4711 (a (very) odd) name) T 1 4711 4711 0 -1 4194304 100 0 0 0 12 3 0 0 20 0 9 0 100 1 2")
	require.NoError(t, err)
	require.Equal(t, standing{stopped: true, used: 150 * time.Millisecond}, found)
	for _, wrong := range []string{"", "1 (x) S 1 2", "1 (x) S 1 1 1 0 -1 0 0 0 0 0 x 3 0"} {
		_, err := parseStanding(wrong)
		require.ErrorContains(t, err, "/proc/PID/stat")
	}
}
