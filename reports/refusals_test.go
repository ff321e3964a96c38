package reports

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"muster/model"
	"muster/model/run"
)

// TestReasonsAreAlike: errors of one cause read alike, and those of two causes do not.
func TestReasonsAreAlike(t *testing.T) {
	for name, test := range map[string]struct {
		errors []string
		want   string
	}{
		"a request that a node passed on in vain, its answer cut off": {
			[]string{
				`POST /instance: status 500: "{\"timestamp\":\"2026-01-01T00:00:17.012+00:00\",\"status\":500,\"error\":\"Internal Server Error\",\"message\":\"Server failed, caused: Post \\\"http://10.0.0.2:8848/nacos/v1/ns/instance?clusterName=DEFAULT&enabled"…`,
				`POST /instance: status 500: "{\"timestamp\":\"2026-01-01T00:00:21.9+0000\",\"status\":500,\"error\":\"Internal Server Error\",\"message\":\"Server failed, caused: Post \\\"http://10.0.0.13:8848/nacos/v1/ns/instance?clusterName=DEFAULT&en\\"…`,
			},
			"status 500: Server failed, caused: Post …",
		},
		"the same, whole": {
			[]string{`PUT /instance: status 500: "{\"message\":\"Server failed, caused: Put \\\"http://10.0.0.2:8848/x\\\": dial tcp 10.0.0.2:8848: i/o timeout;\",\"path\":\"/x\"}"`},
			"status 500: Server failed, caused: Put …: dial tcp …: i/o timeout;",
		},
		"a leader is missing, whatever was asked": {
			[]string{`POST /instance: status 500: "caused: no leader is known;"`, `DELETE /instance: status 500: "caused: no leader is known;"`},
			"status 500: caused: no leader is known;",
		},
		"another status is another cause": {
			[]string{`POST /instance: status 503: "caused: no leader is known;"`},
			"status 503: caused: no leader is known;",
		},
		"an apostrophe quotes nothing": {
			[]string{`GET /instance/list: status 500: "no leader is known; read=local answers from this node's memory, and no other node's"`},
			"status 500: no leader is known; read=local answers from this node's memory, and no other node's",
		},
		"time-outs": {
			[]string{"GET /instance/list: no answer within 2s: context deadline exceeded", "PUT /instance: no answer within 1m1.5s: context deadline exceeded"},
			"no answer within …: context deadline exceeded",
		},
		"addresses": {
			[]string{
				"PUT /instance: read tcp 10.0.0.9:4411->10.0.0.1:8848: read: connection reset by peer",
				"PUT /instance: read tcp [fd00::9]:4411->[fd00::1]:8848: read: connection reset by peer",
				"PUT /instance: read tcp client.local:4411->n2:8848: read: connection reset by peer",
			},
			"read tcp …: read: connection reset by peer",
		},
		"over gRPC": {
			[]string{"ServiceQueryRequest: error 500: the leader 10.0.0.3:8848 says: no", "ServiceQueryRequest: error 500: the leader 10.0.0.1:8848 says: no"},
			"error 500: the leader … says: no",
		},
		"a code that the client knows": {
			[]string{"PUT /instance/beat: the registry does not know this instance (code 20404)"},
			"the registry does not know this instance (code 20404)",
		},
		"services": {
			[]string{
				`PUT /instance: refused with status 400: "service orders not found, DEFAULT_GROUP@@orders, Service{name='orders', revision=3}"`,
				`PUT /instance: refused with status 400: "service orders not found, DEFAULT_GROUP@@bills, Service{name='bills', revision=12}"`,
			},
			"refused with status 400: service … not found, …, Service{name=…, revision=…}",
		},
		"an answer cut off within its last word": {
			[]string{
				`GET /instance/list: status 500: "no linearizable read now: rpc error: read tcp 10.0.0.1:40->10.0.0.2:9848: use of c"…`,
				`GET /instance/list: status 500: "no linearizable read now: rpc error: read tcp 10.0.0.1:4011->10.0.0.12:9848: use of closed ne"…`,
			},
			"status 500: no linearizable read now: rpc error: read tcp …: …",
		},
		"no text at all":         {[]string{""}, "no reason given"},
		"a quote without an end": {[]string{`POST /instance: status 500: "half`}, "status 500: …"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range test.errors {
				o := model.Operation{Invoked: model.Record{Service: model.Service{Name: "orders"}}, Completed: model.Record{Error: text}}
				require.Equal(t, test.want, reasonOf(o), text)
			}
		})
	}
	require.Equal(t, "status 404", reasonOf(model.Operation{Completed: model.Record{Status: 404}}))
}

// refused makes operations at every given second that all end in the same way.
func refused(invoked model.Record, phase model.Phase, text string, at ...int) []model.Operation {
	var all []model.Operation
	for _, second := range at {
		completed := model.Record{Phase: phase, Error: text, T: time.Duration(second) * time.Second}
		all = append(all, model.Operation{Invoked: invoked, Completed: completed})
	}
	return all
}

