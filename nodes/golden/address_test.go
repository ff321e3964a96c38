package golden

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInstead(t *testing.T) {
	const recorded = `{"ip": "127.0.0.1", "port": 8858, "address": "127.0.0.1:8858", "raft": "127.0.0.1:7868", "raftPort": "7858", "client": "127.0.0.1:40001", "keyword": "127.0.0.1:88"}`
	for _, test := range []struct {
		here  string
		nodes []string
		want  string
	}{
		{"127.0.0.1", Recorded(), recorded},
		{"10.0.0.4", []string{"10.0.0.1:8848", "10.0.0.2:9000", "10.0.0.3:8868"}, `{"ip":"10.0.0.2","port":9000, "address": "10.0.0.2:9000", "raft": "10.0.0.3:7868", "raftPort":"8000", "client": "10.0.0.4:40001", "keyword": "10.0.0."}`},
	} {
		i, err := newInstead(&Player{nodes: test.nodes, here: test.here})
		require.NoError(t, err)
		require.Equal(t, test.want, i.in(recorded))
	}
	i, err := newInstead(&Player{nodes: []string{"10.0.0.1:8848", "10.0.0.2:8858", "10.0.0.3:8868"}, here: "10.0.0.4"})
	require.NoError(t, err)
	require.Equal(t, `{"path":"/nacos/v1/ns/operator/distro/client","query":{"ip":"127.0.0.1"},"is":"10.0.0.1:8848"}`,
		i.in(`{"path":"/nacos/v1/ns/operator/distro/client","query":{"ip":"127.0.0.1"},"is":"127.0.0.1:8848"}`))
	require.Equal(t, `{"keyword":"198.51.100."}`, i.in(`{"keyword": "10."}`))
	_, err = newInstead(&Player{nodes: []string{"10.0.0.1"}})
	require.ErrorContains(t, err, "want ip:port")
}

func TestNewPlayer(t *testing.T) {
	_, err := NewPlayer(nil)
	require.ErrorContains(t, err, "want the addresses of three")
	p, err := NewPlayer([]string{"127.0.0.1:8858", "127.0.0.1:8848"})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", p.here)
	require.Equal(t, []string{"127.0.0.1:8848", "127.0.0.1:8858", "127.0.0.1:8848"}, []string{p.node(0), p.node(1), p.node(2)})
}
