package membership

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMembersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, nodes, events := cluster(t)
		n.set(isolated("b:2", errRefused))
		time.Sleep(15 * time.Second)
		requireState(t, nodes["a:1"], "b:2", Down)
		var told [][]string
		nodes["a:1"].OnChange(func(listed []string) { told = append(told, listed) })

		require.NoError(t, nodes["a:1"].Set([]string{"a:1", "b:2", "d:4"}))
		requireState(t, nodes["a:1"], "b:2", Down)
		requireState(t, nodes["a:1"], "d:4", Up)
		_, known := nodes["a:1"].State("c:3")
		require.False(t, known)
		require.Equal(t, []string{"a:1", "d:4"}, servers(nodes["a:1"]), "ownership follows")
		require.Equal(t, []string{"b:2", "d:4"}, nodes["a:1"].Peers())
		require.Equal(t, [][]string{{"a:1", "b:2", "d:4"}}, told)
		require.Contains(t, events.String(), `"msg":"member.list","node":"a:1","members":["a:1","b:2","d:4"],"added":["d:4"],"removed":["c:3"]`)

		n.mu.Lock()
		require.Contains(t, n.resets, "a:1>c:3", "the connection to a former member is closed")
		n.reaches = func(_, to string) error {
			if to == "d:4" {
				return errRefused
			}
			return nil
		}
		n.mu.Unlock()
		time.Sleep(30 * time.Second)
		requireState(t, nodes["a:1"], "d:4", Down)
		requireState(t, nodes["a:1"], "b:2", Up)
	})
}

func TestNodeThatIsTakenOffItsListStaysInItsOwnView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes, events := cluster(t)
		require.NoError(t, nodes["a:1"].Set([]string{"b:2", "c:3"}))
		require.Len(t, nodes["a:1"].Members(), 3)
		require.Contains(t, events.String(), "this node is not in its list of members")
	})
}

func TestSetRefusesAndChangesNothing(t *testing.T) {
	m, err := New(Config{Self: "a:1", Members: members, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	for want, listed := range map[string][]string{
		"is empty":                    nil,
		`member "b"`:                  {"a:1", "b"},
		"member a:1 is listed twice;": {"a:1", "a:1"},
	} {
		require.ErrorContains(t, m.Set(listed), want)
		require.Len(t, m.Members(), 3)
	}
}

func TestMemberThatWasAloneReportsToNewOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, nodes, _ := cluster(t)
		require.NoError(t, nodes["a:1"].Set([]string{"a:1"}))
		time.Sleep(time.Minute)
		require.NoError(t, nodes["a:1"].Set(members))
		n.set(isolated("b:2", errRefused))
		time.Sleep(12 * time.Second)
		state, _ := nodes["a:1"].State("b:2")
		require.NotEqual(t, Up, state)
	})
}

func TestParseList(t *testing.T) {
	for text, want := range map[string][]string{
		"10.0.0.1:8848\n10.0.0.2:8848\n":                  {"10.0.0.1:8848", "10.0.0.2:8848"},
		"# all\r\n\r\n 10.0.0.1:8848 # the first\r\n#a:1": {"10.0.0.1:8848"},
		"10.0.0.1:8848, node.local:8848,[::1]:8848":       {"10.0.0.1:8848", "node.local:8848", "[::1]:8848"},
	} {
		listed, err := parseList(text)
		require.NoError(t, err)
		require.Equal(t, want, listed)
	}
	for text, want := range map[string]string{
		"":                             "it lists no member; want ip:port lines",
		"# nobody\n":                   "it lists no member",
		"10.0.0.1:8848\n10.0.0.2":      `line 2: member "10.0.0.2"`,
		"10.0.0.1:500":                 "line 1: member \"10.0.0.1:500\": want a port",
		"10.0.0.1:8848\n10.0.0.1:8848": "line 2: 10.0.0.1:8848 is listed twice",
	} {
		_, err := parseList(text)
		require.ErrorContains(t, err, want)
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("10.0.0.1:8848\n# x\na:2000,b:3000")
	f.Fuzz(func(t *testing.T, text string) {
		if listed, err := parseList(text); err == nil {
			require.NotEmpty(t, listed)
			require.NoError(t, check(listed))
		}
	})
}

func TestFollowReadsTheFileAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, nodes, events := cluster(t)
		m := nodes["a:1"]
		require.NoError(t, m.Set([]string{"a:1"}))
		path := filepath.Join(t.TempDir(), "cluster.conf")
		write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o666)) }
		write("a:2001\nb:2002")
		now := make(chan os.Signal, 1)
		go m.Follow(t.Context(), path, 3*time.Second, now)
		synctest.Wait()
		require.Equal(t, []string{"a:2001", "b:2002"}, m.Peers())

		write("a:2001\nb:2002\nc:2003")
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"a:2001", "b:2002"}, m.Peers())
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"a:2001", "b:2002", "c:2003"}, m.Peers())

		write("nonsense")
		time.Sleep(10 * time.Second)
		require.Equal(t, []string{"a:2001", "b:2002", "c:2003"}, m.Peers())
		require.Contains(t, events.String(), "the list of members stays as it was")
		write("b:2002")
		now <- os.Interrupt
		synctest.Wait()
		require.Equal(t, []string{"b:2002"}, m.Peers(), "at once when asked to")
	})
}
