package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/nodes/membership"
)

// byClient are the operations of one client, of one kind.
func byClient(history model.History, client string, call model.Call) (all []model.Operation) {
	for _, o := range history.Operations() {
		if o.Invoked.Client == client && o.Invoked.Call == call {
			all = append(all, o)
		}
	}
	return all
}

func TestScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := model.Load{Timeout: 3 * time.Second, BeatInterval: 5 * time.Second, Scripted: []model.Scripted{
			{Name: "web", Node: 2, Owner: 3, Number: 1, Service: "web", Ephemeral: true, Deeds: []model.Deed{
				{At: 2 * time.Second, Do: model.Register}, {At: 20 * time.Second, Do: model.ClientSilent}}},
			{Name: "brief", Node: 1, Number: 2, Service: "web", Ephemeral: true, Deeds: []model.Deed{
				{At: 3 * time.Second, Do: model.Register}, {At: 9 * time.Second, Do: model.Deregister}}},
			{Name: "writer", Node: 3, Owner: 1, Number: 3, Service: "durable", Deeds: []model.Deed{
				{At: time.Second, Do: model.Register, Every: time.Second, Until: 6 * time.Second}}},
			{Name: "poll", Node: 1, Service: "web", Ephemeral: true, Deeds: []model.Deed{
				{At: 1500 * time.Millisecond, Do: model.Observe, Every: time.Second, Until: 30 * time.Second}}},
		}}
		require.NoError(t, load.Validate())
		history := newStage(t).run(t, load, 7, 40*time.Second)

		register := byClient(history, "web", model.Register)
		require.Len(t, register, 1)
		require.Equal(t, 2*time.Second, register[0].Invoked.T)
		require.Equal(t, "n2", register[0].Invoked.Node)
		members := []string{nodeAddress(0), nodeAddress(1), nodeAddress(2)}
		require.Equal(t, nodeAddress(2), membership.OwnerAmong(register[0].Invoked.Instance.Address(), members))
		var beats []time.Duration
		for _, o := range byClient(history, "web", model.Beat) {
			beats = append(beats, o.Invoked.T)
		}
		require.Equal(t, []time.Duration{7 * time.Second, 12 * time.Second, 17 * time.Second}, beats)
		require.Equal(t, []string{"web"}, clientsOf(history, model.ClientSilent))
		require.Len(t, byClient(history, "brief", model.Deregister), 1)
		require.Len(t, byClient(history, "brief", model.Beat), 1)

		written := map[string]bool{}
		for i, o := range byClient(history, "writer", model.Register) {
			require.Equal(t, time.Duration(i+1)*time.Second, o.Invoked.T)
			require.False(t, o.Invoked.Ephemeral)
			require.Equal(t, nodeAddress(0), membership.OwnerAmong(o.Invoked.Instance.Address(), members))
			written[o.Invoked.Instance.Address()] = true
		}
		require.Len(t, written, 5, "each write is about another instance")
		require.Len(t, byClient(history, "poll", model.Observe), 29)
	})
}

// A write that waits holds up none of those that come after it.
func TestScriptedWritesDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.registry.disturb = func(_ int, r *http.Request) disturbance {
			if r.Method == http.MethodPost {
				return doneAndHung
			}
			return nothing
		}
		load := model.Load{Timeout: 3 * time.Second, Scripted: []model.Scripted{{Name: "writer", Node: 1, Number: 1, Service: "durable", Deeds: []model.Deed{
			{At: time.Second, Do: model.Register, Every: time.Second, Until: 6 * time.Second}}}}}
		writes := byClient(s.run(t, load, 7, 20*time.Second), "writer", model.Register)
		require.Len(t, writes, 5)
		for i, o := range writes {
			require.Equal(t, time.Duration(i+1)*time.Second, o.Invoked.T)
			require.Equal(t, model.Unknown, o.Completed.Phase)
			require.Equal(t, 3*time.Second, o.Completed.T-o.Invoked.T)
		}
	})
}

// What the registry has forgotten is registered again at the next beat, and what it refuses is tried again with each.
func TestScriptedClientComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		began := time.Now()
		s.registry.disturb = func(_ int, r *http.Request) disturbance {
			if r.Method == http.MethodPost && time.Since(began) < 9*time.Second {
				return notDone
			}
			return nothing
		}
		load := model.Load{Timeout: 3 * time.Second, BeatInterval: 5 * time.Second, Scripted: []model.Scripted{{
			Name: "web", Node: 1, Number: 1, Service: "web", Ephemeral: true, Deeds: []model.Deed{{At: time.Second, Do: model.Register}}}}}
		var came []time.Duration
		for _, o := range byClient(s.run(t, load, 7, 20*time.Second), "web", model.Register) {
			came = append(came, o.Invoked.T)
		}
		require.Equal(t, []time.Duration{time.Second, 6 * time.Second, 11 * time.Second}, came)
	})
}

func TestScriptsThatCannotBePlayed(t *testing.T) {
	for want, script := range map[string]model.Scripted{
		"there are 3 nodes": {Name: "far", Node: 4, Service: "web"},
		"owner 9":           {Name: "far", Node: 1, Owner: 9, Service: "web"},
		"found": {Name: "busy", Node: 1, Owner: 1, Number: 1, Service: "web", Deeds: []model.Deed{
			{Do: model.Register, Every: time.Millisecond, Until: 100 * time.Second}}},
	} {
		p := play{nodes: []node{{"n1", "http://10.0.0.1:8848"}, {"n2", "http://10.0.0.2:8848"}, {"n3", "http://10.0.0.3:8848"}},
			load: model.Load{Timeout: time.Second}}
		_, err := p.scripted(newHistory(&strings.Builder{}, func(error) {}), time.Now(), script)
		require.ErrorContains(t, err, want)
	}
}
