package consensus

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// raftLogger lets hashicorp/raft write to a slog.Logger, less loudly: raft calls each attempt to reach a dead peer an error, and its
// elections warnings. The notable part of that is logged as events (see watch).
type raftLogger struct {
	slog *slog.Logger
	name string
}

func newRaftLogger(logger *slog.Logger) *raftLogger {
	return &raftLogger{slog: logger.With("part", "raft"), name: "raft"}
}

func slogLevel(level hclog.Level) slog.Level {
	switch level {
	case hclog.Error:
		return slog.LevelWarn
	case hclog.Warn, hclog.Info:
		return slog.LevelDebug
	}
	return slog.LevelDebug - 4
}

func (l *raftLogger) enabled(level hclog.Level) bool {
	return l.slog.Enabled(context.Background(), slogLevel(level))
}

// Log writes a line; arguments are names and values in turn, as slog has them too.
func (l *raftLogger) Log(level hclog.Level, message string, arguments ...any) {
	if !l.enabled(level) {
		return
	}
	for i, argument := range arguments {
		switch value := argument.(type) {
		case hclog.Format:
			arguments[i] = fmt.Sprintf(fmt.Sprint(value[0]), value[1:]...)
		case error:
			arguments[i] = value.Error()
		}
	}
	l.slog.Log(context.Background(), slogLevel(level), message, arguments...)
}

// The levels of hclog.

func (l *raftLogger) Trace(message string, arguments ...any) {
	l.Log(hclog.Trace, message, arguments...)
}
func (l *raftLogger) Debug(message string, arguments ...any) {
	l.Log(hclog.Debug, message, arguments...)
}
func (l *raftLogger) Info(message string, arguments ...any) { l.Log(hclog.Info, message, arguments...) }
func (l *raftLogger) Warn(message string, arguments ...any) { l.Log(hclog.Warn, message, arguments...) }
func (l *raftLogger) Error(message string, arguments ...any) {
	l.Log(hclog.Error, message, arguments...)
}
func (l *raftLogger) IsTrace() bool { return l.enabled(hclog.Trace) }
func (l *raftLogger) IsDebug() bool { return l.enabled(hclog.Debug) }
func (l *raftLogger) IsInfo() bool  { return l.enabled(hclog.Info) }
func (l *raftLogger) IsWarn() bool  { return l.enabled(hclog.Warn) }
func (l *raftLogger) IsError() bool { return l.enabled(hclog.Error) }

// ImpliedArgs are none: slog keeps them.
func (l *raftLogger) ImpliedArgs() []any { return nil }

// With adds names and values to every line.
func (l *raftLogger) With(arguments ...any) hclog.Logger {
	return &raftLogger{slog: l.slog.With(arguments...), name: l.name}
}

// Name is the part of raft that speaks.
func (l *raftLogger) Name() string { return l.name }

// Named adds to the name.
func (l *raftLogger) Named(name string) hclog.Logger { return l.ResetNamed(l.name + "." + name) }

// ResetNamed sets the name.
func (l *raftLogger) ResetNamed(name string) hclog.Logger {
	return &raftLogger{slog: l.slog, name: name}
}

// SetLevel does nothing: the slog.Logger decides.
func (l *raftLogger) SetLevel(hclog.Level) {}

// GetLevel is the lowest level that is written.
func (l *raftLogger) GetLevel() hclog.Level {
	for _, level := range []hclog.Level{hclog.Trace, hclog.Debug, hclog.Info, hclog.Warn} {
		if l.enabled(level) {
			return level
		}
	}
	return hclog.Error
}

// StandardLogger is for code that knows only package log.
func (l *raftLogger) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return slog.NewLogLogger(l.slog.Handler(), slog.LevelWarn)
}

// StandardWriter is where such code writes.
func (l *raftLogger) StandardWriter(options *hclog.StandardLoggerOptions) io.Writer {
	return l.StandardLogger(options).Writer()
}
