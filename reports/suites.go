package reports

import (
	"encoding/xml"
	"fmt"
	"io"
)

// Suite is a test suite for CI that is not made of runs.
type Suite struct {
	Name  string
	Cases []SuiteCase
}

// SuiteCase is a test of a suite. It passed if it was neither skipped nor failed.
type SuiteCase struct {
	Name string
	// Skipped is why it does not count; Failure is what went wrong, in a line, and Text the rest that there is to say of that.
	Skipped, Failure, Text string
}

// WriteSuites writes suites as a JUnit file.
func WriteSuites(w io.Writer, suites []Suite) error {
	all := junitSuites{Name: "muster", Time: junitTime(0)}
	for _, s := range suites {
		suite := junitSuite{Name: s.Name, Tests: len(s.Cases), Time: junitTime(0)}
		for _, c := range s.Cases {
			one := junitCase{Name: c.Name, Classname: "muster." + s.Name, Time: junitTime(0)}
			switch {
			case c.Failure != "":
				one.Failure = &junitResult{Message: c.Failure, Text: c.Text}
				suite.Failures++
			case c.Skipped != "":
				one.Skipped = &junitResult{Message: c.Skipped}
				suite.Skipped++
			}
			suite.Cases = append(suite.Cases, one)
		}
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Skipped += suite.Skipped
		all.Suites = append(all.Suites, suite)
	}
	return writeJUnit(w, all)
}

func writeJUnit(w io.Writer, all junitSuites) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return fmt.Errorf("JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}
