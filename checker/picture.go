package checker

import (
	"bytes"
	"fmt"
	"regexp"
	"time"

	"github.com/anishathalye/porcupine"
)

// pictureSteps and pictureDeadline, in real time, bound the search that a picture is made of: what it has found by then is drawn.
const (
	pictureSteps    = 50_000
	pictureDeadline = 10 * time.Second
)

// unsafe is what does not belong into a file's name, whatever a service is called.
var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// pictureName is the file that shows a property's violation in a service.
func pictureName(property Property, service fmt.Stringer) string {
	return fmt.Sprintf("porcupine-%s-%s.html", property, unsafe.ReplaceAllString(service.String(), "_"))
}

// draw writes porcupine's picture of steps that have no order into the run folder: the longest orders that it found, and where
// they get stuck. The page needs nothing from elsewhere. It returns the file's name, "" if there is no folder.
func draw(in Input, name string, steps []step, b *budget) (string, error) {
	if in.Folder == "" {
		return "", nil
	}
	steps = narrow(steps)
	_, info := porcupine.CheckOperationsVerbose(specification(b), operations(steps), 0)
	info.AddAnnotations(faultAnnotations(in, steps))
	var page bytes.Buffer
	if err := porcupine.Visualize(specification(nil), info, &page); err != nil {
		return "", fmt.Errorf("drawing %s: %w", name, err)
	}
	if err := in.Folder.WriteFile(name, page.Bytes()); err != nil {
		return "", err
	}
	return name, nil
}

// faultAnnotations put the faults into a picture, as far as they fall into its time.
func faultAnnotations(in Input, steps []step) []porcupine.Annotation {
	if len(steps) == 0 {
		return nil
	}
	drawn := span{steps[0].invoked, 0}
	for _, s := range steps {
		drawn.from = min(drawn.from, s.invoked)
		if s.returned != never {
			drawn.to = max(drawn.to, s.returned)
		}
	}
	var annotations []porcupine.Annotation
	for _, s := range in.Plan.Strikes {
		ends := s.Until
		if ends == 0 && !s.Ends() {
			ends = drawn.to
		}
		ends = max(ends, s.At)
		if s.Skipped != "" || s.At > drawn.to || ends < drawn.from {
			continue
		}
		annotations = append(annotations, porcupine.Annotation{
			Tag: "faults", Start: int64(max(s.At, drawn.from)), End: int64(min(ends, drawn.to)), Description: s.Text,
			Details: s.Evidence, BackgroundColor: "#f4cccc", TextColor: "#333333",
		})
	}
	return annotations
}
