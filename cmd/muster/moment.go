package main

import (
	"errors"
	"strconv"
	"time"
)

// moment is a flag that takes a true time, and is told again as it was typed.
type moment struct {
	time.Duration
	typed string
}

// Set reads what was typed.
func (m *moment) Set(text string) error {
	at, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("want a duration such as 34.2s, 500ms or 1m30s")
	}
	*m = moment{at, text}
	return nil
}

// String is what was typed; seconds if nothing was.
func (m *moment) String() string {
	if m.typed != "" {
		return m.typed
	}
	return inSeconds(m.Duration)
}

// Type is what help calls it.
func (m *moment) Type() string { return "duration" }

// inSeconds writes a true time as reports and traces do, in seconds, however many.
func inSeconds(at time.Duration) string { return strconv.FormatFloat(at.Seconds(), 'f', -1, 64) + "s" }
