package openapi_test

import (
	"testing"

	"muster/nodes/golden/goldentest"
)

// TestGolden replays what a real Nacos 2.5.1 cluster answered over HTTP against three nodes.
func TestGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("replays in real time for about half a minute: run without -short")
	}
	goldentest.Test(t, goldentest.StartCluster(t), "v1-instance", "v1-instance-errors", "v1-service", "v1-operator", "v1-udp",
		"v2-instance", "v2-service", "v2-errors", "v2-client", "v2-core")
}

// TestGoldenOne replays what a real Nacos 1.4.8 cluster answered over HTTP and pushed over UDP against three nodes of that profile.
func TestGoldenOne(t *testing.T) {
	if testing.Short() {
		t.Skip("replays in real time for about half a minute: run without -short")
	}
	goldentest.Test(t, goldentest.StartCluster(t, "--profile", "nacos1"), "nacos1-http", "nacos1-udp")
}
