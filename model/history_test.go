package model

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOperations(t *testing.T) {
	record := func(at time.Duration, client string, op int64, phase Phase) Record {
		return Record{T: at * time.Second, Client: client, Op: op, Phase: phase, Call: Register}
	}
	type ending struct {
		invoked, completed time.Duration
		phase              Phase
		why                string
	}
	cases := map[string]struct {
		records []Record
		want    []ending
	}{
		"answered": {
			[]Record{record(1, "c1", 1, Invoke), record(2, "c1", 1, OK)},
			[]ending{{1, 2, OK, ""}},
		},
		"the same numbers of two clients": {
			[]Record{record(1, "c1", 1, Invoke), record(2, "c2", 1, Invoke), record(3, "c2", 1, Fail), record(4, "c1", 1, OK)},
			[]ending{{1, 4, OK, ""}, {2, 3, Fail, ""}},
		},
		"never answered": {
			[]Record{record(1, "c1", 1, Invoke), record(3, "c1", 0, Event)},
			[]ending{{1, 9, Unknown, "no answer before the run ended"}},
		},
		"a number used again while it is open": {
			[]Record{record(1, "c1", 1, Invoke), record(5, "c1", 1, Invoke), record(6, "c1", 1, OK)},
			[]ending{{1, 5, Unknown, "the client used its number again"}, {5, 6, OK, ""}},
		},
		"a number used again once it is done": {
			[]Record{record(1, "c1", 1, Invoke), record(2, "c1", 1, OK), record(5, "c1", 1, Invoke), record(6, "c1", 1, OK)},
			[]ending{{1, 2, OK, ""}, {5, 6, OK, ""}},
		},
		"an answer to nothing": {[]Record{record(6, "c1", 1, OK)}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []ending
			for _, o := range (History{Header: Header{End: 9 * time.Second}, Records: c.records}).Operations() {
				got = append(got, ending{o.Invoked.T / time.Second, o.Completed.T / time.Second, o.Completed.Phase, o.Completed.Error})
			}
			require.Equal(t, c.want, got)
		})
	}
}
