package checker

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
)

// pushed tells a subscriber what the service has.
func (s *story) pushed(client string, when float64, listed ...model.Instance) *story {
	s.records = append(s.records, model.Record{T: at(when), Client: client, Phase: model.Event, Call: model.Pushed, Node: "n1",
		Service: s.service, Ephemeral: true, Instances: listed})
	return s
}

// What a subscriber believes counts as what a node shows.
func TestPushesAreJudged(t *testing.T) {
	one := instance(1, "v1")
	tell := func() *story {
		s := ephemeralStory(60).registers("e1", one, 1, 1.1)
		for beat := 5.0; beat < 60; beat += 5 {
			s.writes("e1", model.Beat, one, beat, beat+0.1, model.OK)
		}
		return s.allObserve(3, 60, one)
	}
	for _, test := range []struct {
		name     string
		story    *story
		property Property
		want     Outcome
		says     string
	}{
		{"in time", tell().pushed("s1", 0.5).pushed("s1", 2, one), NoLoss, Holds, ""},
		{"lost", tell().pushed("s1", 0.5), NoLoss, Violated, "s1 lists nothing"},
		{"lost, and so not converged", tell().pushed("s1", 0.5), Converged, Violated, "s1 lists nothing"},
		{"late", tell().pushed("s1", 0.5).pushed("s1", 30, one), Converged, Violated, "from 3.010 s to 30.000 s"},
		{"of one that nobody registered", tell().pushed("s1", 2, one, instance(2, "v1")), NoGhost, Violated, "s1 lists 10.0.0.2:80#DEFAULT"},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict := test.story.judged(t, test.property)
			require.Equal(t, test.want, verdict.Outcome, "%+v", verdict)
			if test.says != "" {
				require.Contains(t, verdict.Evidence[0].Text, test.says)
			}
		})
	}
}

func TestASubscriberOfYears(t *testing.T) {
	for _, end := range []time.Duration{10_000 * time.Hour, math.MaxInt64} {
		s := ephemeralStory(60).pushed("s1", 1, instance(1, "v1"))
		history := model.History{Header: model.Header{End: end}, Records: s.records}
		views := believed(history)
		require.InDelta(t, mostLooks, len(views), 2)
		require.Equal(t, end-1, views[len(views)-1].asked, "what it believed in the end is looked at")
	}
}

// With both limits the same, removal is all that can be seen.
func TestExpiryOfConnections(t *testing.T) {
	one := instance(1, "v1")
	for _, test := range []struct {
		name  string
		until float64
		want  Outcome
	}{{"in time", 28, Holds}, {"early", 15, Violated}, {"late", 50, Violated}} {
		t.Run(test.name, func(t *testing.T) {
			s := ephemeralStory(60).registers("e1", one, 1, 1.1).allObserve(3, test.until, one).allObserve(test.until, 60)
			s.in.Bounds.UnhealthyAfter, s.in.Bounds.RemovedAfter, s.in.Bounds.ExpirySlack = at(20), at(20), at(13)
			verdict := s.judged(t, Expiry)
			require.Equal(t, test.want, verdict.Outcome, "%+v", verdict)
		})
	}
}