func TestRefusalsAreGrouped(t *testing.T) {
	write := model.Record{Call: model.Register, Node: "n1"}
	elsewhere := model.Record{Call: model.Register, Node: "n2"}
	read := model.Record{Call: model.Query, Read: model.ReadLinearizable, Node: "n1"}
	observed := model.Record{Call: model.Observe, Node: "n1"}
	const why = "dial tcp 10.0.0.1:8848: connect: connection refused"
	operations := slices.Concat(
		refused(write, model.Fail, why, 9, 4), refused(write, model.OK, "", 5), refused(observed, model.Fail, why, 5),
		refused(read, model.Fail, why, 3), refused(elsewhere, model.Fail, why, 6, 7, 8), refused(write, model.Unknown, why, 2),
	)
	const text = "dial tcp …: connect: connection refused"
	require.Equal(t, []refusal{
		{"n2", "persistent write", "failed", "bad", text, 3, 6 * time.Second, 8 * time.Second},
		{"n1", "persistent write", "failed", "bad", text, 2, 4 * time.Second, 9 * time.Second},
		{"n1", "persistent write", "unknown", "unsure", text, 1, 2 * time.Second, 2 * time.Second},
		{"n1", "linearizable read", "failed", "bad", text, 1, 3 * time.Second, 3 * time.Second},
	}, refusalsOf(operations))
	require.Empty(t, refusalsOf(refused(write, model.OK, "", 1, 2)))
}

func TestCutsSpareClients(t *testing.T) {
	strike := func(kind run.Kind, machines ...string) run.Strike { return run.Strike{Kind: kind, Machines: machines} }
	skipped := strike(run.KindIsolate, "n1")
	skipped.Skipped = "this stage cannot"
	for name, test := range map[string]struct {
		strikes []run.Strike
		want    bool
	}{
		"no fault":                      {nil, false},
		"no cut":                        {[]run.Strike{strike(run.KindCrash, "n1"), strike(run.KindHeal)}, false},
		"a node":                        {[]run.Strike{strike(run.KindIsolate, "n1"), strike(run.KindHeal)}, true},
		"two sides":                     {[]run.Strike{strike(run.KindPartition, "n1", "n2", "n3")}, true},
		"the clients":                   {[]run.Strike{strike(run.KindIsolate, "clients")}, false},
		"a node, and later the clients": {[]run.Strike{strike(run.KindIsolate, "n1"), strike(run.KindPartition, "n1", "clients")}, false},
		"a cut that was not made":       {[]run.Strike{skipped}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, cutsSpareClients(newFixture(1).run(), run.Plan{Strikes: test.strikes}))
		})
	}
}

// refusing changes every record of a fixture's history that says how an operation failed, and writes the page anew.
func refusing(t *testing.T, change func(number int, completed *model.Record)) (*story, *html.Node) {
	t.Helper()
	folder := newFixture(1).write(t, run.Folder(t.TempDir()))
	history, err := folder.ReadHistory()
	require.NoError(t, err)
	number := 0
	for i := range history.Records {
		if r := &history.Records[i]; r.Call != model.Observe && (r.Phase == model.Fail || r.Phase == model.Unknown) {
			change(number, r)
			number++
		}
	}
	var text bytes.Buffer
	require.NoError(t, model.WriteHistory(&text, history))
	require.NoError(t, folder.WriteFile(run.HistoryFile, text.Bytes()))
	require.NoError(t, WriteRun(t.Context(), folder))
	_, root := parsePage(t, folder.Path(run.ReportFile))
	s, err := readStory(t.Context(), folder)
	require.NoError(t, err)
	return s, root
}

func TestRunPageSaysWhatClientsWereRefused(t *testing.T) {
	s, root := refusing(t, func(_ int, r *model.Record) {
		r.Error = `POST /instance: status 500: "Server failed, caused: Post \"http://10.0.0.2:8848/nacos\""`
	})
	section := textOf(byID(t, root, "refusals"))
	require.Contains(t, section, "unknown status 500: Server failed, caused: Post …")
	require.NotContains(t, section, "Not shown")
	require.Contains(t, textOf(byID(t, root, "clients-stay")), "no cut parts from any node")

	counted := 0
	for _, o := range s.Figures.Operations {
		counted += o.Failed + o.Unknown
	}
	require.Positive(t, counted)
	require.Equal(t, counted, s.refusals().Total, "as many as the figures count")
	require.Contains(t, section, fmt.Sprintf("%d operations did not succeed", counted))
}

func TestManyRefusalsAreCutShort(t *testing.T) {
	s, root := refusing(t, func(number int, r *model.Record) {
		r.Error = "cause " + string(rune('a'+number%26))
	})
	shown := s.refusals()
	require.Len(t, shown.Rows, refusalsShown)
	require.Positive(t, shown.RowsLeftOut)
	left := shown.Total
	for _, row := range shown.Rows {
		left -= row.Count
	}
	require.Equal(t, left, shown.LeftOut)
	require.Contains(t, textOf(byID(t, root, "refusals")), fmt.Sprintf("Not shown: %d more rows, of %d operations.", shown.RowsLeftOut, shown.LeftOut))
}

func TestNothingRefusedIsNotShown(t *testing.T) {
	_, root := refusing(t, func(_ int, r *model.Record) { r.Phase, r.Error = model.OK, "" })
	require.Empty(t, elements(root, func(n *html.Node) bool {
		return attribute(n, "id") == "refusals" || attribute(n, "id") == "clients-stay"
	}))
}
