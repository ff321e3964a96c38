package golden

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatrix(t *testing.T) {
	results := []Result{
		{File: "f", Case: "a", Topic: "udp", Outcome: Strict},
		{File: "f", Case: "b", Topic: "beat", Outcome: Compatible, Differences: minor("the text | differs")},
		{File: "f", Case: "c", Topic: "beat", Outcome: Different, Differences: append(minor("small"), differ("large")...)},
		{File: "f", Case: "d", Topic: "beat", Outcome: Skipped},
		{File: "f", Case: "e", Topic: "beat", Outcome: Strict},
	}
	m := MatrixOf(results)
	require.Equal(t, Count{Strict: 2, Compatible: 1, Different: 1, Skipped: 1}, m.All)
	require.Equal(t, []Row{{"beat", Count{1, 1, 1, 1}}, {"udp", Count{Strict: 1}}}, m.Rows)
	require.Equal(t, `topic  cases  strictly alike   compatible  different  skipped
-------------------------------------------------------------
beat       3      1 (33.3 %)   2 (66.7 %)          1        1
udp        1     1 (100.0 %)  1 (100.0 %)          0        0
-------------------------------------------------------------
all        4      2 (50.0 %)   3 (75.0 %)          1        1
`, m.String())
	text := Markdown(results, map[string]string{"f/c": "on purpose"})
	require.Contains(t, text, "| `f/b` | compatible | the text \\| differs |  |")
	require.Contains(t, text, "| `f/c` | different | large | on purpose |")
	require.NotContains(t, text, "f/a")
}

// Every case has a topic that tables know, and every meant difference is of a case that exists.
func TestRecordings(t *testing.T) {
	known := map[string]bool{}
	count := map[string]int{}
	for _, profile := range []string{"nacos2", nacos1, withAccounts} {
		for _, file := range Files(profile) {
			cases, err := Read(file)
			require.NoError(t, err)
			count[profile] += len(cases)
			for _, c := range cases {
				require.Contains(t, Topics, topic(file, c))
				require.False(t, known[file+"/"+c.ID], "%s/%s twice", file, c.ID)
				known[file+"/"+c.ID] = true
			}
		}
	}
	require.Equal(t, map[string]int{"nacos2": 395 + 294 + 154 + 22, nacos1: 130, withAccounts: 12 + 150}, count)
	for name, reason := range Meant() {
		require.True(t, known[name], "%s is no recorded case", name)
		require.NotEmpty(t, reason, name)
	}
	_, err := Read("v9")
	require.ErrorContains(t, err, "v1-instance")
}

// A case that asks more nodes than there are is no case for a cluster if it does not match there.
func TestFewerNodesThanACaseAsks(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/known" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	player, err := NewPlayer([]string{server.Listener.Addr().String()})
	require.NoError(t, err)
	for step, want := range map[string]Outcome{
		`{"node":0,"request":{"method":"GET","path":"/known"},"response":{"status":200}}`:  Strict,
		`{"node":2,"request":{"method":"GET","path":"/known"},"response":{"status":200}}`:  Strict,
		`{"node":0,"request":{"method":"GET","path":"/absent"},"response":{"status":200}}`: Different,
		`{"node":1,"request":{"method":"GET","path":"/absent"},"response":{"status":200}}`: Skipped,
	} {
		var r Result
		player.judge(&r, Case{Steps: []json.RawMessage{json.RawMessage(step)}}, Order{})
		require.Equal(t, want, r.Outcome, "%s: %v", step, r.Differences)
	}
}
