// Probe tries out what a simulated machine offers. Its first argument says what to try.
package main

import (
	"fmt"
	"log"
	"os"
)

var probes = map[string]func(args []string) error{
	"ask":     ask,
	"append":  appendForEver,
	"clock":   clock,
	"crash":   crash,
	"deep":    deepCalls,
	"draw":    draw,
	"errors":  networkErrors,
	"endless": endless,
	"exit":    exit,
	"fetch":   fetch,
	"files":   files,
	"full":    manyFiles,
	"hog":     hog,
	"lookups": lookUps,
	"names":   names,
	"reply":   reply,
	"signal":  waitForSignal,
	"signals": waitForSignals,
	"spin":    spin,
	"serve":   serve,
	"slow":    slowReader,
	"stuck":   stuck,
	"system":  system,
	"tick":    tick,
	"trunk":   trunk,
	"unsaved": unsaved,
	"wild":    wild,
	"work":    work,
}

func main() {
	log.SetFlags(0)
	if err := probes[os.Args[1]](os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}

func check(what string, err error) {
	fmt.Printf("%s: %v\n", what, err)
}
