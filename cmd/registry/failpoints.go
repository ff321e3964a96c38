package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"muster/model/run"
	"muster/nodes/defect"
)

// breakOnPurpose switches failpoints on and off as a file says, now and at each SIGHUP until the context ends. A file that is wrong is an
// error now; later it is logged, and changes nothing.
func breakOnPurpose(ctx context.Context, path string, log *slog.Logger) error {
	file := defect.File{Path: path}
	load := func() error {
		on, off, err := file.Load()
		for _, name := range on {
			log.Warn(run.EventFailpointEnabled, "name", name)
		}
		for _, name := range off {
			log.Info(run.EventFailpointDisabled, "name", name)
		}
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	if err := load(); err != nil {
		signal.Stop(hangups)
		return err
	}
	go func() {
		defer signal.Stop(hangups)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				if err := load(); err != nil {
					log.Error("failpoints stay as they are", "error", err.Error())
				}
			}
		}
	}()
	return nil
}
