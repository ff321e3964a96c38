package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// leftovers are a stage on which a run has left something, and the play that is to clean it up.
func leftovers(t *testing.T) (*stage, play) {
	s := newStage(t)
	load := standard()
	load.Namespace = "a-run-of-its-own"
	s.run(t, load, 7, 20*time.Second)
	require.Len(t, s.registry.services, 4)
	p := play{dial: s.Dial}
	for number := range 3 {
		p.nodes = append(p.nodes, node{"n", "http://" + nodeAddress(number)})
	}
	return s, p
}

func TestClean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := leftovers(t)
		s.Stop(nodeAddress(0))
		failures := 5
		s.registry.disturb = func(_ int, r *http.Request) disturbance {
			if failures--; failures >= 0 {
				return notDone
			}
			return nothing
		}
		var log bytes.Buffer
		require.NoError(t, p.clean(t.Context(), "a-run-of-its-own", slog.New(slog.NewJSONHandler(&log, nil))))
		require.Empty(t, s.registry.services, "although one node is down, and others fail now and then")
		require.Contains(t, log.String(), "workload.cleaned")
	})
}

func TestCleanSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := leftovers(t)
		s.registry.disturb = func(_ int, r *http.Request) disturbance {
			if r.Method == http.MethodDelete {
				return refused
			}
			return nothing
		}
		err := p.clean(t.Context(), "a-run-of-its-own", slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, "4 services are left in a-run-of-its-own")
		require.ErrorContains(t, err, "refused with status 400")
	})
}

func TestCleanKeepsOffTheDefaultNamespace(t *testing.T) {
	err := play{nodes: []node{{"n1", "http://10.0.0.1:8848"}}}.clean(t.Context(), "public", slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "want one of the run's own")
}
