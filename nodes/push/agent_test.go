package push_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/push"
	"muster/nodes/registry"
)

func TestTakes(t *testing.T) {
	switches := registry.DefaultSwitches()
	for agent, takes := range map[string]bool{
		"Nacos-Java-Client:v1.4.0": true, "Nacos-Java-Client:v1.4.0-SNAPSHOT": true, "Nacos-Java-Client:v0.0.9": false, "Nacos-Java-Client": false,
		"Nacos-Go-Client:v0.1": true, "Nacos-Go-Client:v0": false, "Nacos-DNS:v0.4.2": false, "Nacos-DNS:v0.5": true, "curl/8": false, "": false,
	} {
		require.Equal(t, takes, push.Takes(agent, switches), agent)
	}
	switches.PushEnabled = false
	require.False(t, push.Takes("Nacos-Java-Client:v1.4.0", switches))
}
