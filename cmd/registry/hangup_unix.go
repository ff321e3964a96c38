//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyHangup has SIGHUP delivered to a channel.
func notifyHangup(to chan<- os.Signal) { signal.Notify(to, syscall.SIGHUP) }
