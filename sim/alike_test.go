package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim"
	"muster/sim/guest"
	"muster/sim/machine"
)

// slowly loads a guest in testdata as the compiler made it, in an engine that checks all loads and stores.
func slowly(t testing.TB, name string) sim.Program {
	return loadChecked(t, guest.Options{Package: "./testdata/" + name, Cache: "../build/guests", AsCompiled: true})
}

// slowest loads a guest with everything off that makes guests fast: slowly, and with the standard library's own atomic operations.
func slowest(t testing.TB, name string) sim.Program {
	return loadChecked(t, guest.Options{Package: "./testdata/" + name, Cache: "../build/guests", AsCompiled: true, PlainLibrary: true})
}

func loadChecked(t testing.TB, o guest.Options) sim.Program {
	built, err := guest.Build(context.Background(), o)
	require.NoError(t, err)
	cache, err := machine.DefaultCache()
	require.NoError(t, err)
	engine, err := machine.NewCheckedEngine(cache)
	require.NoError(t, err)
	program, err := sim.LoadWith(context.Background(), engine, built)
	require.NoError(t, err)
	return program
}

// TestSpeedChangesNothing: however guests are made fast, they do the same.
func TestSpeedChangesNothing(t *testing.T) {
	type boot struct {
		name string
		args []string
	}
	raft := func(name string) boot {
		return boot{name, []string{"-name", name, "-members", "n1,n2,n3", "-every", "50ms"}}
	}
	for _, test := range []struct {
		guest string
		boots []boot
		lasts time.Duration
		least uint64 // records in the trace
		says  string
	}{
		{"control", []boot{{"n1", nil}}, time.Second, 10, "closures and methods 56\n"},
		{"echo", []boot{{"server", []string{"-listen", ":7"}}, {"client", []string{"-dial", "server:7"}}}, 5 * time.Second, 30, "listening"},
		{"probe", []boot{
			{"files", []string{"files"}}, {"system", []string{"system"}}, {"draw", []string{"draw"}}, {"tick", []string{"tick"}},
			{"crash", []string{"crash"}}, {"stuck", []string{"stuck"}}, {"signal", []string{"signal"}}, {"unsaved", []string{"unsaved"}},
		}, 3 * time.Second, 100, "remove all: <nil>"},
		{"probe", []boot{{"client", []string{"fetch"}}, {"server", []string{"serve"}}}, 10 * time.Second, 20, ""},
		{"raft", []boot{raft("n1"), raft("n2"), raft("n3")}, 8 * time.Second, 2000, "counted"},
	} {
		t.Run(test.guest+" "+test.boots[0].name, func(t *testing.T) {
			run := func(program sim.Program) *lab {
				l := newLab(t, sim.Options{Seed: 3})
				for _, b := range test.boots {
					l.boot(b.name, program, b.args...)
				}
				l.run(test.lasts)
				return l
			}
			fastly, slowly := load(t, test.guest), slowly(t, test.guest)
			require.NotEqual(t, slowly.SHA256, fastly.SHA256)
			fast, slow := run(fastly), run(slowly)
			require.Contains(t, fast.said(test.boots[0].name), test.says)
			require.Equal(t, slow.lines, fast.lines)
			require.Equal(t, slow.TraceHash(), fast.TraceHash())
			require.Greater(t, fast.TraceRecords(), test.least)
			for _, m := range slow.Machines() {
				require.Equal(t, m.MemorySize(), fast.Machine(m.Name()).MemorySize())
			}
		})
	}
}

// TestPlainLibraryDoesTheSame: with the standard library's own atomic operations a program is compiled to other stack frames. By those it
// collects garbage at other moments, which decides when a sync.Pool is empty and who runs next. So it does the same for sure only as long
// as nothing is collected.
func TestPlainLibraryDoesTheSame(t *testing.T) {
	run := func(program sim.Program) *lab {
		program.Env = []string{"GOGC=off"}
		l := newLab(t, sim.Options{Seed: 3})
		for _, name := range []string{"n1", "n2", "n3"} {
			l.boot(name, program, "-name", name, "-members", "n1,n2,n3", "-every", "10ms")
		}
		l.run(10 * time.Second)
		return l
	}
	plain := slowest(t, "raft")
	require.NotEqual(t, slowly(t, "raft").SHA256, plain.SHA256)
	fast, slow := run(load(t, "raft")), run(plain)
	require.Greater(t, fast.TraceRecords(), uint64(5000))
	require.Equal(t, slow.lines, fast.lines)
	require.Equal(t, slow.TraceHash(), fast.TraceHash())
}
