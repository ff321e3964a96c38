package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// settings are what the command line says.
type settings struct {
	// registry is the node's program.
	registry string
	// figures is where the table is written as JSON.
	figures string
	// scale multiplies the number of operations, and of instances held.
	scale float64
	// only is a row's name, "" for all.
	only string
}

func main() {
	var s settings
	flag.StringVar(&s.registry, "registry", "build/registry", "the node's `program`")
	flag.StringVar(&s.figures, "figures", "build/bench-node.json", "`file` to write the figures to")
	flag.Float64Var(&s.scale, "scale", 1, "how much `times` the usual number of operations to measure")
	flag.StringVar(&s.only, "only", "", "measure this `row` alone, by its name in the figures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := benchmark(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchnode:", err)
		os.Exit(1)
	}
}

// benchmark measures row after row, each on a node of its own, and shows them.
func benchmark(ctx context.Context, s settings, out io.Writer) error {
	if s.scale <= 0 {
		return fmt.Errorf("--scale %v: want more than 0", s.scale)
	}
	if _, err := os.Stat(s.registry); err != nil {
		return fmt.Errorf("--registry: %w; want the program that `make build/registry` makes", err)
	}
	var measured []figure
	for _, r := range rows {
		if cmp.Or(s.only, r.name) != r.name {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", r.name)
		f, err := r.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		f.Name, f.What, f.Nacos, f.RNacos = r.name, r.what, r.nacos, r.rnacos
		measured = append(measured, f)
	}
	if len(measured) == 0 {
		return fmt.Errorf("--only %q: no such row; want one of %s", s.only, rowNames())
	}
	if err := writeTable(out, measured); err != nil {
		return err
	}
	return writeFigures(s.figures, measured)
}
