package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"muster/model"
)

// history prints records, each as one line in one write, so that a reader can stamp a line with the moment it was printed.
type history struct {
	mu      sync.Mutex
	output  io.Writer
	line    bytes.Buffer
	encoder *json.Encoder
	invoked int
	// failed is called once the output is broken: what is not in the history must not be done any more.
	failed func(error)
}

func newHistory(output io.Writer, failed func(error)) *history {
	h := &history{output: output, failed: failed}
	h.encoder = json.NewEncoder(&h.line)
	h.encoder.SetEscapeHTML(false)
	return h
}

func (h *history) print(record model.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if record.Phase == model.Invoke {
		h.invoked++
	}
	h.line.Reset()
	err := h.encoder.Encode(record)
	if err == nil {
		_, err = h.output.Write(h.line.Bytes())
	}
	if err != nil {
		h.failed(fmt.Errorf("print the history: %w", err))
	}
}

// operations is how many were invoked so far.
func (h *history) operations() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.invoked
}
