package sdk_test

import (
	"testing"

	"muster/nodes/golden/goldentest"
)

// TestGolden replays what a real Nacos 2.5.1 cluster answered over gRPC against three nodes.
func TestGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("replays in real time for about a minute: run without -short")
	}
	goldentest.Test(t, goldentest.StartCluster(t), "grpc-connection", "grpc-instance", "grpc-query", "grpc-subscribe")
}
