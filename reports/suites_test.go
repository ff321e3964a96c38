package reports

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSuites(t *testing.T) {
	var text strings.Builder
	require.NoError(t, WriteSuites(&text, []Suite{{Name: "beat", Cases: []SuiteCase{
		{Name: "a"}, {Name: "b", Skipped: "meant"}, {Name: "c", Failure: "1 < 2", Text: "more"},
	}}, {Name: "udp", Cases: []SuiteCase{{Name: "d"}}}}))
	var read struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Tests int    `xml:"tests,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal([]byte(text.String()), &read))
	require.Equal(t, []int{4, 1, 1}, []int{read.Tests, read.Failures, read.Skipped})
	require.Equal(t, []int{3, 1}, []int{read.Suites[0].Tests, read.Suites[1].Tests})
	require.Nil(t, read.Suites[0].Cases[0].Failure)
	require.NotNil(t, read.Suites[0].Cases[1].Skipped)
	require.Equal(t, "1 < 2", read.Suites[0].Cases[2].Failure.Message)
	require.Equal(t, "more", read.Suites[0].Cases[2].Failure.Text)
}
