package registry_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/nodes/registry"
)

func TestViewsLagByTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{Self: nodeA})
		require.Empty(t, r.View(orders).Hosts, "an unknown service")
		require.NoError(t, r.RegisterEphemeral(orders, instance()))
		require.Len(t, r.View(orders).Hosts, 1, "the first view is computed at once")

		second := instance()
		second.Port = 81
		require.NoError(t, r.RegisterEphemeral(orders, second))
		time.Sleep(registry.ViewDelay - time.Millisecond)
		require.Len(t, r.View(orders).Hosts, 1)
		require.True(t, r.DeregisterEphemeral(orders, "10.1.0.1", 80))
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		require.Len(t, r.View(orders).Hosts, 1, "one computation covers the burst")
		require.Equal(t, 81, r.View(orders).Hosts[0].Port)

		require.True(t, r.DeregisterEphemeral(orders, "10.1.0.1", 81))
		require.Len(t, r.View(orders).Hosts, 1)
		require.Empty(t, r.FreshView(orders).Hosts)
		require.Empty(t, r.View(orders).Hosts, "a fresh view is every reader's from then on")
	})
}

// service makes a registry whose hosts are given as "cluster:health:enabled" letters, for example "c1:H:E".
func viewOf(t *testing.T, hosts []string) *registry.View {
	r := registry.New(registry.Options{Self: nodeA})
	for i, text := range hosts {
		p := instance()
		p.Port += i
		p.Cluster, p.Healthy, p.Enabled = text[:2], text[3] == 'H', text[5] == 'E'
		require.NoError(t, r.RegisterEphemeral(orders, p))
	}
	return r.View(orders)
}

func TestSelect(t *testing.T) {
	threshold := func(n float32) *registry.ServiceMetadata { return &registry.ServiceMetadata{ProtectThreshold: n} }
	cases := map[string]struct {
		hosts     []string
		want      registry.Selection
		metadata  *registry.ServiceMetadata
		shown     string // per host, its last digit of the port and its health
		protected bool
	}{
		"all":                              {[]string{"c1:H:E", "c2:-:E"}, registry.Selection{}, nil, "0H 1-", false},
		"one cluster":                      {[]string{"c1:H:E", "c2:-:E"}, registry.Selection{Clusters: "c2"}, nil, "1-", false},
		"two clusters":                     {[]string{"c1:H:E", "c2:H:E", "c3:H:E"}, registry.Selection{Clusters: "c1,c3"}, nil, "0H 2H", false},
		"blank clusters":                   {[]string{"c1:H:E"}, registry.Selection{Clusters: " "}, nil, "0H", false},
		"unknown cluster":                  {[]string{"c1:H:E"}, registry.Selection{Clusters: "c9"}, threshold(1), "", false},
		"disabled are hidden":              {[]string{"c1:H:-", "c1:H:E"}, registry.Selection{}, nil, "1H", false},
		"healthy only":                     {[]string{"c1:H:E", "c1:-:E"}, registry.Selection{HealthyOnly: true}, nil, "0H", false},
		"without metadata nothing is kept": {[]string{"c1:-:E"}, registry.Selection{}, nil, "0-", false},
		"at the threshold":                 {[]string{"c1:H:E", "c1:-:E"}, registry.Selection{}, threshold(0.5), "0H 1H", true},
		"above the threshold":              {[]string{"c1:H:E", "c1:-:E"}, registry.Selection{}, threshold(0.4), "0H 1-", false},
		"0 of some at threshold 0":         {[]string{"c1:-:E"}, registry.Selection{}, threshold(0), "0H", true},
		"negative is 0":                    {[]string{"c1:H:E", "c1:-:E"}, registry.Selection{}, threshold(-1), "0H 1-", false},
		"all healthy at threshold 1":       {[]string{"c1:H:E"}, registry.Selection{}, threshold(1), "0H", true},
		"disabled do not count":            {[]string{"c1:H:E", "c1:-:E", "c1:-:-"}, registry.Selection{}, threshold(0.4), "0H 1-", false},
		"other clusters do not count":      {[]string{"c1:H:E", "c2:-:E"}, registry.Selection{Clusters: "c2"}, threshold(0.3), "1H", true},
		"healthy only, threshold 1":        {[]string{"c1:H:E", "c1:-:E"}, registry.Selection{HealthyOnly: true}, threshold(1), "0H", true},
		"healthy only, none is":            {[]string{"c1:-:E"}, registry.Selection{HealthyOnly: true}, threshold(1), "", false},
		"nobody":                           {nil, registry.Selection{}, threshold(1), "", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			hosts, protected := viewOf(t, c.hosts).Select(c.want, c.metadata)
			shown := ""
			for _, h := range hosts {
				health := "-"
				if h.Healthy {
					health = "H"
				}
				shown += fmt.Sprintf(" %d%s", h.Port%10, health)
			}
			require.Equal(t, c.shown, shown[min(1, len(shown)):])
			require.Equal(t, c.protected, protected)
		})
	}
}

func TestProtectionLeavesTheViewAlone(t *testing.T) {
	view := viewOf(t, []string{"c1:-:E"})
	_, protected := view.Select(registry.Selection{}, &registry.ServiceMetadata{ProtectThreshold: 1})
	require.True(t, protected)
	require.False(t, view.Hosts[0].Healthy)
}

func TestOperatorsCover(t *testing.T) {
	r := registry.New(registry.Options{Self: nodeA})
	p := instance()
	p.Metadata = map[string]string{"mine": "1", "both": "client"}
	p.Enabled = false
	require.NoError(t, r.RegisterEphemeral(orders, p))
	apply(t, r, registry.Command{Kind: registry.SetInstanceMetadata, Service: orders, MetadataID: "10.1.0.1:80:DEFAULT",
		InstanceMetadata: &registry.InstanceMetadata{Weight: 5, Enabled: true, Extend: map[string]string{"both": "operator"}}})
	apply(t, r, registry.Command{Kind: registry.SetInstanceMetadata, Service: orders, MetadataID: "10.1.0.1:80:elsewhere",
		InstanceMetadata: &registry.InstanceMetadata{Weight: 9}})
	host := hosts(r)[0]
	require.Equal(t, 5.0, host.Weight)
	require.True(t, host.Enabled)
	require.Equal(t, map[string]string{"mine": "1", "both": "operator"}, host.Metadata)
	require.Equal(t, "client", p.Metadata["both"], "what the client published is untouched")
}

func BenchmarkSelect100(b *testing.B) {
	r := registry.New(registry.Options{Self: nodeA})
	for i := range 100 {
		p := instance()
		p.Port = i
		if err := r.RegisterEphemeral(orders, p); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		r.View(orders).Select(registry.Selection{}, nil)
	}
}
