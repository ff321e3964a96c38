package simulated

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"muster/model/run"
	"muster/scenarios"
	"muster/sim/trace"
)

// createTrace begins the trace in the run folder. Full traces are compressed: they are some ten times as long as others.
func (s *Stage) createTrace(deployment scenarios.Deployment) (*trace.Writer, error) {
	name, newWriter := run.TraceFile, trace.NewWriter
	if s.options.Trace == trace.Full {
		name, newWriter = run.FullTraceFile, trace.NewCompressedWriter
	}
	var err error
	if s.traceFile, err = os.Create(deployment.Folder.Path(name)); err != nil {
		return nil, fmt.Errorf("trace file: %w", err)
	}
	return newWriter(s.traceFile, s.options.Trace, deployment.Seed), nil
}

// OpenTrace opens the trace of a run, whichever level it has, for trace.NewReader.
func OpenTrace(folder run.Folder) (*os.File, error) {
	full, err := os.Open(folder.Path(run.FullTraceFile))
	if !errors.Is(err, fs.ErrNotExist) {
		return full, err
	}
	file, err := os.Open(folder.Path(run.TraceFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no trace: want the folder of a simulated run, with %s or %s: %w", folder, run.TraceFile, run.FullTraceFile, err)
	}
	return file, err
}
