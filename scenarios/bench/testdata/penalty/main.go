// Penalty does one kind of work over and over, and prints what came of it: penalty KIND TIMES.
package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// kinds of work. Each does it so many times and returns a number that depends on all of it.
var kinds = map[string]func(times int) (int, error){
	"msgpack":  msgpack,
	"channels": channels,
	"select":   selects,
	"garbage":  garbage,
	"maps":     lookups,
	"http":     requests,
}

func main() {
	log.SetFlags(0)
	names := strings.Join(slices.Sorted(maps.Keys(kinds)), "|")
	if len(os.Args) != 3 || kinds[os.Args[1]] == nil {
		log.Fatalf("usage: penalty %s TIMES", names)
	}
	times, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatalf("TIMES is a number: %v", err)
	}
	result, err := kinds[os.Args[1]](times)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(os.Args[1], result)
}
