package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"muster/checker"
	"muster/model/run"
)

// The elements of a JUnit file, as the schema of Jenkins's xUnit plug-in has them; properties of test cases come from pytest and
// are read by GitLab, Azure and Buildkite, and skipped by others.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitCase struct {
		Name       string          `xml:"name,attr"`
		Classname  string          `xml:"classname,attr"`
		Time       string          `xml:"time,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Skipped    *junitResult    `xml:"skipped"`
		Error      *junitResult    `xml:"error"`
		Failure    *junitResult    `xml:"failure"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitResult struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a test suite for each scenario and a test case for each property of each run. A verdict that is not the one
// expected is a failure; one that is Undecided where something was expected is an error; one that is Undecided where nothing
// was expected is skipped.
func WriteJUnit(w io.Writer, folders []run.Folder) error {
	results, err := ReadResults(folders)
	if err != nil {
		return err
	}
	all := junitSuites{Name: "muster"}
	var total time.Duration
	for _, g := range groups(results) {
		suite := junitSuite{Name: g.title()}
		var seeds []uint64
		var wall time.Duration
		for _, r := range g.results {
			seeds = append(seeds, r.Run.Seed)
			wall += r.Run.Cost.Wall
			for _, v := range r.Verdicts {
				suite.add(r, v)
			}
		}
		suite.Time = junitTime(wall)
		suite.Properties = []junitProperty{{"claim", g.claim}, {"stage", g.stage}, {"profile", g.profile}, {"seeds", seedList(seeds)}}
		if g.protocol != "" {
			suite.Properties = append(suite.Properties, junitProperty{"protocol", g.protocol})
		}
		total += wall
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Errors += suite.Errors
		all.Skipped += suite.Skipped
		all.Suites = append(all.Suites, suite)
	}
	all.Time = junitTime(total)
	return writeJUnit(w, all)
}

func (s *junitSuite) add(r Result, v checker.Verdict) {
	one := junitCase{
		Name:      fmt.Sprintf("%s (seed %s)", v.Property, r.Seed()),
		Classname: "muster." + strings.ReplaceAll(r.Run.Scenario, ".", "-"),
		// A run's time is shared out evenly, so that the cases of a suite add up to it.
		Time: junitTime(r.Run.Cost.Wall / time.Duration(len(r.Verdicts))),
		Properties: []junitProperty{
			{"seed", strconv.FormatUint(r.Run.Seed, 10)}, {"outcome", string(v.Outcome)}, {"expected", string(v.Expected)},
			{"replay", r.Run.Replay}, {"folder", string(r.Folder)},
		},
	}
	if r.Run.Protocol != "" {
		// What shows cases by class and name alone must not take one for the other.
		one.Classname += "-" + r.Run.Protocol
	}
	if nodes := r.Nodes(); nodes != "" {
		one.Name += " [" + nodes + "]"
	}
	if defects := r.Defects(); defects != "" {
		one.Properties = append(one.Properties, junitProperty{"defects", defects})
	}
	message := fmt.Sprintf("%s: %s", v.Outcome, v.Reason)
	if v.Expected != "" {
		message = fmt.Sprintf("%s, expected %s: %s", v.Outcome, v.Expected, v.Reason)
	}
	s.Tests++
	switch {
	case v.Outcome == checker.Undecided && v.Expected == "":
		one.Skipped = &junitResult{Message: message}
		s.Skipped++
	case v.AsExpected():
	case v.Outcome == checker.Undecided:
		one.Error = &junitResult{Message: message, Type: "undecided", Text: explain(r, v)}
		s.Errors++
	default:
		one.Failure = &junitResult{Message: message, Type: string(v.Outcome), Text: explain(r, v)}
		s.Failures++
	}
	s.Cases = append(s.Cases, one)
}

// explain is what somebody needs who sees no more than the CI's page.
func explain(r Result, v checker.Verdict) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n%s\n", v.Guarantee, v.Reason)
	for _, e := range v.Evidence {
		fmt.Fprintf(&text, "  at %s: %s\n", moment(e.T), e.Text)
	}
	if defects := r.Defects(); defects != "" {
		fmt.Fprintf(&text, "nodes that were broken on purpose: %s\n", defects)
	}
	fmt.Fprintf(&text, "report: %s\nreplay: %s\n", r.Folder.Path(run.ReportFile), r.Run.Replay)
	return text.String()
}

func junitTime(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
