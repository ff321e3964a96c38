package checker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model"
	"muster/model/run"
)

// story tells a small history by hand. Times are seconds since the run began.
type story struct {
	service   model.Service
	ephemeral bool
	records   []model.Record
	op        int64
	in        Input
}

// newStory is about one service of three nodes, in a run of so many seconds.
func newStory(name string, ephemeral bool, lasts float64) *story {
	s := &story{service: model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: name}, ephemeral: ephemeral}
	s.in.History.Header = model.Header{Format: model.HistoryFormat, Nodes: []string{"n1", "n2", "n3"}, End: at(lasts)}
	s.in.Run = run.Run{Format: run.Format, Lasted: at(lasts), Expect: map[string]string{}}
	s.in.Bounds = DefaultBounds()
	return s
}

func persistentStory() *story { return newStory("persistent-1", false, 100) }

func ephemeralStory(lasts float64) *story { return newStory("ephemeral-1", true, lasts) }

func at(seconds float64) time.Duration {
	return time.Duration(seconds*1000+0.5) * time.Millisecond
}

// instance number 1 to 254, healthy and enabled, that says its version in its metadata.
func instance(number int, version string) model.Instance {
	return model.Instance{IP: fmt.Sprintf("10.0.0.%d", number), Port: 80, Cluster: model.DefaultCluster, Weight: 1, Healthy: true, Enabled: true,
		Metadata: map[string]string{"version": version}}
}

func sick(i model.Instance) model.Instance {
	i.Healthy = false
	return i
}

// does adds an operation. A phase of "" leaves it without an answer.
func (s *story) does(client string, call model.Call, node string, from, to float64, phase model.Phase, change func(invoked, completed *model.Record)) *story {
	s.op++
	invoked := model.Record{T: at(from), Client: client, Op: s.op, Phase: model.Invoke, Call: call, Node: node, Service: s.service, Ephemeral: s.ephemeral}
	completed := model.Record{T: at(to), Client: client, Op: s.op, Phase: phase, Call: call, Node: node}
	change(&invoked, &completed)
	s.records = append(s.records, invoked)
	if phase != "" {
		s.records = append(s.records, completed)
	}
	return s
}

func (s *story) writes(client string, call model.Call, i model.Instance, from, to float64, phase model.Phase) *story {
	i.Ephemeral = s.ephemeral
	return s.does(client, call, "n1", from, to, phase, func(invoked, _ *model.Record) { invoked.Instance = &i })
}

func (s *story) registers(client string, i model.Instance, from, to float64) *story {
	return s.writes(client, model.Register, i, from, to, model.OK)
}

func (s *story) deregisters(client string, i model.Instance, from, to float64) *story {
	return s.writes(client, model.Deregister, i, from, to, model.OK)
}

// mayRegister and mayDeregister get no answer within a second.
func (s *story) mayRegister(client string, i model.Instance, from float64) *story {
	return s.writes(client, model.Register, i, from, from+1, model.Unknown)
}

func (s *story) mayDeregister(client string, i model.Instance, from float64) *story {
	return s.writes(client, model.Deregister, i, from, from+1, model.Unknown)
}

func (s *story) reads(client, node string, mode model.ReadMode, from, to float64, listed ...model.Instance) *story {
	return s.does(client, model.Query, node, from, to, model.OK, func(invoked, completed *model.Record) {
		invoked.Read, completed.Instances = mode, listed
	})
}

// lists is a linearizable read at n1.
func (s *story) lists(client string, from, to float64, listed ...model.Instance) *story {
	return s.reads(client, "n1", model.ReadLinearizable, from, to, listed...)
}

// observes has a node's observer ask every half second.
func (s *story) observes(node string, from, to float64, listed ...model.Instance) *story {
	for t := from; t < to; t += 0.5 {
		s.does("observer-"+node, model.Observe, node, t, t+0.01, model.OK, func(_, completed *model.Record) { completed.Instances = listed })
	}
	return s
}

// allObserve has all three nodes list the same.
func (s *story) allObserve(from, to float64, listed ...model.Instance) *story {
	return s.observes("n1", from, to, listed...).observes("n2", from, to, listed...).observes("n3", from, to, listed...)
}

// beats has a client beat every 5 s, answered at once.
func (s *story) beats(client string, i model.Instance, from, to float64) *story {
	for t := from; t <= to; t += 5 {
		s.writes(client, model.Beat, i, t, t+0.01, model.OK)
	}
	return s
}

func (s *story) event(client string, call model.Call, t float64) *story {
	s.records = append(s.records, model.Record{T: at(t), Client: client, Phase: model.Event, Call: call})
	return s
}

// fault is in force for a while, on n1.
func (s *story) fault(kind run.Kind, from, to float64) *story {
	s.in.Plan.Strikes = append(s.in.Plan.Strikes, run.Strike{
		At: at(from), Until: at(to), Kind: kind, Text: string(kind) + " n1", Machines: []string{"n1"}, Bit: true, Evidence: "12 packets dropped",
	})
	return s
}

func (s *story) logs(t float64, machine, name string, attributes map[string]any) *story {
	s.in.Events = append(s.in.Events, run.NodeEvent{T: at(t), Machine: machine, Name: name, Attributes: attributes})
	return s
}

// input is the story as a checker gets it.
func (s *story) input() Input {
	in := s.in
	in.History.Records = slices.Clone(s.records)
	slices.SortStableFunc(in.History.Records, func(a, b model.Record) int { return cmp.Compare(a.T, b.T) })
	return in
}

// judged is what one checker says of the story.
func (s *story) judged(t *testing.T, property Property) Verdict {
	t.Helper()
	verdicts := Judge(context.Background(), s.input(), map[Property]Outcome{property: Holds})
	require.Len(t, verdicts, 1)
	return verdicts[0]
}

// chapter is a story with the verdict that is right for it.
type chapter struct {
	name  string
	story *story
	want  Outcome
	// says is what the reason and the evidence must mention.
	says string
}

// tell judges stories.
func tell(t *testing.T, property Property, chapters []chapter) {
	t.Helper()
	for _, c := range chapters {
		t.Run(c.name, func(t *testing.T) {
			verdict := c.story.judged(t, property)
			text := verdict.String()
			for _, e := range verdict.Evidence {
				text += "\n  " + seconds(e.T) + " " + e.Text
			}
			require.Equal(t, c.want, verdict.Outcome, text)
			require.Contains(t, text, c.says)
			require.NotEmpty(t, verdict.Guarantee)
			require.NotEmpty(t, verdict.Reason)
			if c.want == Violated {
				require.NotEmpty(t, verdict.Evidence, "a violation says where to look")
			}
		})
	}
}
