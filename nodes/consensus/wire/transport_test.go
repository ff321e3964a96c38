package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

const patience = 20 * time.Second

// stream is TCP on loopback, and counts how often it dialled.
type stream struct {
	net.Listener
	dialled atomic.Int64
}

func (s *stream) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	s.dialled.Add(1)
	return net.DialTimeout("tcp", string(to), timeout)
}

func listen(t *testing.T, tune func(*Config)) (*Transport, *stream) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	over := &stream{Listener: listener}
	config := Config{Stream: over, Idle: 1, Timeout: patience, Logger: hclog.NewNullLogger()}
	if tune != nil {
		tune(&config)
	}
	transport := New(config)
	t.Cleanup(func() { transport.Close() })
	return transport, over
}

var header = raft.RPCHeader{ProtocolVersion: 3, ID: []byte("a"), Addr: []byte("a:1")}

func TestRequestsAreAnswered(t *testing.T) {
	caller, over := listen(t, nil)
	called, _ := listen(t, nil)
	to := called.LocalAddr()
	answer := func(response any, err error) any {
		request := <-called.Consumer()
		request.Respond(response, err)
		return request.Command
	}
	failed := make(chan error, 1)

	large := &raft.AppendEntriesRequest{RPCHeader: header, Term: 7, PrevLogEntry: 3, Entries: []*raft.Log{{Index: 4, Data: bytes.Repeat([]byte("x"), 1<<20)}}}
	var followed raft.AppendEntriesResponse
	go func() { failed <- caller.AppendEntries("b", to, large, &followed) }()
	require.Equal(t, large, answer(&raft.AppendEntriesResponse{Term: 7, LastLog: 4, Success: true}, nil))
	require.NoError(t, <-failed)
	require.Equal(t, raft.AppendEntriesResponse{Term: 7, LastLog: 4, Success: true}, followed)

	vote := &raft.RequestVoteRequest{RPCHeader: header, Term: 8, LastLogIndex: 4, LastLogTerm: 7, LeadershipTransfer: true}
	go func() { failed <- caller.RequestVote("b", to, vote, new(raft.RequestVoteResponse)) }()
	require.Equal(t, vote, answer(nil, errors.New("not today")))
	require.EqualError(t, <-failed, "not today")

	var granted raft.RequestPreVoteResponse
	preVote := &raft.RequestPreVoteRequest{RPCHeader: header, Term: 9}
	go func() { failed <- caller.RequestPreVote("b", to, preVote, &granted) }()
	require.Equal(t, preVote, answer(&raft.RequestPreVoteResponse{Granted: true}, nil))
	require.NoError(t, <-failed)
	require.True(t, granted.Granted)

	now := &raft.TimeoutNowRequest{RPCHeader: header}
	go func() { failed <- caller.TimeoutNow("b", to, now, new(raft.TimeoutNowResponse)) }()
	require.Equal(t, now, answer(&raft.TimeoutNowResponse{}, nil))
	require.NoError(t, <-failed)
	require.EqualValues(t, 1, over.dialled.Load(), "all went over one connection")
}

func TestSnapshotsFollowOnTheirRequest(t *testing.T) {
	caller, over := listen(t, nil)
	called, _ := listen(t, nil)
	content := strings.Repeat("state", 1<<16)
	failed := make(chan error, 1)
	for i := range 2 {
		go func() {
			request := &raft.InstallSnapshotRequest{RPCHeader: header, SnapshotVersion: 1, Size: int64(len(content))}
			failed <- caller.InstallSnapshot("b", called.LocalAddr(), request, new(raft.InstallSnapshotResponse), strings.NewReader(content))
		}()
		request := <-called.Consumer()
		got, err := io.ReadAll(request.Reader)
		require.NoError(t, err)
		require.Equal(t, content, string(got))
		request.Respond(&raft.InstallSnapshotResponse{Success: true}, nil)
		require.NoError(t, <-failed)
		require.EqualValues(t, i+1, over.dialled.Load(), "each has a connection of its own")
	}
}

func TestHeartbeatsPassTheConsumer(t *testing.T) {
	caller, _ := listen(t, nil)
	called, _ := listen(t, nil)
	called.SetHeartbeatHandler(func(beat raft.RPC) { beat.Respond(&raft.AppendEntriesResponse{Success: true}, nil) })
	var response raft.AppendEntriesResponse
	beat := &raft.AppendEntriesRequest{RPCHeader: header, Term: 1}
	require.NoError(t, caller.AppendEntries("b", called.LocalAddr(), beat, &response), "nobody consumes")
	require.True(t, response.Success)

	called.SetHeartbeatHandler(nil)
	failed := make(chan error, 1)
	go func() { failed <- caller.AppendEntries("b", called.LocalAddr(), beat, &response) }()
	request := <-called.Consumer()
	request.Respond(&response, nil)
	require.NoError(t, <-failed)
}

