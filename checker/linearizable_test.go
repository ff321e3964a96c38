package checker

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/model/run"
)

// In the diagrams w1 registers version 1 of an instance, d deregisters it, r1 is a list that shows version 1, r- one that shows
// nothing; "- -" has no answer.
func TestLinearizable(t *testing.T) {
	a := func(version string) model.Instance { return instance(1, version) }
	b := func(version string) model.Instance { return instance(2, version) }
	tell(t, Linearizable, []chapter{
		// c1 [w1]
		// c2      [r1]
		{"a list after a write shows it", persistentStory().registers("c1", a("1"), 1, 2).lists("c2", 3, 4, a("1")), Holds, "2 operations on 1 service"},
		// c1 [w1]
		// c2      [r-]
		{"a list after a write misses it", persistentStory().registers("c1", a("1"), 1, 2).lists("c2", 3, 4),
			Violated, "10.0.0.1:80#DEFAULT shows nothing, yet register 10.0.0.1:80#DEFAULT weight 1 {version: \"1\"} by c1 had taken effect by 2.000 s"},
		// c1 [w1] [w2]
		// c2           [r1]
		{"a list shows what was replaced", persistentStory().registers("c1", a("1"), 1, 2).registers("c1", a("2"), 3, 4).lists("c2", 5, 6, a("1")),
			Violated, "linearizable read at n1, 5.000–6.000 s: 10.0.0.1:80#DEFAULT shows weight 1 {version: \"1\"}"},
		// c1 [   w1   ]
		// c2   [r-]
		// c3      [r1]
		{"a list during a write may show either", persistentStory().registers("c1", a("1"), 1, 9).lists("c2", 2, 3).lists("c3", 4, 5, a("1")), Holds, ""},
		// c1 [   w1   ]
		// c2   [r1]
		// c3        [r-]
		{"once seen, a write stays seen", persistentStory().registers("c1", a("1"), 1, 9).lists("c2", 2, 3, a("1")).lists("c3", 4, 5),
			Violated, "shows nothing, yet"},
		// c1 [ w1 ]
		// c2 [ w2 ]
		// c3        [r1] [r2]
		{"two lists after two concurrent writes must agree",
			persistentStory().registers("c1", a("1"), 1, 3).registers("c2", a("2"), 1, 3).lists("c3", 4, 5, a("1")).lists("c3", 6, 7, a("2")),
			Violated, "6.000–7.000 s"},
		// c1 [ w1 ]
		// c2 [ w2 ]
		// c3        [r1] [r1]
		{"either of two concurrent writes may win",
			persistentStory().registers("c1", a("1"), 1, 3).registers("c2", a("2"), 1, 3).lists("c3", 4, 5, a("1")).lists("c3", 6, 7, a("1")), Holds, ""},
		// c1 [w1]  [d]
		// c2           [r1]
		{"a deregistered instance is listed", persistentStory().registers("c1", a("1"), 1, 2).deregisters("c1", a(""), 3, 4).lists("c2", 5, 6, a("1")),
			Violated, "deregister 10.0.0.1:80#DEFAULT"},
		{"a deregistered instance is gone", persistentStory().registers("c1", a("1"), 1, 2).deregisters("c1", a(""), 3, 4).lists("c2", 5, 6), Holds, ""},
		// c1 [w1 - - - - - - - -
		// c2          [r-] [r1]
		{"an unknown write may come late", persistentStory().mayRegister("c1", a("1"), 1).registers("c9", b("1"), 1, 2).
			lists("c2", 5, 6, b("1")).lists("c2", 7, 8, a("1"), b("1")), Holds, ""},
		// c1 [w1 - - - - - - - -
		// c2          [r-] [r-]
		{"an unknown write may never come", persistentStory().mayRegister("c1", a("1"), 1).registers("c9", b("1"), 1, 2).
			lists("c2", 5, 6, b("1")).lists("c2", 7, 8, b("1")), Holds, ""},
		// c1 [w1 - - - - - - - -
		// c2          [r1] [r-]
		{"an unknown write that has come stays", persistentStory().mayRegister("c1", a("1"), 1).registers("c9", b("1"), 1, 2).
			lists("c2", 5, 6, a("1"), b("1")).lists("c2", 7, 8, b("1")), Violated, "7.000–8.000 s"},
		// c1 [w1] [d - - - - - -
		// c2          [r-] [r1]
		{"an unknown deregistration that has come stays", persistentStory().registers("c1", a("1"), 1, 2).mayDeregister("c1", a(""), 3).
			lists("c2", 5, 6).lists("c2", 7, 8, a("1")), Violated, "7.000–8.000 s"},
		{"an unknown deregistration may come late", persistentStory().registers("c1", a("1"), 1, 2).mayDeregister("c1", a(""), 3).
			lists("c2", 5, 6, a("1")).lists("c2", 7, 8), Holds, ""},
		{"a failed write did nothing", persistentStory().registers("c1", a("1"), 1, 2).writes("c1", model.Register, a("2"), 3, 4, model.Fail).
			lists("c2", 5, 6, a("2")), Violated, "which nobody had written by then"},
		{"an operation without an answer is unknown", persistentStory().registers("c1", a("1"), 1, 2).writes("c1", model.Register, a("2"), 3, 4, "").
			lists("c2", 5, 6, a("1")).lists("c2", 7, 8, a("2")), Holds, ""},
		// c1 [  w a1  ]
		// c2 [  w b1  ]
		// c3  [r a1]
		// c4  [r b1]
		{"lists must agree on all instances together", persistentStory().registers("c1", a("1"), 1, 9).registers("c2", b("1"), 1, 9).
			lists("c3", 2, 3, a("1")).lists("c4", 2, 3, b("1")), Violated, "of all instances together"},
		{"an instance that nobody registered", persistentStory().registers("c1", a("1"), 1, 2).lists("c2", 3, 4, a("1"), b("7")), Violated, "which nobody had written"},
		{"an instance listed twice", persistentStory().registers("c1", a("1"), 1, 2).lists("c2", 3, 4, a("1"), a("1")), Violated, "at odds with this one"},
		{"an operator may say anything of an instance", persistentStory().registers("c1", a("1"), 1, 2).writes("c1", model.Update, a("2"), 3, 4, model.OK).
			lists("c2", 5, 6, a("3")), Holds, ""},
		{"health is no part of it", persistentStory().registers("c1", a("1"), 1, 2).lists("c2", 3, 4, sick(a("1"))), Holds, ""},
		{"an instance without a cluster is in the default one", persistentStory().registers("c1", model.Instance{IP: "10.0.0.1", Port: 80, Weight: 1, Enabled: true}, 1, 2).
			lists("c2", 3, 4, model.Instance{IP: "10.0.0.1", Port: 80, Weight: 1, Enabled: true, Cluster: model.DefaultCluster}), Holds, ""},
		{"stale local reads are allowed here", persistentStory().registers("c1", a("1"), 1, 2).lists("c2", 3, 4, a("1")).
			reads("c2", "n3", model.ReadLocal, 5, 6), Holds, ""},
		{"observers are not judged", persistentStory().registers("c1", a("1"), 1, 2).lists("c2", 3, 4, a("1")).observes("n3", 5, 6), Holds, ""},
		{"nothing read", persistentStory().registers("c1", a("1"), 1, 2).reads("c2", "n3", model.ReadLocal, 5, 6), Undecided, "0 linearizable reads"},
		{"nothing written", persistentStory().lists("c2", 3, 4), Undecided, "0 persistent writes"},
		{"nothing at all", persistentStory(), Undecided, "nothing to order"},
	})
}

