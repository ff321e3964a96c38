package registry

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model"
)

// instanceCommands are all kinds that come with operations on instances.
func instanceCommands() []Command {
	service := model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}
	instance := Published{
		IP: "10.0.0.1", Port: 8080, Cluster: "DEFAULT", Healthy: true, Enabled: true, Weight: 1.5,
		InstanceID: "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@orders", App: "shop", Metadata: map[string]string{"zone": "ä"},
	}
	return []Command{
		{Kind: RegisterPersistent, Service: service, Instance: &instance},
		{Kind: DeregisterPersistent, Service: service, Instance: &Published{IP: "10.0.0.1", Port: 8080, Metadata: map[string]string{}}},
		{Kind: DeregisterPersistent, Service: service, Instance: &Published{IP: "10.0.0.1"}, MakesService: true},
		{Kind: SetHealth, Service: service, Instance: &Published{}},
		{Kind: SetInstanceMetadata, Service: service, MetadataID: "10.0.0.1:8080:DEFAULT", InstanceMetadata: &InstanceMetadata{
			Weight: 2, Enabled: true, Extend: map[string]string{"version": "2"},
		}},
		{Kind: DropInstanceMetadata, Service: service, InstanceMetadata: &InstanceMetadata{}},
	}
}

// TestScanCommand: commands about instances need no encoding/json.
func TestScanCommand(t *testing.T) {
	for _, command := range instanceCommands() {
		text, err := command.Encode()
		require.NoError(t, err)
		scanned, ok := scanCommand(text)
		require.True(t, ok, "%s", text)
		require.Equal(t, command, scanned)
	}
	for _, other := range []string{
		`{"kind":"namespace-create","namespace":{"id":"a"}}`, `{"service":"orders"}`, `{"instance":null}`, `{"instance":{"IP":"10.0.0.1"}}`, `{"kind":"register"`,
	} {
		_, ok := scanCommand([]byte(other))
		require.False(t, ok, other)
	}
}

// FuzzScanCommand: what is read without encoding/json is what encoding/json reads.
func FuzzScanCommand(f *testing.F) {
	for _, command := range instanceCommands() {
		text, err := command.Encode()
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte(`{"service":"a/b/c","service_metadata":{"ephemeral":true}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		scanned, ok := scanCommand(text)
		if !ok {
			return
		}
		var decoded Command
		require.NoError(t, json.Unmarshal(text, &decoded))
		require.Equal(t, decoded, scanned)
	})
}
