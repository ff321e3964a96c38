// Command player plays recordings against a cluster and prints how each case came out, one golden.Result as JSON a line.
//
//	player --nodes 10.0.0.1:8848,10.0.0.2:8858,10.0.0.3:8868 --files v1-instance,v1-udp
//
// It plays one case after the other, and one that does not match again. The program runs natively and, built for wasip1, on a simulated
// machine, and does not know which. Its exit status is 0 whatever came out, and 2 if it could not play.
//
// Its place in the house: package conformance starts it beside simulated nodes. All that it does is in package golden.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"muster/nodes/golden"
)

// plays is how often a case is played at most.
const plays = 3

func main() {
	if err := play(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "player: %v\n", err)
		os.Exit(2)
	}
}

func play(arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("player", flag.ContinueOnError)
	flags.SetOutput(stderr)
	nodes := flags.String("nodes", "", "the cluster: `ip:port,ip:port,ip:port`")
	files := flags.String("files", "", "the recordings: `name,name,…`, such as v1-instance")
	only := flags.String("only", "", "play only cases in whose name, file/case, this `text` is")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *nodes == "" || *files == "" || flags.NArg() > 0 {
		return fmt.Errorf("want --nodes and --files, and nothing else than flags")
	}
	player, err := golden.NewPlayer(strings.Split(*nodes, ","))
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(stdout)
	var unwritten error
	_, err = player.PlayAll(context.Background(), golden.Order{Files: strings.Split(*files, ","), Only: *only, Plays: plays, Meant: golden.Meant(),
		Done: func(r golden.Result) { unwritten = errors.Join(unwritten, encoder.Encode(r)) }})
	return errors.Join(err, unwritten)
}
