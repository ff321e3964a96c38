package model_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/model"
)

// at is an enabled instance of the default cluster that says its version in its metadata.
func at(address int, version string) model.Instance {
	return model.Instance{IP: fmt.Sprintf("10.0.0.%d", address), Port: 80, Cluster: model.DefaultCluster, Weight: 1, Enabled: true,
		Metadata: map[string]string{"version": version}}
}

func TestPersistentService(t *testing.T) {
	type write struct {
		call     model.Call
		instance model.Instance
	}
	disabled := at(1, "a")
	disabled.Enabled = false
	heavy := at(1, "a")
	heavy.Weight = 5
	sick := at(1, "a")
	sick.Healthy = false
	well := at(1, "a")
	well.Healthy = true
	tests := []struct {
		name   string
		writes []write
		list   []model.Instance
		allows bool
	}{
		{"nothing registered, nothing listed", nil, nil, true},
		{"nothing registered, something listed", nil, []model.Instance{at(1, "a")}, false},
		{"registered and listed", []write{{model.Register, at(1, "a")}}, []model.Instance{at(1, "a")}, true},
		{"registered and missing", []write{{model.Register, at(1, "a")}}, nil, false},
		{"registered with other metadata", []write{{model.Register, at(1, "a")}}, []model.Instance{at(1, "b")}, false},
		{"registered with another weight", []write{{model.Register, at(1, "a")}}, []model.Instance{heavy}, false},
		{"health is no part of it", []write{{model.Register, sick}}, []model.Instance{well}, true},
		{"replaced", []write{{model.Register, at(1, "a")}, {model.Register, at(1, "b")}}, []model.Instance{at(1, "b")}, true},
		{"replaced, yet the old one listed", []write{{model.Register, at(1, "a")}, {model.Register, at(1, "b")}}, []model.Instance{at(1, "a")}, false},
		{"two instances in any order", []write{{model.Register, at(2, "a")}, {model.Register, at(1, "b")}},
			[]model.Instance{at(2, "a"), at(1, "b")}, true},
		{"one of two missing", []write{{model.Register, at(2, "a")}, {model.Register, at(1, "b")}}, []model.Instance{at(1, "b")}, false},
		{"one too many", []write{{model.Register, at(1, "b")}}, []model.Instance{at(0, "a"), at(1, "b")}, false},
		{"one instance listed twice", []write{{model.Register, at(1, "a")}}, []model.Instance{at(1, "a"), at(1, "a")}, false},
		{"deregistered", []write{{model.Register, at(1, "a")}, {model.Deregister, at(1, "")}}, nil, true},
		{"deregistered, yet listed", []write{{model.Register, at(1, "a")}, {model.Deregister, at(1, "")}}, []model.Instance{at(1, "a")}, false},
		{"deregistering what is not there succeeds", []write{{model.Deregister, at(1, "")}}, nil, true},
		{"disabled is not shown", []write{{model.Register, disabled}}, nil, true},
		{"disabled, yet shown", []write{{model.Register, disabled}}, []model.Instance{at(1, "a")}, false},
		{"an operator may have said anything", []write{{model.Register, at(1, "a")}, {model.Update, at(1, "z")}}, []model.Instance{heavy}, true},
		{"an operator may have hidden it", []write{{model.Register, at(1, "a")}, {model.Update, at(1, "z")}}, nil, true},
		{"an operator brings nothing into being", []write{{model.Update, at(1, "z")}}, []model.Instance{at(1, "z")}, false},
		{"an operator's word outlives the instance",
			[]write{{model.Register, at(1, "a")}, {model.Update, at(1, "z")}, {model.Deregister, at(1, "")}, {model.Register, at(1, "b")}},
			[]model.Instance{at(1, "z")}, true},
		{"other calls change nothing", []write{{model.Beat, at(1, "a")}}, nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var service model.PersistentService
			for _, w := range test.writes {
				service = service.After(model.NewWrite(w.call, w.instance))
			}
			require.Equal(t, test.allows, service.Allows(model.NewListing(test.list)), "%s listed as %s", service, model.NewListing(test.list))
		})
	}
}

func TestPersistentServiceIsAValue(t *testing.T) {
	one := model.PersistentService{}.After(model.NewWrite(model.Register, at(1, "a")))
	two := one.After(model.NewWrite(model.Register, at(2, "a")))
	require.True(t, one.Allows(model.NewListing([]model.Instance{at(1, "a")})), "the old value stays as it was")

	back := two.After(model.NewWrite(model.Deregister, at(2, "")))
	require.True(t, back.Equal(one), "a state is the same by whichever way it came about")
	require.Equal(t, one.Hash(), back.Hash())
	require.False(t, two.Equal(one))
	require.Equal(t, `10.0.0.1:80#DEFAULT weight 1 {version: "a"}`, one.String())
	require.Equal(t, "no instances", model.PersistentService{}.String())
}

func TestWriteShows(t *testing.T) {
	disabled := at(1, "a")
	disabled.Enabled = false
	for _, w := range []model.Write{model.NewWrite(model.Register, at(1, "a")), model.NewWrite(model.Deregister, at(1, "a")), model.NewWrite(model.Register, disabled)} {
		require.True(t, w.Known())
		after := model.PersistentService{}.After(w)
		require.Equal(t, w.Shows() != "", after.Allows(model.NewListing([]model.Instance{at(1, "a")})), "%s", w)
		require.Equal(t, w.Shows() == "", after.Allows(model.NewListing(nil)), "%s", w)
	}
	require.False(t, model.NewWrite(model.Update, at(1, "a")).Known())
	require.Equal(t, `register 10.0.0.1:80#DEFAULT weight 1 {version: "a"}`, model.NewWrite(model.Register, at(1, "a")).String())
	require.Equal(t, `deregister 10.0.0.1:80#DEFAULT`, model.NewWrite(model.Deregister, at(1, "a")).String())
}

func TestListing(t *testing.T) {
	l := model.NewListing([]model.Instance{at(2, "a"), at(1, "b"), at(3, "c")})
	require.Equal(t, []model.InstanceKey{at(1, "").Key(), at(2, "").Key(), at(3, "").Key()}, l.Keys())
	require.Equal(t, `10.0.0.1:80#DEFAULT weight 1 {version: "b"}`, l.Only(at(1, "").Key()).String())
	require.Equal(t, "nothing", l.Only(at(9, "").Key()).String())
	require.Equal(t, model.NewWrite(model.Register, at(1, "b")).Shows(), l.Shows(at(1, "").Key()))
	require.Empty(t, l.Shows(at(9, "").Key()))
}
