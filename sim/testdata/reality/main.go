// Reality is a set of small programs that must print the same on a real machine and on a simulated one (sim/reality_test.go, which also
// says where they may differ, and why). The first argument says which one to run.
//
// They print nothing that chance or a busy machine could change: no times but whether they are long enough, no ports but under a name, and
// what goes on at the same time is put in order first.
package main

import (
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

var programs = map[string]func(){
	"clock":   clocks,
	"context": contexts,
	"dial":    dialing,
	"end":     end,
	"files":   files,
	"folders": folders,
	"http":    web,
	"links":   links,
	"lookup":  lookUps,
	"paths":   paths,
	"pipes":   pipes,
	"process": process,
	"signals": signals,
	"stream":  streams,
	"tcp":     connections,
	"timers":  timers,
	"tls":     secrets,
	"udp":     datagrams,
	"unix":    unixSockets,
}

func main() {
	log.SetFlags(0)
	run, known := programs[os.Args[1]]
	if !known {
		log.Fatalf("no program %q", os.Args[1])
	}
	run()
}

// labels are what stands in the place of addresses and paths that differ from run to run.
var labels []struct{ text, label string }

// label has an address or a path printed under a name from now on.
func label(name string, thing any) {
	labels = append(labels, struct{ text, label string }{fmt.Sprint(thing), name})
	slices.SortStableFunc(labels, func(a, b struct{ text, label string }) int { return len(b.text) - len(a.text) })
}

// say prints a line: what is tried, and what came of it.
func say(what string, results ...any) {
	text := strings.TrimSuffix(fmt.Sprintln(results...), "\n")
	for _, l := range labels {
		text = strings.ReplaceAll(text, l.text, "<"+l.label+">")
	}
	fmt.Printf("%s: %s\n", what, text)
}

// must ends the program if something fails that is not what is tried.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal("the program itself fails: ", err)
	}
	return value
}

func mustDo(err error) { must(0, err) }