func TestLocalReads(t *testing.T) {
	a := instance(1, "1")
	tell(t, LocalReads, []chapter{
		{"fresh local reads", persistentStory().registers("c1", a, 1, 2).reads("c2", "n3", model.ReadLocal, 5, 6, a), Holds, ""},
		{"a stale local read", persistentStory().registers("c1", a, 1, 2).lists("c2", 3, 4, a).reads("c2", "n3", model.ReadLocal, 5, 6),
			Violated, "local read at n3, 5.000–6.000 s"},
		{"observers are not judged", persistentStory().registers("c1", a, 1, 2).observes("n3", 5, 6), Undecided, "0 local reads"},
		{"no local reads", persistentStory().registers("c1", a, 1, 2).lists("c2", 3, 4, a), Undecided, "0 local reads"},
	})
}

// TestStalestListIsTold shows the list that missed the oldest news, and those that came first, the stalest of them first.
func TestStalestListIsTold(t *testing.T) {
	a := instance(1, "1")
	s := persistentStory().registers("c1", a, 1, 2).reads("c2", "n3", model.ReadLocal, 3, 4)
	for i := range 10 {
		s.reads("c2", "n3", model.ReadLocal, 5+float64(i), 5.5+float64(i))
	}
	s.in.Folder = run.Folder(t.TempDir())
	verdict := s.judged(t, LocalReads)
	require.Contains(t, verdict.Reason, "no order explains 11 lists")
	require.Empty(t, verdict.Evidence[0].File)
	require.NotEmpty(t, verdict.Evidence[2].File, "the one that came first is drawn")
	require.Len(t, verdict.Evidence, evidencePerService)
	require.Contains(t, verdict.Evidence[0].Text, "12.000 s before the list was asked for")
	require.Contains(t, verdict.Evidence[1].Text, "3.000 s before the list was asked for")
	require.Contains(t, verdict.Evidence[2].Text, "1.000 s before the list was asked for")
}

