package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// process looks at what a program is given.
func process() {
	say("arguments", os.Args[1:])
	say("environment", slices.Sorted(slices.Values(os.Environ())))
	_, set := os.LookupEnv("NOT_SET")
	say("not set", set, os.Getenv("NOT_SET") == "")
	say("expand", os.ExpandEnv("$COLOUR and ${NOT_SET}!"))
	mustDo(os.Setenv("COLOUR", "blue"))
	say("changed", os.Getenv("COLOUR"))
	mustDo(os.Unsetenv("COLOUR"))
	say("gone", os.Getenv("COLOUR") == "")
	say("bad name", os.Setenv("", "x"))
	text, err := io.ReadAll(os.Stdin)
	say("standard input", len(text), err)
	_, err = bufio.NewReader(os.Stdin).ReadString('\n')
	say("once more", err)
	name, err := os.Hostname()
	say("host name", name != "", err)
	home, err := os.UserHomeDir()
	say("home", home, err)
	say("page size", os.Getpagesize())
	say("processors", runtime.NumCPU() > 0, runtime.GOMAXPROCS(0) > 0)
	say("system", runtime.GOOS)
	say("process", os.Getpid() > 0, os.Getppid() != os.Getpid())
	_, err = os.StartProcess("/bin/true", nil, &os.ProcAttr{})
	say("start a process", err)
	_, err = fmt.Fprintln(os.Stdin, "x")
	say("write to standard input", err)
	say("seek on standard output", errorOf(os.Stdout.Seek(0, io.SeekCurrent)))
	say("sync standard output", os.Stdout.Sync() != nil)
}

// errorOf is the error of a call that also returns something else.
func errorOf[T any](_ T, err error) error { return err }

type stranger struct{ name string }

func (s stranger) Error() string { return "stranger " + s.name }

// ends are ways for a program to end.
var ends = map[string]func(){
	"return":     func() { say("returned") },
	"exit":       func() { defer say("deferred calls do not run"); os.Exit(7) },
	"exit-large": func() { say("exits"); os.Exit(255) },
	"fatal":      func() { log.Fatal("that was it") },
	"log-panic":  func() { log.Panic("that was it") },
	"panic":      func() { panic("help") },
	"panic-error": func() {
		panic(fmt.Errorf("wrapped: %w", stranger{"me"}))
	},
	"panic-value": func() { panic(stranger{"x"}) },
	"panic-number": func() {
		panic(3.5)
	},
	"panic-nil":   func() { panic(nil) },
	"panic-again": func() { defer func() { panic("second") }(); panic("first") },
	"panic-kept": func() {
		defer func() { recover(); say("recovered") }()
		panic("help")
	},
	"nil-map":     func() { var m map[string]int; m["x"] = 1 },
	"nil-pointer": func() { var s *stranger; say("never", s.name) },
	"index":       func() { s := make([]int, len(os.Args)); say("never", s[len(os.Args)+2]) },
	"slice":       func() { s := make([]int, 3); say("never", s[len(os.Args)+2:]) },
	"divide":      func() { say("never", 1/(len(os.Args)-len(os.Args))) },
	"assert":      func() { var a any = 3; say("never", a.(string)) },
	"close-twice": func() { c := make(chan int); close(c); close(c) },
	"send-closed": func() { c := make(chan int, 1); close(c); c <- 1 },
	"negative":    func() { say("never", len(make([]int, len(os.Args)-100))) },
	"goroutine":   func() { go panic("elsewhere"); time.Sleep(time.Hour) },
	"deadlock":    func() { <-make(chan int) },
	"deadlock-group": func() {
		var wait sync.WaitGroup
		wait.Add(1)
		wait.Wait()
	},
	"unlock":         func() { new(sync.Mutex).Unlock() },
	"negative-group": func() { new(sync.WaitGroup).Done() },
	"goexit":         func() { runtime.Goexit() },
	"stderr":         func() { fmt.Fprint(os.Stderr, strings.Repeat("x", 3), "\nsecond line\n"); os.Exit(1) },
	"joined":         func() { log.Fatal(errors.Join(errors.New("one"), errors.New("two"))) },
}

// end ends in the way that the next argument names.
func end() { ends[os.Args[2]]() }
