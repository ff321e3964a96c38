package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// signals says which signals come, and after an interrupt lets SIGTERM do what it does where nobody handles it.
func signals() {
	got := make(chan os.Signal, 9)
	signal.Notify(got, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGINT, syscall.SIGTERM)
	signal.Ignore(syscall.SIGUSR2)
	say("ignored", signal.Ignored(syscall.SIGUSR2), signal.Ignored(syscall.SIGUSR1))
	for {
		s := <-got
		say("got", s, s == os.Interrupt)
		if s == os.Interrupt {
			break
		}
	}
	signal.Stop(got)
	signal.Reset(syscall.SIGTERM)
	say("no longer handled")
	time.Sleep(time.Hour)
}
