package trace_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"muster/sim/trace"
)

// records reads a whole file.
func records(t *testing.T, file io.Reader) (indices []uint64, found []trace.Record) {
	r, err := trace.NewReader(file)
	require.NoError(t, err)
	for {
		index, record, err := r.Next()
		if err == io.EOF {
			return indices, found
		}
		require.NoError(t, err)
		indices, found = append(indices, index), append(found, record)
	}
}

func TestCompressedFilesHoldTheSame(t *testing.T) {
	plain, _ := write(t, trace.Full, some())
	var compressed bytes.Buffer
	w := trace.NewCompactWriter(&compressed, trace.Full, 7)
	recorder := trace.NewRecorder(w)
	for _, r := range some() {
		recorder.Add(r)
	}
	require.NoError(t, w.Finish(&recorder))
	whole := compressed.Bytes()
	require.Equal(t, "\x28\xb5\x2f\xfd", string(whole[:4]))
	_, want := records(t, plain)
	_, got := records(t, bytes.NewReader(whole))
	require.Equal(t, want, got)

	// Files of earlier versions were lines compressed with gzip.
	var earlier bytes.Buffer
	compressor := gzip.NewWriter(&earlier)
	lines, _ := write(t, trace.Full, some())
	_, err := compressor.Write(lines.Bytes())
	require.NoError(t, err)
	require.NoError(t, compressor.Close())
	_, got = records(t, &earlier)
	require.Equal(t, want, got)

	// One that was broken off says so.
	r, err := trace.NewReader(bytes.NewReader(whole[:len(whole)-30]))
	for err == nil {
		_, _, err = r.Next()
	}
	require.NotEqual(t, io.EOF, err)
	require.ErrorContains(t, err, "the run was broken off")
}

func TestIndicesAreWrittenOnlyWhereTheySaySomething(t *testing.T) {
	var out bytes.Buffer
	w := trace.NewWriter(&out, trace.Full, 7)
	written := []uint64{0, 1, 2, 7, 8, 100}
	for _, index := range written {
		w.Record(index, trace.Record{Kind: trace.Crash, Machine: "n1"})
	}
	recorder := trace.NewRecorder(nil)
	require.NoError(t, w.Finish(&recorder))
	require.Equal(t, 3, strings.Count(out.String(), `"index"`), "0, 7 and 100")
	read, _ := records(t, &out)
	require.Equal(t, written, read)

	// A trace may begin in the middle of a run, and in version 1 each record has its index.
	for _, header := range []string{`{"trace_format":1,"level":"full","seed":7}`, `{"trace_format":2,"level":"full","seed":7}`} {
		read, _ = records(t, strings.NewReader(header+"\n"+`{"index":40,"kind":"kill"}{"index":41,"kind":"kill"}{"hash":"00"}`))
		require.Equal(t, []uint64{40, 41}, read)
	}
}

func TestEveryKindIsPutIntoWords(t *testing.T) {
	address := netip.MustParseAddrPort("10.0.0.2:7")
	for kind := trace.Boot; !strings.HasPrefix(kind.String(), "kind-"); kind++ {
		r := trace.Record{Kind: kind, Machine: "n1", Peer: "n2", Source: address, Destination: address, Number: 3, Size: 1, Sum: 5, Text: "why"}
		require.NotEqual(t, r.String(), r.Describe(), kind.String())
		require.NotContains(t, r.Describe(), "%!", kind.String())
	}
	for want, r := range map[string]trace.Record{
		"ends with exit code 2: out of memory":                    {Kind: trace.Exit, Number: 2, Text: "out of memory"},
		"has its clock changed (jump 1s): it is now 1.5s ahead":   {Kind: trace.Clock, Number: 15e8, Text: "jump 1s"},
		"prints to standard error: panic":                         {Kind: trace.Console, Number: 2, Text: "panic"},
		"connects to n2 (10.0.0.1:5 > 10.0.0.2:7)":                {Kind: trace.Connect, Peer: "n2", Source: netip.MustParseAddrPort("10.0.0.1:5"), Destination: address},
		"packet to somebody of 2 bytes, content 00000005 is lost": {Kind: trace.DroppedByChance, Size: 2, Sum: 5},
		"sends 1 byte (descriptor 7)":                             {Kind: trace.Send, Size: 1, Number: 7},
		"starts program number 1: no arguments":                   {Kind: trace.Boot, Number: 1},
		"writes 3 bytes to the file of inode 9, content 00000001": {Kind: trace.Write, Size: 3, Number: 9, Sum: math.MaxUint32 + 2},
	} {
		require.Equal(t, want, r.Describe())
	}
	line := trace.Record{At: 12*time.Second + 345*time.Microsecond, Machine: "n2", Kind: trace.Crash}
	require.Equal(t, "  12.000345000s  n2        loses its power", line.Line())
}

