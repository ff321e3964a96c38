package consensus

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/anypb"

	"muster/nodes/consensus/wire"
	"muster/nodes/rpc"
)

// recorder is the far end of a connection: it keeps what is said, and answers nothing.
type recorder struct {
	net.Conn
	said bytes.Buffer
}

func (r *recorder) Write(text []byte) (int, error)                           { return r.said.Write(text) }
func (r *recorder) Read([]byte) (int, error)                                 { return 0, io.EOF }
func (r *recorder) Close() error                                             { return nil }
func (r *recorder) SetDeadline(time.Time) error                              { return nil }
func (r *recorder) Accept() (net.Conn, error)                                { return nil, net.ErrClosed }
func (r *recorder) Addr() net.Addr                                           { return address("b:7848") }
func (r *recorder) Dial(raft.ServerAddress, time.Duration) (net.Conn, error) { return r, nil }

// onWire is what members send when they do something.
func onWire(do func(*wire.Transport)) []byte {
	recorder := new(recorder)
	transport := wire.New(wire.Config{Stream: recorder, Logger: hclog.NewNullLogger()})
	defer transport.Close()
	do(transport)
	return recorder.said.Bytes()
}

// FuzzRaftPort sends anything to a raft port, past the introduction. Whatever it is, it does not end the program, what reaches raft is what the
// gate checks, and it does not take much more memory than it is long.
func FuzzRaftPort(f *testing.F) {
	header := raft.RPCHeader{ProtocolVersion: 3, ID: []byte("b:8848"), Addr: []byte("b:7848")}
	for _, do := range []func(*wire.Transport){
		func(to *wire.Transport) {
			to.AppendEntries("", "", &raft.AppendEntriesRequest{RPCHeader: header, Term: 2, PrevLogEntry: 1, Entries: []*raft.Log{{Index: 2, Term: 2, Data: []byte("x")}}}, nil)
		},
		func(to *wire.Transport) {
			to.AppendEntries("", "", &raft.AppendEntriesRequest{RPCHeader: header, Term: 2}, nil)
		},
		func(to *wire.Transport) {
			to.RequestVote("", "", &raft.RequestVoteRequest{RPCHeader: header, Term: 9, LeadershipTransfer: true}, nil)
		},
		func(to *wire.Transport) {
			to.RequestPreVote("", "", &raft.RequestPreVoteRequest{RPCHeader: header, Term: 9}, nil)
		},
		func(to *wire.Transport) { to.TimeoutNow("", "", &raft.TimeoutNowRequest{RPCHeader: header}, nil) },
		func(to *wire.Transport) {
			to.InstallSnapshot("", "", &raft.InstallSnapshotRequest{RPCHeader: header, SnapshotVersion: 1, Size: 3,
				Configuration: raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{{ID: "b:8848"}}})}, nil, strings.NewReader("abc"))
		},
	} {
		f.Add(onWire(do))
	}
	greeting := "muster raft 2\n"
	f.Add([]byte(greeting + "\xff\xff\xff\xff"))                                                 // a message of 4 GiB
	f.Add([]byte(greeting + "\x3f\xff\xff\xff\x01"))                                             // one of 1 GiB, of which there is a byte
	f.Add([]byte(greeting + "\x00\x00\x00\x0c\x01\x03\x00\x00\x02\x00\x00\x00\xff\xff\xff\x7f")) // 2^28 entries
	f.Add([]byte(greeting + "\x00\x00\x00\x01\x63"))                                             // of no kind
	f.Add([]byte("\x00\x8a\xa4Addr"))                                                            // as hashicorp/raft's own transport says it

	waiting := make(chan net.Conn)
	gate := openGate("a:8848", "b:8848")
	logger := newRaftLogger(slog.New(slog.DiscardHandler))
	port := newTransport(idle{offered{nil, waiting}, make(chan struct{})}, "a:7848", gate, time.Minute, logger)
	f.Cleanup(func() { port.Close() })
	go func() {
		for request := range port.Consumer() {
			if err := gate.check(request.Command); err != nil {
				panic(err)
			}
			if request.Reader != nil {
				_, _ = io.Copy(io.Discard, request.Reader)
			}
			request.Respond(&raft.AppendEntriesResponse{}, nil)
		}
	}()
	f.Fuzz(func(t *testing.T, sent []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		near, far := net.Pipe()
		waiting <- far
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			_, _ = io.Copy(io.Discard, near)
		}()
		_, _ = near.Write(sent)
		near.Close()
		<-answered
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20+100*len(sent)))
	})
}

