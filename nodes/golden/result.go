package golden

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
)

// Outcome is how a case came out.
type Outcome string

// Outcomes, from the best to the worst; Skipped is none of them.
const (
	Strict     Outcome = "strict"     // everything is as recorded
	Compatible Outcome = "compatible" // no client would notice a difference
	Different  Outcome = "different"
	// Skipped cases hold for three members, and there are fewer or more; or they ask more nodes than there are, and do not match.
	Skipped Outcome = "skipped"
)

// Result is how one case came out.
type Result struct {
	File    string  `json:"file"`
	Case    string  `json:"case"`
	About   string  `json:"about"`
	Topic   string  `json:"topic"`
	Outcome Outcome `json:"outcome"`
	// Plays is how often it was played.
	Plays int `json:"plays"`
	// Differences are those of the last play.
	Differences []Difference `json:"differences,omitempty"`
}

// Name is the case's, as lists of differences have it.
func (r Result) Name() string { return r.File + "/" + r.Case }

// Order says what to play, and how.
type Order struct {
	// Files are names that Files knows.
	Files []string
	// Only, if not empty, leaves out all cases whose names, file/case, it is no part of.
	Only string
	// SideBySide is how many cases are played at once: one after the other if less than 2.
	SideBySide int
	// Plays is how often a case that does not match strictly is played at most: once if less than 2. A busy machine may be late; and some
	// recordings hold only if no periodic task of the nodes comes between two steps, such as the verification that tells a peer of a new
	// list early.
	Plays int
	// Meant are cases that are known not to match, by file/case: they are played once.
	Meant map[string]string
	// Done, if not nil, is told each result as soon as it is there, one at a time.
	Done func(Result)
}

// PlayAll plays recordings and returns the results in their order. Once the context has ended it begins no further case, and returns its
// error.
func (p *Player) PlayAll(ctx context.Context, o Order) ([]Result, error) {
	var results []Result
	var cases []Case
	for _, file := range o.Files {
		recorded, err := Read(file)
		if err != nil {
			return nil, err
		}
		for _, c := range recorded {
			r := Result{File: file, Case: c.ID, About: c.About, Topic: topic(file, c)}
			if strings.Contains(r.Name(), o.Only) {
				results, cases = append(results, r), append(cases, c)
			}
		}
	}
	var telling sync.Mutex
	var all sync.WaitGroup
	slots := make(chan struct{}, max(o.SideBySide, 1))
	for i := range results {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			p.judge(&results[i], cases[i], o)
			if o.Done != nil {
				telling.Lock()
				defer telling.Unlock()
				o.Done(results[i])
			}
		})
	}
	all.Wait()
	return results, ctx.Err()
}

// judge plays a case as often as it takes.
func (p *Player) judge(r *Result, c Case, o Order) {
	r.Outcome = Skipped
	if c.Members != "" && len(p.nodes) != members {
		return
	}
	plays := max(o.Plays, 1)
	if _, known := o.Meant[r.Name()]; known {
		plays = 1
	}
	defer func() {
		if r.Outcome != Strict && c.nodes() > len(p.nodes) {
			r.Outcome = Skipped
		}
	}()
	for range plays {
		r.Plays++
		r.Differences = p.Play(c)
		switch {
		case len(r.Differences) == 0:
			r.Outcome = Strict
			return
		case alike(r.Differences):
			r.Outcome = Compatible
		default:
			r.Outcome = Different
		}
	}
}

// Topics are what cases are about, in the order in which tables have them.
var Topics = []string{
	"instance", "beat", "list", "service", "operator", "client", "core", "console", "namespace", "access",
	"grpc-connection", "grpc-instance", "grpc-query", "grpc-subscribe", "udp",
}

// pathTopics are the topics of paths below /nacos/v1 and so on; the first that fits counts.
var pathTopics = []struct{ path, topic string }{
	{"/ns/instance/beat", "beat"}, {"/ns/instance/list", "list"}, {"/ns/instance", "instance"},
	{"/ns/service", "service"}, {"/ns/catalog", "service"}, {"/ns/cluster", "service"}, {"/ns/health", "service"},
	{"/ns/client", "client"}, {"/ns/", "operator"}, {"/console/namespace", "namespace"}, {"/console/", "console"},
}

// topic is what a case is about: what its name says, or what it asks for first.
func topic(file string, c Case) string {
	switch {
	case profileOf(file) == withAccounts:
		return "access"
	case strings.HasPrefix(file, "grpc-"):
		return file
	case strings.HasSuffix(file, "-udp"):
		return "udp"
	case strings.HasPrefix(c.ID, "beat-"):
		return "beat"
	}
	for _, raw := range c.Steps {
		var asked struct {
			Request *struct {
				Path string `json:"path"`
			} `json:"request"`
		}
		if json.Unmarshal(raw, &asked) != nil || asked.Request == nil {
			continue
		}
		for _, each := range pathTopics {
			if strings.Contains(asked.Request.Path, each.path) {
				return each.topic
			}
		}
		break
	}
	return "core"
}
