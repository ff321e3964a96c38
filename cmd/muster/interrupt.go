package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// endAtSecondSignal has the process end at the second Ctrl-C or SIGTERM, whatever it does then, until stop is called. The first one
// ends the command's context, which a guest that computes without a pause notices only when its limit of work is reached.
// It is for commands that start no processes: those would be left behind.
func endAtSecondSignal(stderr io.Writer) (stop func()) {
	signals, over := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go awaitSecond(signals, over, stderr, os.Exit)
	return func() {
		signal.Stop(signals)
		close(over)
	}
}

// awaitSecond says at the first signal what a second one would do, and does it.
func awaitSecond(signals <-chan os.Signal, over <-chan struct{}, stderr io.Writer, exit func(int)) {
	for count := 1; ; count++ {
		select {
		case <-over:
			return
		case <-signals:
		}
		if count == 2 {
			fmt.Fprintln(stderr, "muster: interrupted twice: ended at once")
			exit(exitFailed)
			return
		}
		fmt.Fprintln(stderr, "muster: interrupted: coming to an end; once more ends it at once")
	}
}
