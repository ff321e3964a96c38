package trace_test

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/sim/trace"
)

func some() []trace.Record {
	return []trace.Record{
		{At: 0, Kind: trace.Boot, Machine: "n1", Number: 1, Text: "-listen :7"},
		{At: 3, Kind: trace.Wake, Machine: "n1", Number: 1},
		{At: 5, Kind: trace.Connect, Machine: "n1", Peer: "n2", Source: netip.MustParseAddrPort("10.0.0.1:5"), Destination: netip.MustParseAddrPort("10.0.0.2:7")},
		{At: 7 * time.Second, Kind: trace.Write, Machine: "n1", Number: 12, Size: 3, Content: []byte("abc")},
		{At: 7 * time.Second, Kind: trace.Console, Machine: "n1", Number: 2, Text: "<panic> \"x\""},
	}
}

func write(t *testing.T, level trace.Level, records []trace.Record) (*bytes.Buffer, trace.Recorder) {
	var out bytes.Buffer
	w := trace.NewWriter(&out, level, 7)
	recorder := trace.NewRecorder(w)
	for _, r := range records {
		recorder.Add(r)
	}
	require.NoError(t, w.Finish(&recorder))
	return &out, recorder
}

func TestEveryFieldCounts(t *testing.T) {
	hash := func(r trace.Record) uint64 {
		recorder := trace.NewRecorder(nil)
		recorder.Add(r)
		return recorder.Hash()
	}
	base := trace.Record{At: 1, Kind: trace.Send, Machine: "ab", Peer: "c", Number: 1, Size: 2, Sum: 3, Text: "t", Content: []byte("xy")}
	seen := map[uint64]string{hash(base): "base"}
	for name, change := range map[string]func(r *trace.Record){
		"At":          func(r *trace.Record) { r.At++ },
		"Kind":        func(r *trace.Record) { r.Kind = trace.Write },
		"Machine":     func(r *trace.Record) { r.Machine = "a" },
		"border":      func(r *trace.Record) { r.Machine, r.Peer = "a", "bc" },
		"Source":      func(r *trace.Record) { r.Source = netip.MustParseAddrPort("10.0.0.1:5") },
		"Destination": func(r *trace.Record) { r.Destination = netip.MustParseAddrPort("10.0.0.1:5") },
		"Number":      func(r *trace.Record) { r.Number = -1 },
		"Size":        func(r *trace.Record) { r.Size++ },
		"Sum":         func(r *trace.Record) { r.Sum++ },
		"Text":        func(r *trace.Record) { r.Text = "u" },
		"Content":     func(r *trace.Record) { r.Content = []byte("xz") },
	} {
		r := base
		change(&r)
		other, taken := seen[hash(r)]
		require.False(t, taken, "%s and %s", name, other)
		seen[hash(r)] = name
	}
}

func TestLevelChangesTheFileAndNotTheHash(t *testing.T) {
	normal, a := write(t, trace.Normal, some())
	full, b := write(t, trace.Full, some())
	require.Equal(t, a.Hash(), b.Hash())
	require.Equal(t, uint64(5), a.Count())
	require.Equal(t, 2+3, strings.Count(normal.String(), "\n"))
	require.Equal(t, 2+5, strings.Count(full.String(), "\n"))
}

func TestFileHoldsWhatWasRecorded(t *testing.T) {
	out, recorder := write(t, trace.Full, some())
	r, err := trace.NewReader(out)
	require.NoError(t, err)
	require.Equal(t, trace.Full, r.Level())
	require.Equal(t, uint64(7), r.Seed())
	for i, want := range some() {
		index, got, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, uint64(i), index)
		if want.Content != nil {
			require.NotZero(t, got.Sum)
			want.Sum, want.Content = got.Sum, nil
		}
		require.Equal(t, want, got)
	}
	for range 2 {
		_, _, err = r.Next()
		require.ErrorIs(t, err, io.EOF)
	}
	hash, records := r.Total()
	require.Equal(t, trace.FormatHash(recorder.Hash()), hash)
	require.Equal(t, uint64(5), records)
}

func TestBadFiles(t *testing.T) {
	whole, _ := write(t, trace.Full, some())
	lines := strings.SplitAfter(whole.String(), "\n")
	for name, test := range map[string]struct{ file, want string }{
		"empty":        {"", "first line"},
		"no header":    {lines[1] + lines[2], "format 0"},
		"newer":        {`{"trace_format":9}`, "reads formats 1 to 3"},
		"no level":     {`{"trace_format":1,"level":"x"}`, "want none, faults, normal or full"},
		"broken off":   {lines[0] + lines[1], "line 3: the file ends without its last line"},
		"cut":          {lines[0] + lines[1][:20], "line 2"},
		"unknown kind": {lines[0] + `{"kind":"dance"}`, `unknown kind "dance"`},
		"bad sum":      {lines[0] + `{"kind":"send","sum":"x"}`, "hexadecimal"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := trace.NewReader(strings.NewReader(test.file))
			for err == nil {
				_, _, err = r.Next()
			}
			require.NotEqual(t, io.EOF, err)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestCompare(t *testing.T) {
	changed := func(change func(records []trace.Record) []trace.Record) []trace.Record { return change(some()) }
	for _, test := range []struct {
		name   string
		level  trace.Level
		right  []trace.Record
		parted bool
		index  uint64
		says   string
	}{
		{"same", trace.Full, some(), false, 0, ""},
		{"content", trace.Full, changed(func(r []trace.Record) []trace.Record { r[3].Content[0] = 'x'; return r }), true, 3, "n1 write"},
		{"later", trace.Full, changed(func(r []trace.Record) []trace.Record { r[1].At++; return r }), true, 1, "4ns n1 wake"},
		{"one more", trace.Full, append(some(), trace.Record{At: 9 * time.Second, Kind: trace.Crash, Machine: "n1"}), true, 5, "has ended"},
		{"one less", trace.Full, some()[:4], true, 4, "has ended"},
		{"below the level", trace.Normal, changed(func(r []trace.Record) []trace.Record { r[1].At++; return r }), true, 0, "compare full traces"},
	} {
		t.Run(test.name, func(t *testing.T) {
			left, _ := write(t, test.level, some())
			right, _ := write(t, test.level, test.right)
			d, err := trace.Compare(left, right)
			require.NoError(t, err)
			require.Equal(t, test.parted, d != nil)
			if d != nil {
				require.Equal(t, test.index, d.Index)
				require.Contains(t, d.String(), test.says)
			}
		})
	}
	normal, _ := write(t, trace.Normal, some())
	full, _ := write(t, trace.Full, some())
	_, err := trace.Compare(normal, full)
	require.ErrorContains(t, err, "different levels")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFinishReportsWhatWentWrong(t *testing.T) {
	w := trace.NewWriter(brokenWriter{}, trace.Full, 7)
	recorder := trace.NewRecorder(w)
	recorder.Add(some()[0])
	require.ErrorContains(t, w.Finish(&recorder), "disk full")
}

func TestCloneGoesOnAlone(t *testing.T) {
	a, b := trace.NewRecorder(nil), trace.NewRecorder(nil)
	for _, r := range some()[:2] {
		a.Add(r)
		b.Add(r)
	}
	c := a.Clone(nil)
	c.Add(some()[2])
	require.Equal(t, b.Hash(), a.Hash())
	a.Add(some()[2])
	require.Equal(t, a.Hash(), c.Hash())
}