// idle is a listener whose Accept ends when it is closed.
type idle struct {
	offered
	closed chan struct{}
}

func (i idle) Accept() (net.Conn, error) {
	select {
	case connection := <-i.waiting:
		return connection, nil
	case <-i.closed:
		return nil, net.ErrClosed
	}
}

func (i idle) Close() error { close(i.closed); return nil }

// FuzzIntroduction says anything in the place of an introduction. Nobody who does not know the secret is taken for a member.
func FuzzIntroduction(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 64))
	f.Add(bytes.Repeat([]byte("x"), 200))
	f.Fuzz(func(t *testing.T, said []byte) {
		near, far := net.Pipe()
		go func() {
			_, _ = bufio.NewReader(near).Discard(len(challenge{}))
			_, _ = near.Write(said)
			near.Close()
		}()
		require.Error(t, meet(far, "secret"))
	})
}

// FuzzConfiguration decodes anything as raft's members.
func FuzzConfiguration(f *testing.F) {
	f.Add(raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{{ID: "b:8848", Address: "b:7848"}, {Suffrage: raft.Nonvoter, ID: "c:8848"}}}))
	f.Add([]byte("\x81\xa7Servers\xdd\xff\xff\xff\xff"))
	f.Add([]byte{})
	gate := openGate("a:8848", "b:8848")
	f.Fuzz(func(t *testing.T, encoded []byte) {
		if gate.checkConfiguration(encoded) == nil {
			require.NotEmpty(t, raft.DecodeConfiguration(encoded).Servers, "what passes can be decoded")
		}
	})
}

// loneNode is one that leads itself.
func loneNode(f *testing.F) *Node {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(f, err)
	node, err := Open(Config{
		Self: "127.0.0.1:8848", DataFolder: f.TempDir(), Machine: &list{}, Listener: listener, Logger: slog.New(slog.DiscardHandler), Timeout: 50 * time.Millisecond,
		RaftAddress: func(string) (string, error) { return listener.Addr().String(), nil },
	})
	require.NoError(f, err)
	f.Cleanup(func() { node.Close(context.Background()) })
	require.Eventually(f, func() bool { return node.raft.State() == raft.Leader }, patience, time.Millisecond)
	return node
}

// FuzzQuestions asks a member anything that members ask each other.
func FuzzQuestions(f *testing.F) {
	kinds := []string{"ProgressRequest", "JoinRequest", "OperateRequest"}
	for i, body := range []string{`{}`, `{"member":"b:8848"}`, `{"command":"transferLeader","value":"127.0.0.1:7848,x"}`, `null`} {
		f.Add(uint8(i), []byte(body))
	}
	f.Add(uint8(2), []byte(`{"command":"changePeers","value":"127.0.0.1:7848"}`))
	f.Add(uint8(2), []byte(`{"command":"doSnapshot","value":"127.0.0.1:-7848"}`))
	node := loneNode(f)
	server := rpc.NewServer(slog.New(slog.DiscardHandler))
	node.Handle(server)
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		answer, err := server.Answer(t.Context(), &rpc.Payload{Metadata: &rpc.Metadata{Type: kinds[int(kind)%len(kinds)]}, Body: &anypb.Any{Value: body}})
		require.NoError(t, err)
		require.True(t, json.Valid(answer.GetBody().GetValue()))
		require.NotContains(t, string(answer.GetBody().GetValue()), "panicked")
	})
}

// FuzzForwards asks a node anything over its Raft port, past the gate.
func FuzzForwards(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01command"))
	f.Add([]byte("\x02"))
	f.Add([]byte("\x02too much"))
	node := loneNode(f)
	f.Fuzz(func(t *testing.T, question []byte) {
		answer := node.answer(question)
		require.NotEmpty(t, answer)
		switch answer[0] {
		case carriedOut, refusedByMachine:
			require.Contains(t, []byte{forwardCommand, askReadIndex}, question[0])
		case certainlyNot:
			require.NotEmpty(t, answer[1:])
		default:
			require.Fail(t, "a node that is alone always knows", "%q", answer)
		}
	})
}
