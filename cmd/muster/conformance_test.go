package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"muster/nodes/golden"
	"muster/nodes/loopback"
)

func TestConformance(t *testing.T) {
	out := t.TempDir()
	code, stdout, stderr := invoke(t, "conformance", "--profile", "nacos2", "--only", "v1-operator/cluster-", "--out", out)
	require.Equal(t, exitAsExpected, code, stderr)
	require.Contains(t, stdout, "core ")
	require.Contains(t, stdout, filepath.Join(out, "conformance.md"))
	text, err := os.ReadFile(filepath.Join(out, "results.json"))
	require.NoError(t, err)
	var results []golden.Result
	require.NoError(t, json.Unmarshal(text, &results))
	require.NotEmpty(t, results)
	for _, r := range results {
		require.Equal(t, golden.Strict, r.Outcome, r.Name())
	}
	junit, err := os.ReadFile(filepath.Join(out, "junit.xml"))
	require.NoError(t, err)
	require.Equal(t, len(results), strings.Count(string(junit), "<testcase "))

	code, _, stderr = invoke(t, "conformance", "--profile", "nacos2", "--only", "v2-errors/beat-bad-json", "--strict", "98")
	if code == exitUnexpected { // as long as it is one that is meant to differ
		require.Contains(t, stderr, "0.0 % are strictly alike: want 98 %")
	}
	code, _, stderr = invoke(t, "conformance", "--profile", "nacos1", "--only", "nothing-like-it")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, `--only "nothing-like-it": no case has this in its name`)
}

func TestConformanceConcludes(t *testing.T) {
	results := []golden.Result{
		{File: "f", Case: "same", Topic: "beat", Outcome: golden.Strict},
		{File: "f", Case: "close", Topic: "beat", Outcome: golden.Compatible, Differences: []golden.Difference{{Text: "small", Minor: true}}},
		{File: "f", Case: "far", Topic: "beat", Outcome: golden.Different, Differences: []golden.Difference{{Text: "large"}, {Text: "small", Minor: true}}},
		{File: "f", Case: "also", Topic: "beat", Outcome: golden.Strict},
	}
	for _, test := range []struct {
		name  string
		flags conformanceFlags
		meant map[string]string
		want  string
	}{
		{"a target is measured", conformanceFlags{target: "x"}, nil, ""},
		{"and held to what is demanded", conformanceFlags{target: "x", strict: 50, compatible: 75}, nil, ""},
		{"too few strictly", conformanceFlags{target: "x", strict: 51}, nil, "50.0 % are strictly alike: want 51 %"},
		{"too few compatible", conformanceFlags{target: "x", compatible: 76}, nil, "75.0 % are compatible: want 76 %"},
		{"ours must be as listed", conformanceFlags{}, map[string]string{"f/far": "why"}, "1 cases of our own node differ"},
		{"and is", conformanceFlags{}, map[string]string{"f/far": "why", "f/close": "why"}, ""},
	} {
		var out strings.Builder
		err := test.flags.conclude(&out, results, test.meant)
		if test.want == "" {
			require.NoError(t, err, test.name)
		} else {
			require.ErrorContains(t, err, test.want, test.name)
		}
		if test.meant == nil {
			require.Contains(t, out.String(), "f/far: \n    large\n", test.name)
			require.NotContains(t, out.String(), "small", test.name)
		}
	}
	for out, want := range map[string]string{"": "and 1 more that differ: --out FOLDER writes all of them down\n", "kept": "and 1 more that differ: all of them are in kept/conformance.md\n"} {
		var printed strings.Builder
		require.NoError(t, conformanceFlags{target: "x", out: out}.conclude(&printed, slices.Repeat(results[2:3], differencesShown+1), nil))
		require.Contains(t, printed.String(), want)
	}
	var printed strings.Builder
	elsewhere := golden.Result{File: "f", Case: "elsewhere", Topic: "beat", Outcome: golden.Different, Differences: []golden.Difference{{Text: "other"}}}
	require.NoError(t, conformanceFlags{target: "x"}.conclude(&printed, append(results, elsewhere), map[string]string{"f/far": "why", "f/close": "why"}))
	require.True(t, strings.HasPrefix(printed.String(), "f/elsewhere: \n    other\n"+
		"f/far: \n    listed, for our own node differs here, too: why (nodes/golden/recordings/differences-*.md)\n    large\n"), printed.String())
	require.Contains(t, printed.String(), "2 of those that are not strictly alike are listed with their reasons")

	suites := suites(results, map[string]string{"f/close": "why"})
	require.Len(t, suites, 1)
	require.Equal(t, "large", suites[0].Cases[2].Failure)
	require.Empty(t, suites[0].Cases[1].Failure)
}

func TestConformanceOfATargetThatIsNotThere(t *testing.T) {
	nobody, err := loopback.Addresses(1)
	require.NoError(t, err)
	for target, want := range map[string]string{
		nobody[0]:   "cannot be reached; want the address of one that runs",
		"localhost": "want the addresses of all nodes",
	} {
		code, _, stderr := invoke(t, "conformance", "--target", target)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, want)
	}
}