func TestWhatIsNotAdmittedIsAnswered(t *testing.T) {
	caller, over := listen(t, nil)
	called, _ := listen(t, func(config *Config) { config.Admit = func(any) error { return errors.New("a stranger") } })
	for range 2 {
		err := caller.RequestVote("b", called.LocalAddr(), &raft.RequestVoteRequest{RPCHeader: header}, new(raft.RequestVoteResponse))
		require.EqualError(t, err, "a stranger")
	}
	require.EqualValues(t, 1, over.dialled.Load())
}

// Whoever says what no member says is cut off, and it is told why.
func TestMalformedMessagesEndTheConnection(t *testing.T) {
	refusals := make(chan error, 1)
	called, _ := listen(t, func(config *Config) { config.Refused = func(_ net.Addr, err error) { refusals <- err } })
	for _, test := range []struct{ name, said, want string }{
		{"another protocol", "GET / HTTP/1.1\r\n\r\n", `the other end begins with "GET / HTTP/1.1" where members of this version say "muster raft 2\n"`},
		{"raft's own transport", "\x00\x8a\xa4Addr\xa6b:7848\xa7Entries", "want members that speak the same version of it"},
		{"an earlier version", "muster raft 1\n", "want members that speak the same version of it"},
		{"nothing", greeting + "\x00\x00\x00\x00", "a malformed message of 0 bytes; want 1 to 1073741824"},
		{"too much", greeting + "\x40\x00\x00\x01\x01", "a malformed message of 1073741825 bytes"},
		{"no kind", greeting + "\x00\x00\x00\x01\x63", "a malformed message of kind 99; want 1 to 6"},
		{"too short for its kind", greeting + "\x00\x00\x00\x02\x05\x03", "read a *raft.TimeoutNowRequest: the message ends too early"},
	} {
		t.Run(test.name, func(t *testing.T) {
			connection, err := net.Dial("tcp", string(called.LocalAddr()))
			require.NoError(t, err)
			defer connection.Close()
			_, err = io.WriteString(connection, test.said)
			require.NoError(t, err)
			require.ErrorContains(t, <-refusals, test.want)
			_, _ = io.Copy(io.Discard, connection) // it ends
		})
	}
}

// told has a transport whose requests are all answered in the same words, after which the connection ends.
func told(t *testing.T, answer string) *Transport {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			accepted, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = accepted.Read(make([]byte, 1<<10))
			_, _ = io.WriteString(accepted, answer)
			accepted.Close()
		}
	}()
	transport, _ := listen(t, func(config *Config) { config.Addresses = at(listener.Addr().String()) })
	return transport
}

func TestAnswersThatCannotBe(t *testing.T) {
	for _, test := range []struct{ name, answer, want string }{
		{"none", "", "closed the connection in the place of an answer"},
		{"another version's", "muster raft 9\n", `the other end begins with "muster raft 9\n"`},
		{"half of one", greeting + "\x00\x00\x00\x09\x00", "unexpected EOF"},
		{"of no kind", greeting + "\x00\x00\x00\x01\x07", "an answer of kind 7; want 0 or 1"},
		{"junk", greeting + "\x00\x00\x00\x02\x00\xff", "read a *raft.RequestVoteResponse: the message ends too early"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := told(t, test.answer).RequestVote("b", "b:1", &raft.RequestVoteRequest{RPCHeader: header}, new(raft.RequestVoteResponse))
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestRequestsEndInTime(t *testing.T) {
	caller, _ := listen(t, func(config *Config) { config.Timeout = time.Millisecond })
	called, _ := listen(t, nil)
	err := caller.RequestVote("b", called.LocalAddr(), &raft.RequestVoteRequest{RPCHeader: header}, new(raft.RequestVoteResponse))
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
}

func TestCloseEndsConnectionsThatCameIn(t *testing.T) {
	caller, _ := listen(t, nil)
	called, _ := listen(t, nil)
	failed := make(chan error, 1)
	go func() {
		failed <- caller.RequestVote("b", called.LocalAddr(), &raft.RequestVoteRequest{RPCHeader: header}, new(raft.RequestVoteResponse))
	}()
	<-called.Consumer()
	require.NoError(t, called.Close())
	require.NoError(t, called.Close(), "again")
	require.Error(t, <-failed)
}

// Raft may be busy for longer than somebody wants to wait for it.
func TestInjectionEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := &Transport{consumer: make(chan raft.RPC), closed: make(chan struct{})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		busy.Inject(ctx, &raft.AppendEntriesRequest{})
		require.Error(t, ctx.Err())
	})
}