func TestFilter(t *testing.T) {
	kinds := func(names ...string) []trace.Kind {
		var all []trace.Kind
		for _, name := range names {
			parsed, err := trace.ParseKinds(name)
			require.NoError(t, err)
			all = append(all, parsed...)
		}
		return all
	}
	for name, test := range map[string]struct {
		filter trace.Filter
		want   []int // of some()
	}{
		"all":          {trace.Filter{}, []int{0, 1, 2, 3, 4}},
		"a machine":    {trace.Filter{Machines: []string{"n1"}}, []int{0, 1, 2, 3, 4}},
		"as the other": {trace.Filter{Machines: []string{"n2"}}, []int{2}},
		"nobody":       {trace.Filter{Machines: []string{"n9"}}, nil},
		"from":         {trace.Filter{From: 5}, []int{2, 3, 4}},
		"to":           {trace.Filter{From: 3, To: 5}, []int{1, 2}},
		"a group":      {trace.Filter{Kinds: kinds("machine", "net")}, []int{0, 2}},
		"a kind":       {trace.Filter{Kinds: kinds("wake")}, []int{1}},
		"disk":         {trace.Filter{Kinds: kinds("disk")}, []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int
			for i, r := range some() {
				if test.filter.Wants(&r) {
					got = append(got, i)
				}
			}
			require.Equal(t, test.want, got)
		})
	}
	_, err := trace.ParseKinds("packets")
	require.ErrorContains(t, err, `kind "packets": want machine, fault, console, net, disk, or one of boot, exit`)
}

func TestExplain(t *testing.T) {
	other := some()
	other[3].Content, other[3].At = []byte("xyz"), 8*time.Second
	compare := func(level trace.Level, right []trace.Record) *trace.Difference {
		l, _ := write(t, level, some())
		r, _ := write(t, level, right)
		d, err := trace.Compare(l, r)
		require.NoError(t, err)
		return d
	}
	d := compare(trace.Full, other)
	require.Len(t, d.Before, 3)
	require.Len(t, d.LeftAfter, 1)
	require.Equal(t, []string{"time", "content"}, d.Fields())
	require.Equal(t, `Both:
     0.000000000s  n1        starts program number 1: -listen :7
     0.000000003s  n1        goes on (wake-up 1)
     0.000000005s  n1        connects to n2 (10.0.0.1:5 > 10.0.0.2:7)
Then, 7s after the world began, they part at record 3.
one:
     7.000000000s  n1        writes 3 bytes to the file of inode 12, content ad770999
     7.000000000s  n1        prints to standard error: <panic> "x"
two:
     8.000000000s  n1        writes 3 bytes to the file of inode 12, content 5b833ca1
     7.000000000s  n1        prints to standard error: <panic> "x"
The two records differ in: time, content.
`, d.Explain("one", "two"))

	// A side that has ended, a difference below the level, and one just before.
	require.Contains(t, compare(trace.Full, some()[:4]).Explain("one", "two"), "two:\n  has ended\n")
	require.Contains(t, compare(trace.Normal, other).Explain("one", "two"), "make both runs again with --trace full")
	fewer := append(some()[:1:1], some()[2:]...)
	require.Contains(t, compare(trace.Normal, fewer).Explain("one", "two"), "These are record 2 on the left and 1 on the right, so something else happened before.")
}

// long is a trace of so many seconds with ten records each.
func TestExplainShowsWhatDiffersInLongTexts(t *testing.T) {
	load := strings.Repeat("clients and services ", 20)
	boot := func(text string) []trace.Record {
		return []trace.Record{
			{Kind: trace.Console, Machine: "n1", Number: 1, Text: load},
			{Kind: trace.Boot, Machine: "clients", Number: 1, Text: text},
		}
	}
	explain := func(one, other string) string {
		l, _ := write(t, trace.Full, boot(one))
		r, _ := write(t, trace.Full, boot(other))
		d, err := trace.Compare(l, r)
		require.NoError(t, err)
		return d.Explain("one", "two")
	}
	told := explain(load+"--seed 12 --é", load+"--seed 1é --é")
	require.Contains(t, told, "services --seed 1>>2<< --é\n")
	require.Contains(t, told, "services --seed 1>>é<< --é\n")
	require.Contains(t, explain("a"+load, "b"+load), "starts program number 1: >>a<<clients and services")
	require.Contains(t, explain(load+"more", load), "services >><<\n", "what only the other has")
	for line := range strings.Lines(told) {
		require.Less(t, len([]rune(line)), 220, line)
	}
}

