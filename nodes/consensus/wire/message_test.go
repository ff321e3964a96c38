package wire

import (
	"math/rand"
	"reflect"
	"testing"
	"testing/quick"
	"time"

	"github.com/hashicorp/raft"
	"github.com/stretchr/testify/require"
)

// messages are one of each type.
var messages = []any{
	&raft.AppendEntriesRequest{}, &raft.AppendEntriesResponse{}, &raft.RequestVoteRequest{}, &raft.RequestVoteResponse{},
	&raft.RequestPreVoteRequest{}, &raft.RequestPreVoteResponse{}, &raft.InstallSnapshotRequest{}, &raft.InstallSnapshotResponse{},
	&raft.TimeoutNowRequest{}, &raft.TimeoutNowResponse{}, &Question{},
}

// random makes a message of a type in which every field says something, but those that raft calls deprecated.
func random(t *testing.T, like any, with *rand.Rand) any {
	message := reflect.New(reflect.TypeOf(like).Elem())
	for i := range message.Elem().NumField() {
		field := message.Elem().Field(i)
		switch name := message.Elem().Type().Field(i).Name; name {
		case "Leader", "Candidate", "Peers":
		case "Entries":
			entries := make([]*raft.Log, 1+with.Intn(3))
			for i := range entries {
				entries[i] = &raft.Log{
					Index: with.Uint64(), Term: with.Uint64(), Type: raft.LogType(with.Intn(256)), Data: []byte{byte(with.Int())}, Extensions: []byte("extension"),
					AppendedAt: time.Unix(0, with.Int63()),
				}
			}
			field.Set(reflect.ValueOf(entries))
		case "Size":
			field.SetInt(with.Int63())
		case "Configuration", "Text":
			field.SetBytes([]byte{byte(with.Int())})
		default:
			value, able := quick.Value(field.Type(), with)
			require.True(t, able, name)
			field.Set(value)
		}
	}
	header := message.Elem().FieldByName("RPCHeader").Addr().Interface().(*raft.RPCHeader)
	*header = raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte("a:8848"), Addr: []byte("a:7848")}
	return message.Interface()
}

// A field that raft adds one day is noticed here: it is not read back.
func TestMessagesAreReadAsTheyWereWritten(t *testing.T) {
	with := rand.New(rand.NewSource(1))
	for _, like := range messages {
		t.Run(reflect.TypeOf(like).Elem().Name(), func(t *testing.T) {
			for range 50 {
				want := random(t, like, with)
				text, err := encode([]byte("before"), want)
				require.NoError(t, err)
				require.Equal(t, "before", string(text[:6]))
				text = text[6:]
				got := reflect.New(reflect.TypeOf(like).Elem()).Interface()
				require.NoError(t, decode(text, got))
				require.Equal(t, want, got)

				require.ErrorContains(t, decode(append(text, 0), got), "1 bytes are left behind the message")
				for size := range text {
					require.Error(t, decode(text[:size:size], reflect.New(reflect.TypeOf(like).Elem()).Interface()), "of %d bytes %d", len(text), size)
				}
			}
		})
	}
	_, err := encode(nil, raft.Log{})
	require.ErrorContains(t, err, "is no message")
}

func TestMessagesThatCannotBe(t *testing.T) {
	head := []byte{3, 0, 0} // version, no name, no address
	for _, test := range []struct {
		name, want string
		into       any
		text       []byte
	}{
		{"more entries than bytes", "4 bytes cannot hold 200 entries", new(raft.AppendEntriesRequest), []byte{1, 0, 0, 0, 200, 1, 0, 0, 0, 0}},
		{"an entry of a type beyond all", "an entry of type 256", new(raft.AppendEntriesRequest), []byte{1, 0, 0, 0, 1, 1, 1, 128, 2, 0, 0, 0}},
		{"neither true nor false", "a boolean of 2", new(raft.RequestVoteResponse), []byte{1, 2}},
		{"less than no snapshot", "a snapshot of -1 bytes", new(raft.InstallSnapshotRequest), []byte{1, 1, 1, 1, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}},
		{"a number beyond 64 bits", "too early", new(raft.InstallSnapshotResponse), []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.ErrorContains(t, decode(append(head[:3:3], test.text...), test.into), test.want)
		})
	}
}

// FuzzMessages reads anything as each of the messages. What can be read is written and read again alike.
func FuzzMessages(f *testing.F) {
	with := rand.New(rand.NewSource(2))
	for i, like := range messages {
		text, err := encode(nil, random(&testing.T{}, like, with))
		require.NoError(f, err)
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		kind := reflect.TypeOf(messages[int(which)%len(messages)]).Elem()
		first, second := reflect.New(kind).Interface(), reflect.New(kind).Interface()
		if decode(text, first) != nil {
			return
		}
		again, err := encode(nil, first)
		require.NoError(t, err)
		require.NoError(t, decode(again, second))
		require.Equal(t, first, second)
	})
}
