package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/checker"
	"muster/model"
	"muster/model/run"
)

// refusalsShown is how many rows the table of refusals has at most.
const refusalsShown = 20

// refusal is a row of the table of what clients were refused: operations of one kind that one node was asked for, and that ended alike.
type refusal struct {
	Node string
	Kind string
	// Outcome is "failed" or "unknown"; Mood is its colour.
	Outcome, Mood string
	// Text says why, without what differs between errors of one cause.
	Text  string
	Count int
	// First and Last are when clients learned of it, in true time.
	First, Last time.Duration
}

// shownRefusals is the section about them.
type shownRefusals struct {
	Rows []refusal
	// Total counts all operations that were refused; RowsLeftOut and LeftOut are rows that found no place, and their operations.
	Total, RowsLeftOut, LeftOut int
	// ClientsStay: the run had cuts, and all of them were between nodes.
	ClientsStay bool
}

// refusals are what clients were refused, the most frequent first.
func (s *story) refusals() shownRefusals {
	shown := shownRefusals{Rows: refusalsOf(s.history.Operations()), ClientsStay: cutsSpareClients(s.Run, s.plan)}
	for i, row := range shown.Rows {
		shown.Total += row.Count
		if i >= refusalsShown {
			shown.LeftOut += row.Count
		}
	}
	if len(shown.Rows) > refusalsShown {
		shown.RowsLeftOut = len(shown.Rows) - refusalsShown
		shown.Rows = shown.Rows[:refusalsShown]
	}
	return shown
}

// refusalsOf groups the operations that did not succeed. What observers asked is no client's operation.
func refusalsOf(operations []model.Operation) []refusal {
	type alike struct {
		node  string
		kind  checker.Kind
		phase model.Phase
		text  string
	}
	var rows []refusal
	known := map[alike]int{}
	for _, o := range operations {
		kind, ok := checker.KindOf(o.Invoked)
		if !ok || o.Completed.Phase == model.OK {
			continue
		}
		key := alike{o.Invoked.Node, kind, o.Completed.Phase, reasonOf(o)}
		at, again := known[key]
		if !again {
			at = len(rows)
			known[key] = at
			row := refusal{Node: key.node, Kind: strings.ReplaceAll(string(kind), "_", " "), Text: key.text, First: o.Completed.T, Outcome: "unknown", Mood: "unsure"}
			if key.phase == model.Fail {
				row.Outcome, row.Mood = "failed", "bad"
			}
			rows = append(rows, row)
		}
		rows[at].Count++
		rows[at].First = min(rows[at].First, o.Completed.T)
		rows[at].Last = max(rows[at].Last, o.Completed.T)
	}
	slices.SortStableFunc(rows, func(a, b refusal) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.First, b.First), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Text, b.Text))
	})
	return rows
}

// cutsSpareClients says whether faults cut nodes off, and none of them the machine that the clients run on. A cut concerns the machines
// that it names and no others, so that clients reach both sides of it unless they stand on one.
func cutsSpareClients(r run.Run, plan run.Plan) bool {
	cut := false
	for _, strike := range plan.Strikes {
		switch strike.Kind {
		case run.KindIsolate, run.KindPartition, run.KindBridge, run.KindMajorityRing, run.KindCut:
		default:
			continue
		}
		if strike.Skipped != "" {
			continue
		}
		cut = true
		for _, m := range r.Machines {
			if m.Role == "workload" && slices.Contains(strike.Machines, m.Name) {
				return false
			}
		}
	}
	return cut
}

// reasonOf says why an operation was refused, in words that are the same wherever the cause is.
func reasonOf(o model.Operation) string {
	text := o.Completed.Error
	if text == "" {
		if o.Completed.Status == 0 {
			return "no reason given"
		}
		return fmt.Sprintf("status %d", o.Completed.Status)
	}
	text, cut := unquoted(request.ReplaceAllString(text, ""))
	if name := o.Invoked.Service.Name; name != "" && strings.Contains(text, name) {
		text = regexp.MustCompile(`\b`+regexp.QuoteMeta(name)+`\b`).ReplaceAllString(text, "…")
	}
	return alikened(text, cut)
}

var (
	// request is what clients begin an error with: the request that it is about, which the operation's kind tells as well.
	request = regexp.MustCompile(`^(?:[A-Z]+ /\S*|[A-Za-z]+Request): `)
	// body is an answer that an error ends with, in quotes; three dots follow where it was too long to be quoted whole.
	body = regexp.MustCompile(`^(.*status \d+: )("(?:[^"\\]|\\.)*")(…?)$`)
	// message is the field of an answer in JSON, the answers of Spring's error pages among them, that says what was wrong.
	message = regexp.MustCompile(`"message":("(?:[^"\\]|\\.)*)("?)`)
	// varying is what differs between errors of one cause. What it finds first, a code, does not: it tells causes apart.
	varying = regexp.MustCompile(strings.Join([]string{
		`\b(?:status|code|error) \d+\b`,
		`"(?:[^"\\]|\\.)*(?:"|\\?$)`, // what is quoted, to the end where that was cut off
		`\B'[^']*'\B`,                // but no apostrophe
		`\bhttps?://[^\s"']+`,
		`[^\s"']*@@[^\s"',;]*`, // group@@service
		`\[[0-9a-fA-F:.]+\](?::\d+)?`,
		`\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?`,
		`\b[\w-]+(?:\.[\w-]+)*:\d+\b`, // host:port
		`\b[0-9a-f]{16,}\b`,
		`\b\d[\wµ]*(?:\.\d[\wµ]*)*`, // numbers, durations, addresses
	}, "|"))
	code    = regexp.MustCompile(`^(?:status|code|error) \d+$`)
	another = regexp.MustCompile(`…(?:(?:->|[-_.:#])?…)+`)
)

// unquoted replaces the answer that an error quotes by what it says; cut is true if its end is missing.
func unquoted(text string) (string, bool) {
	parts := body.FindStringSubmatch(text)
	if parts == nil {
		return text, false
	}
	answer, err := strconv.Unquote(parts[2])
	if err != nil {
		return text, false
	}
	cut := parts[3] != ""
	if said := message.FindStringSubmatch(answer); said != nil {
		var words string
		if json.Unmarshal([]byte(said[1]+`"`), &words) == nil {
			answer, cut = words, said[2] == ""
		}
	}
	return parts[1] + answer, cut
}

// alikened replaces what varies by three dots. A text whose end is missing ends with what is whole of it: how much more there was room
// for depends on what varies.
func alikened(text string, cut bool) string {
	text = varying.ReplaceAllStringFunc(text, func(found string) string {
		if code.MatchString(found) {
			return found
		}
		return "…"
	})
	text = another.ReplaceAllString(text, "…")
	if !cut || strings.HasSuffix(text, "…") {
		return text
	}
	if at := strings.LastIndex(text, ": "); at >= 0 {
		text = text[:at+len(": ")]
	}
	return text + "…"
}
