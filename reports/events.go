package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/model/run"
)

// eventsShown is how many rows the table of events has at most.
const eventsShown = 1000

// shownEvent is a row of a table of events.
type shownEvent struct {
	T     time.Duration
	Node  string
	Name  string
	Text  string
	Mood  string
	Count int
}

// tables are the members' state changes, and the nodes' other events with repetitions drawn together: of one node, with one name
// and one text, no other event of that node in between. leftOut counts the rows that found no place.
func (s *story) tables() (members, events []shownEvent, leftOut int) {
	latest := map[string]int{} // node: index of its latest row
	for _, e := range s.events {
		switch {
		case e.Name == run.EventMemberState:
			members = append(members, shownEvent{T: e.T, Node: e.Machine, Name: s.nodeName(e.Text("member")), Text: s.attributes(e, "member", "state"),
				Mood: memberMood(e.Text("state")), Count: 1})
			members[len(members)-1].Name += " is " + e.Text("state")
		case notable(e.Name):
			row := shownEvent{T: e.T, Node: e.Machine, Name: e.Name, Text: s.attributes(e), Count: 1}
			if at, ok := latest[e.Machine]; ok && events[at].Name == row.Name && events[at].Text == row.Text {
				events[at].Count++
				continue
			}
			latest[e.Machine] = len(events)
			events = append(events, row)
		}
	}
	if len(events) > eventsShown {
		leftOut = len(events) - eventsShown
		events = events[:eventsShown]
	}
	return members, events, leftOut
}

// notable says whether a log line's message is one of the stable names, such as "raft.state", and not a sentence.
func notable(name string) bool {
	return strings.Contains(name, ".") && !strings.ContainsAny(name, " :") && !strings.HasSuffix(name, ".")
}

func memberMood(state string) string {
	switch state {
	case "UP":
		return "good"
	case "DOWN":
		return "bad"
	}
	return "unsure"
}

// attributes of an event as text, by name, without what is empty or what the row says anyhow; addresses of nodes carry the nodes' names.
func (s *story) attributes(e run.NodeEvent, but ...string) string {
	var parts []string
	for _, name := range sortedKeys(e.Attributes, nil) {
		if name == "time" || name == "level" || name == "node" || slices.Contains(but, name) {
			continue
		}
		value := fmt.Sprint(e.Attributes[name])
		if value == "" {
			continue
		}
		if named, ok := s.names[value]; ok && named != value {
			value = fmt.Sprintf("%s (%s)", named, value)
		}
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, "  ")
}
