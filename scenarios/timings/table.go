package timings

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"muster/model/timing"
)

// measured is what a real cluster took.
var measured = read()

//go:embed measured.json
var measuredFile []byte

//go:embed reasons.json
var reasonsFile []byte

// measurements is measured.json.
type measurements struct {
	// Source says where, how and on what was measured.
	Source string `json:"source"`
	Rows   []struct {
		timing.Key
		timing.Samples
		Unit string `json:"unit"`
	} `json:"rows"`
	reasons []reason
}

// reason says why simulated clusters are not as the measured ones.
type reason struct {
	Because string      `json:"because"`
	Kind    timing.Kind `json:"kind"`
	// Of are the rows that it is the reason of: their experiments, quantities and places begin so.
	Of []timing.Key `json:"of"`
}

func (r reason) matches(row timing.Row) bool {
	return slices.ContainsFunc(r.Of, func(k timing.Key) bool {
		return strings.HasPrefix(row.Experiment, k.Experiment) && strings.HasPrefix(row.Quantity, k.Quantity) && strings.HasPrefix(row.At, k.At)
	})
}

func read() measurements {
	var m measurements
	if err := json.Unmarshal(measuredFile, &m); err != nil {
		panic(fmt.Sprintf("timings: measured.json, which is part of this program: %v", err))
	}
	if err := json.Unmarshal(reasonsFile, &m.reasons); err != nil {
		panic(fmt.Sprintf("timings: reasons.json, which is part of this program: %v", err))
	}
	return m
}

// Source says where, how and on what the measured samples were taken.
func Source() string { return measured.Source }

// Measured lists what was measured.
func Measured() []timing.Key {
	var keys []timing.Key
	for _, r := range measured.Rows {
		keys = append(keys, r.Key)
	}
	return keys
}

// Table holds what runs came to against what was measured: experiments in the order of the catalog, in each first what was measured, in the
// order of the measurements.
func Table(simulated map[timing.Key]timing.Samples) []timing.Row {
	rest := maps.Clone(simulated)
	ran := map[string]bool{}
	for key := range simulated {
		ran[key.Experiment] = true
	}
	var rows []timing.Row
	for _, r := range measured.Rows {
		if ran[r.Experiment] {
			rows = append(rows, timing.Row{Key: r.Key, Unit: r.Unit, Measured: r.Samples, Simulated: simulated[r.Key]})
		}
		delete(rest, r.Key)
	}
	for _, key := range slices.SortedFunc(maps.Keys(rest), func(a, b timing.Key) int { return strings.Compare(a.String(), b.String()) }) {
		rows = append(rows, timing.Row{Key: key, Unit: unitOf(key), Simulated: rest[key]})
	}
	for i := range rows {
		rows[i].Reason, rows[i].Kind = measured.reasonFor(rows[i])
	}
	order := map[string]int{}
	for i, e := range Catalog() {
		order[e.Name] = i
	}
	slices.SortStableFunc(rows, func(a, b timing.Row) int { return order[a.Experiment] - order[b.Experiment] })
	return rows
}

// unitOf is the unit of a quantity of which the real cluster has no samples.
func unitOf(key timing.Key) string {
	switch {
	case strings.Contains(key.Quantity, "writes"):
		return "writes"
	case strings.Contains(key.Quantity, "instances removed"), strings.Contains(key.Quantity, "instances turned"), strings.Contains(key.Quantity, "missing in pushes"):
		return "instances"
	case strings.HasPrefix(key.Quantity, "subscribers"):
		return "subscribers"
	}
	return ""
}

// reasonFor is the first reason that matches a row that needs one, and its kind.
func (m measurements) reasonFor(row timing.Row) (because string, kind timing.Kind) {
	if !row.Differs() {
		return "", ""
	}
	for _, r := range m.reasons {
		if r.matches(row) {
			return r.Because, r.Kind
		}
	}
	return "", ""
}

// Merge adds the samples of one run to those of others.
func Merge(into, more map[timing.Key]timing.Samples) {
	for key, samples := range more {
		all := into[key]
		all.Values = append(all.Values, samples.Values...)
		all.Never += samples.Never
		into[key] = all
	}
}