func long(seconds int, sink trace.Sink) trace.Recorder {
	recorder := trace.NewRecorder(sink)
	for i := range seconds * 10 {
		at := time.Duration(i) * 100 * time.Millisecond
		address := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), uint16(i))
		recorder.Add(trace.Record{At: at, Kind: trace.Send, Machine: "n1", Peer: "n2", Source: address, Number: int64(i), Size: 3, Content: []byte{byte(i), byte(i >> 8), byte(i % 7)}})
	}
	return recorder
}

func TestCompactFilesHoldLongRuns(t *testing.T) {
	var lines, compact bytes.Buffer
	w := trace.NewWriter(&lines, trace.Full, 7)
	recorder := long(1000, w)
	require.NoError(t, w.Finish(&recorder))
	w = trace.NewCompactWriter(&compact, trace.Full, 7)
	recorder = long(1000, w)
	require.NoError(t, w.Finish(&recorder))
	require.Less(t, compact.Len()*8, lines.Len())
	indices, want := records(t, &lines)
	again, got := records(t, &compact)
	require.Equal(t, indices, again)
	require.Equal(t, want, got)
}

func TestCopiesOfWritersGoOn(t *testing.T) {
	for name, begin := range map[string]func(w io.Writer) *trace.Writer{
		"lines":   func(w io.Writer) *trace.Writer { return trace.NewWriter(w, trace.Full, 7) },
		"compact": func(w io.Writer) *trace.Writer { return trace.NewCompactWriter(w, trace.Full, 7) },
		"ring":    func(w io.Writer) *trace.Writer { return trace.NewRingWriter(w, trace.Full, 7, time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			var one, other bytes.Buffer
			w := begin(&one)
			recorder := trace.NewRecorder(w)
			for _, r := range some()[:3] {
				recorder.Add(r)
			}
			c, err := w.Continue(&other)
			require.NoError(t, err)
			other.Write(one.Bytes())
			copied := recorder.Clone(c)
			for _, r := range some()[3:] {
				recorder.Add(r)
				copied.Add(r)
			}
			require.NoError(t, w.Finish(&recorder))
			require.NoError(t, c.Finish(&copied))
			d, err := trace.Compare(&one, &other)
			require.NoError(t, err)
			require.Nil(t, d)
		})
	}
}

func TestRingsKeepTheEndAndTheHashes(t *testing.T) {
	var ring, whole bytes.Buffer
	w := trace.NewRingWriter(&ring, trace.Full, 7, 2*time.Minute)
	recorder := long(3600, w)
	require.NoError(t, w.Finish(&recorder))
	full := trace.NewCompactWriter(&whole, trace.Full, 7)
	long(3600, full)
	require.NoError(t, full.Finish(&recorder))
	require.Less(t, ring.Len()*15, whole.Len())

	read := func(file io.Reader) (*trace.Reader, map[uint64]trace.Record, uint64) {
		r, err := trace.NewReader(file)
		require.NoError(t, err)
		found := map[uint64]trace.Record{}
		first := uint64(math.MaxUint64)
		for {
			index, record, err := r.Next()
			if err == io.EOF {
				return r, found, first
			}
			require.NoError(t, err)
			found[index], first = record, min(first, index)
		}
	}
	kept, last, first := read(&ring)
	all, everything, _ := read(&whole)
	require.LessOrEqual(t, last[first].At, 3600*time.Second-2*time.Minute, "all of the last two minutes")
	require.GreaterOrEqual(t, last[first].At, 3600*time.Second-3*time.Minute, "and little more")
	for index, record := range last {
		require.Equal(t, everything[index], record)
	}
	require.Len(t, last, int(36000-first))
	hash, count := kept.Total()
	require.Equal(t, trace.FormatHash(recorder.Hash()), hash)
	require.EqualValues(t, 36000, count)
	marks := map[trace.Mark]bool{}
	for _, m := range all.Marks() {
		marks[m] = true
	}
	require.Greater(t, len(kept.Marks()), 100)
	for _, m := range kept.Marks()[1:] {
		require.True(t, marks[m], "%+v", m)
	}
}

func FuzzReader(f *testing.F) {
	for _, begin := range []func(w io.Writer) *trace.Writer{
		func(w io.Writer) *trace.Writer { return trace.NewWriter(w, trace.Full, 7) },
		func(w io.Writer) *trace.Writer { return trace.NewCompactWriter(w, trace.Full, 7) },
	} {
		var file bytes.Buffer
		w := begin(&file)
		recorder := trace.NewRecorder(w)
		for _, r := range some() {
			recorder.Add(r)
		}
		require.NoError(f, w.Finish(&recorder))
		content := file.Bytes()
		if r, err := zstd.NewReader(nil); err == nil {
			if plain, err := r.DecodeAll(content, nil); err == nil {
				content = plain // the fuzzer had a hard time with the compressor's checksum
			}
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := trace.NewReader(bytes.NewReader(content))
		for err == nil {
			_, _, err = r.Next()
		}
	})
}
