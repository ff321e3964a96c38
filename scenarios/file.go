package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// ReadFile reads scenarios of somebody's own from a file: one as JSON, or several in an array, as `muster scenarios --json` writes
// those of the catalog. They need names that the catalog does not have, so that neither their runs nor their figures are taken for its
// own.
func ReadFile(path string) ([]Scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var found []Scenario
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		err = decoder.Decode(&found)
	} else {
		found = make([]Scenario, 1)
		err = decoder.Decode(&found[0])
	}
	if err == nil && len(found) == 0 {
		err = errors.New("it holds none")
	}
	if _, after := decoder.Token(); err == nil && !errors.Is(after, io.EOF) {
		err = errors.New("something follows the scenario: want several in an array")
	}
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
