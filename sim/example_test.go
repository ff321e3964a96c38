package sim_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"muster/sim"
	"muster/sim/guest"
)

func Example() {
	ctx := context.Background()
	built, err := guest.Build(ctx, guest.Options{Package: "./testdata/hello", Cache: "../build/guests"})
	if err != nil {
		log.Fatal(err)
	}
	hello, err := sim.Load(ctx, built)
	if err != nil {
		log.Fatal(err)
	}

	world, err := sim.New(sim.Options{Seed: 7, Output: func(l sim.Line) {
		fmt.Println(l.At.Truncate(100*time.Millisecond), l.Machine, "says:", l.Text)
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer world.Close()

	server, err := world.Boot("server", hello, "serve")
	if err != nil {
		log.Fatal(err)
	}
	client, err := world.Boot("client", hello, "greet")
	if err != nil {
		log.Fatal(err)
	}
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	must(world.Run(3 * time.Second))

	world.Cut(server, client)
	must(world.Run(2 * time.Second))
	world.Heal()

	must(server.Kill())
	must(world.Run(3 * time.Second))
	must(server.Restart())
	must(world.Run(2 * time.Second))
	fmt.Println("booted:", server.BootNumber(), "times")

	// Output:
	// 0s client says: hello world
	// 2s client says: hello world
	// 5s client says: dial tcp 10.0.0.1:7: i/o timeout
	// 7s client says: dial tcp 10.0.0.1:7: connect: connection refused
	// 9s client says: hello world
	// booted: 2 times
}

// One past, two futures: in one of them the server dies.
func ExampleWorld_Snapshot() {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	ctx := context.Background()
	built, err := guest.Build(ctx, guest.Options{Package: "./testdata/hello", Cache: "../build/guests"})
	must(err)
	hello, err := sim.Load(ctx, built)
	must(err)
	world, err := sim.New(sim.Options{Seed: 7})
	must(err)
	_, err = world.Boot("server", hello, "serve")
	must(err)
	_, err = world.Boot("client", hello, "greet")
	must(err)
	must(world.Run(3 * time.Second))

	past, err := world.Snapshot()
	must(err)
	defer past.Close()
	must(world.Close())

	for _, future := range []struct {
		name  string
		fault func(server *sim.Machine) error
	}{
		{"calm", func(*sim.Machine) error { return nil }},
		{"kill", (*sim.Machine).Kill},
	} {
		fork, err := past.Fork(past.Seed())
		must(err)
		fork.SetOutput(func(l sim.Line) {
			fmt.Println(future.name, l.At.Truncate(100*time.Millisecond), l.Machine, "says:", l.Text)
		})
		must(future.fault(fork.Machine("server")))
		must(fork.Run(2 * time.Second))
		must(fork.Close())
	}

	// Output:
	// calm 4s client says: hello world
	// kill 4s client says: dial tcp 10.0.0.1:7: connect: connection refused
}
