package simulated

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"muster/model/run"
	"muster/scenarios"
	"muster/sim/trace"
)

// createTrace begins the trace in the run folder. Full traces are compressed: they are some ten times as long as others.
func (s *Stage) createTrace(deployment scenarios.Deployment) error {
	if err := s.createTraceFile(deployment.Folder); err != nil {
		return err
	}
	switch level := s.options.Trace; {
	case level == trace.Full && s.options.Last > 0:
		s.trace = trace.NewRingWriter(s.traceFile, level, deployment.Seed, s.options.Last)
	case level == trace.Full:
		s.trace = trace.NewCompactWriter(s.traceFile, level, deployment.Seed)
	default:
		s.trace = trace.NewWriter(s.traceFile, level, deployment.Seed)
	}
	return nil
}

func (s *Stage) createTraceFile(folder run.Folder) (err error) {
	name := run.TraceFile
	if s.options.Trace == trace.Full {
		name = run.FullTraceFile
	}
	if s.traceFile, err = os.Create(folder.Path(name)); err != nil {
		return fmt.Errorf("trace file: %w", err)
	}
	return nil
}

// continueTrace begins the trace in a run folder with what that of another stage of the same past holds.
func (s *Stage) continueTrace(other *Stage, folder run.Folder) error {
	if err := s.createTraceFile(folder); err != nil {
		return err
	}
	var err error
	if s.trace, err = other.trace.Continue(s.traceFile); err != nil {
		return fmt.Errorf("trace file: %w", err)
	}
	past, err := os.Open(other.traceFile.Name())
	if err != nil {
		return fmt.Errorf("trace file: %w", err)
	}
	defer past.Close()
	if _, err := io.Copy(s.traceFile, past); err != nil {
		return fmt.Errorf("trace file: %w", err)
	}
	return nil
}

// traceIsWhole fails if a run's trace is there in part only, as after --trace-last.
func traceIsWhole(folder run.Folder) error {
	file, err := OpenTrace(folder)
	if err != nil {
		return err
	}
	defer file.Close()
	reader, err := trace.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	defer reader.Close()
	index, _, err := reader.Next()
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return fmt.Errorf("%s: %w", file.Name(), err)
	case err == nil && index > 0 && reader.Level() == trace.Full:
		return fmt.Errorf("%s holds only the end of the trace", file.Name())
	}
	return nil
}

// copyTrace begins the trace in the run folder with what the one in the folder of its past holds of the first so many records. That is
// to be whole (traceIsWhole).
func (s *Stage) copyTrace(deployment scenarios.Deployment, records uint64) error {
	file, err := OpenTrace(deployment.Past)
	if err != nil {
		return err
	}
	defer file.Close()
	reader, err := trace.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	defer reader.Close()
	deployment.Seed = reader.Seed() // that of the first past, if it is a future's
	if err := s.createTrace(deployment); err != nil {
		return err
	}
	for {
		index, record, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", file.Name(), err)
		case index >= records:
			return nil
		}
		s.trace.Record(index, record)
	}
}

// OpenTrace opens the trace of a run, whichever level it has, for trace.NewReader.
func OpenTrace(folder run.Folder) (*os.File, error) {
	for _, full := range []string{run.FullTraceFile, run.OlderFullTraceFile} {
		if file, err := os.Open(folder.Path(full)); !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	file, err := os.Open(folder.Path(run.TraceFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no trace: want the folder of a simulated run, with %s or %s: %w", folder, run.TraceFile, run.FullTraceFile, err)
	}
	return file, err
}
