package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
)

// ReadFile reads scenarios of somebody's own from a file: one as JSON, or several in an array, as `muster scenarios --json` writes
// those of the catalog. Where that has nanoseconds, "at_ns": 15000000000, a duration may stand as text, "at": "15s". Scenarios need names
// that the catalog does not have, so that neither their runs nor their figures are taken for its own.
func ReadFile(path string) ([]Scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	found, err := decodeFile(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: want scenarios as `muster scenarios --json leader-isolated` writes one", path, err)
	}
	for i := range found {
		found[i].File = path
		err := found[i].Validate()
		if _, listed := Find(found[i].Name); err == nil && listed == nil {
			err = fmt.Errorf("the name %s is one of the catalog's: want another", found[i].Name)
		}
		if err == nil && slices.ContainsFunc(found[:i], func(s Scenario) bool { return s.Name == found[i].Name }) {
			err = fmt.Errorf("two scenarios are called %s: want a name for each", found[i].Name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return found, nil
}

// decodeFile reads the scenarios of a file's text. It refuses what no scenario has.
func decodeFile(text []byte) ([]Scenario, error) {
	whole := json.NewDecoder(bytes.NewReader(text))
	var raw json.RawMessage
	if err := whole.Decode(&raw); err != nil {
		return nil, err
	}
	if _, err := whole.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the scenario: want several in an array")
	}
	if !bytes.HasPrefix(raw, []byte("[")) {
		found := make([]Scenario, 1)
		return found, decodeStrictly(raw, &found[0])
	}
	var found []Scenario
	if err := decodeStrictly(raw, &found); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("it holds none")
	}
	return found, nil
}

// decodeStrictly reads JSON whose durations may be text into what value points to.
func decodeStrictly(raw json.RawMessage, value any) error {
	raw, err := timesOfText(raw, reflect.TypeOf(value), "")
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(value)
}