// TestLinearizablePicture has a violation drawn, by a page that needs nothing from elsewhere.
func TestLinearizablePicture(t *testing.T) {
	s := persistentStory().registers("c1", instance(1, "1"), 1, 2).registers("c1", instance(1, "2"), 3, 4).
		mayRegister("c3", instance(1, "3"), 3).reads("c2", "n3", model.ReadLocal, 5, 6, instance(1, "1")).fault("isolate", 2.5, 30)
	s.in.Folder = run.Folder(t.TempDir())
	verdict := s.judged(t, LocalReads)
	require.Equal(t, Violated, verdict.Outcome)

	e := verdict.Evidence[0]
	require.Equal(t, "porcupine-local-reads-linearizable-public_DEFAULT_GROUP_persistent-1.html", e.File)
	require.Equal(t, "n3", e.Node)
	require.Equal(t, "c2", e.Client)
	require.Equal(t, at(6), e.T)
	page, err := os.ReadFile(s.in.Folder.Path(e.File))
	require.NoError(t, err)
	text := strings.ReplaceAll(string(page), "http://www.w3.org/2000/svg", "") // a name, not an address
	for _, outside := range []string{"http://", "https://", "src=", "href=", "@import", "url("} {
		require.NotContains(t, text, outside, "the page must work offline")
	}
	require.Contains(t, text, "isolate n1", "faults are drawn in")
	require.Contains(t, text, "list at n3: 10.0.0.1:80#DEFAULT weight 1")
}

// TestLinearizableGivesUp shows that a search that cannot be finished is no verdict.
func TestLinearizableGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := persistentStory()
	for i := range 600 { // enough steps for the search to look at the context
		s.registers("c1", instance(1, "1"), float64(i)/100, float64(i)/100+0.001).lists("c2", float64(i)/100+0.002, float64(i)/100+0.003, instance(1, "1"))
	}
	verdict := Judge(ctx, s.input(), map[Property]Outcome{Linearizable: Holds})[0]
	require.Equal(t, Undecided, verdict.Outcome, verdict.Reason)
	require.Contains(t, verdict.Reason, "public/DEFAULT_GROUP/persistent-1")
}

// TestSearchStopsByItsSteps shows that what explodes is stopped the same way on any machine.
func TestSearchStopsByItsSteps(t *testing.T) {
	s := persistentStory()
	for i := range 14 {
		s.registers("c1", instance(1, "1"), float64(i), float64(i)+0.1).mayDeregister("c2", instance(1, ""), float64(i)+0.2)
	}
	steps := stepsOf(recordOf(s.lists("c3", 20, 21, instance(1, "1"), instance(1, "1")).lists("c3", 22, 23).input().History, false), s.service, func(view) bool { return true })
	small := newBudget(context.Background(), 1000, time.Now().Add(time.Hour))
	require.Equal(t, gaveUp, search(steps, small))
	require.True(t, small.spent)
}
