package main

import (
	"fmt"
	"io"
	"sync"

	"muster/model"
)

// history prints records, each as one line in one write, so that a reader can stamp a line with the moment it was printed.
type history struct {
	mu      sync.Mutex
	output  io.Writer
	line    []byte
	invoked int
	// failed is called once the output is broken: what is not in the history must not be done any more.
	failed func(error)
}

func newHistory(output io.Writer, failed func(error)) *history {
	return &history{output: output, failed: failed}
}

func (h *history) print(record model.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if record.Phase == model.Invoke {
		h.invoked++
	}
	var err error
	if h.line, err = record.AppendJSON(h.line[:0]); err == nil {
		h.line = append(h.line, '\n')
		_, err = h.output.Write(h.line)
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
