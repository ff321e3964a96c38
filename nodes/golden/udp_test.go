package golden

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParsePush(t *testing.T) {
	shown, number, err := parsePush([]byte(`{"type":"dom","data":"{\"hosts\":[]}","lastRefTime":17}`))
	require.NoError(t, err)
	require.Equal(t, int64(17), number)
	require.JSONEq(t, `{"type":"dom","data":{"hosts":[]},"lastRefTime":17}`, string(shown))
	for _, text := range []string{"", "[]", `{"data":"{"}`, `{"data":7}`} {
		_, _, err := parsePush([]byte(text))
		require.Error(t, err, text)
	}
	_, _, err = unpack([]byte{0x1f, 0x8b, 1})
	require.Error(t, err)
}

// Two sockets of a case: one pushes to the other as a registry would.
func TestDatagramSteps(t *testing.T) {
	p := &play{player: &Player{here: recordedHost}, names: names{}, sockets: map[string]*udpSocket{}, stepped: time.Now()}
	run := func(text string) []Difference {
		s, err := p.names.read([]byte(text))
		require.NoError(t, err)
		_, found := p.datagramStep(s)
		return found
	}
	require.Equal(t, differ("the case opened no such socket"), run(`{"udp":"a","quiet_ms":1}`))
	require.Empty(t, run(`{"udp":"a","open":true}`))
	require.Empty(t, run(`{"udp":"b","open":true}`))
	require.Equal(t, differ("nothing came that could be acknowledged"), run(`{"udp":"a","ack":{}}`))
	push := func() {
		_, err := p.sockets["b"].WriteTo([]byte(`{"data":"{\"n\":1}","lastRefTime":7}`), p.sockets["a"].LocalAddr())
		require.NoError(t, err)
	}
	push()
	require.Empty(t, run(`{"udp":"a","push":{"compressed":false,"json":{"data":{"n":2},"lastRefTime":7}},"volatile":["/data/n"],"until_ms":5000,"then_ack":true}`))
	require.Empty(t, run(`{"udp":"a","ack":{"lastRefTime":"${lastRefTime}"}}`))
	for _, want := range []string{`{"type":"push-ack","lastRefTime":7,"data":""}`, `{"lastRefTime":7}`} {
		require.NoError(t, p.sockets["b"].receive(time.Now().Add(time.Minute)))
		require.Equal(t, want, string(p.sockets["b"].last))
	}
	push()
	require.Len(t, run(`{"udp":"a","push":{"compressed":true,"json":{"data":{"n":2}}},"until_ms":5000,"not_before_ms":90000}`), 4)
	push()
	require.Empty(t, run(`{"udp":"a","push":{"compressed":false,"json":{"data":{"n":1},"lastRefTime":7}},"until_ms":5000,"repeats":true}`))
	push()
	require.Len(t, run(`{"udp":"a","quiet_ms":5000}`), 1)
	require.Empty(t, run(`{"udp":"a","quiet_ms":1}`))
	require.Empty(t, run(`{"udp":"a","close":true}`))
	require.Len(t, run(`{"udp":"a","push":{"json":{}},"until_ms":1}`), 1)
}
