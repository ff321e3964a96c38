package main

import (
	cryptorand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func system([]string) error {
	name, err := os.Hostname()
	fmt.Println(name, err)
	directory, err := os.Getwd()
	fmt.Println(directory, err)
	fmt.Println(strings.Join(os.Environ(), " "))
	fmt.Println(strings.Join(os.Args, " "))
	addresses, err := net.InterfaceAddrs()
	fmt.Println(addresses, err)
	interfaces, err := net.Interfaces()
	for _, i := range interfaces {
		own, _ := i.Addrs()
		fmt.Println(i.Index, i.Name, i.HardwareAddr, i.Flags, own)
	}
	fmt.Println(err, runtime.NumCPU())
	fmt.Fprint(os.Stderr, "no end of line")
	return nil
}

// clock prints what both clocks say, every second.
func clock([]string) error {
	begin := time.Now()
	for {
		time.Sleep(time.Second)
		now := time.Now()
		fmt.Println(now.UTC().Format("15:04:05.000000"), now.Sub(begin).Round(time.Microsecond))
	}
}

// tick prints a line when a timer fires.
func tick([]string) error {
	for range time.Tick(100 * time.Millisecond) {
		fmt.Println("tick")
	}
	return nil
}

// draw prints random numbers.
func draw([]string) error {
	for range time.Tick(100 * time.Millisecond) {
		secret := make([]byte, 8)
		if _, err := cryptorand.Read(secret); err != nil {
			return err
		}
		fmt.Printf("%d %x\n", rand.Uint64(), secret)
	}
	return nil
}

func exit(args []string) error {
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	defer fmt.Println("deferred calls do not run")
	os.Exit(code)
	return nil
}

func crash([]string) error {
	var m map[string]int
	go func() { m["x"] = 1 }()
	time.Sleep(time.Second)
	return nil
}

// stuck deadlocks.
func stuck([]string) error {
	<-make(chan int)
	return nil
}

// hog takes memory until there is no more.
func hog([]string) error {
	var all [][]byte
	for {
		all = append(all, make([]byte, 1<<20))
		all[len(all)-1][5] = 5
	}
}

// spin waits for time to pass by looking at the clock.
func spin([]string) error {
	begin := time.Now()
	for time.Since(begin) < 200*time.Millisecond {
	}
	fmt.Println("spun")
	time.Sleep(time.Second)
	fmt.Println("slept", time.Since(begin).Round(time.Millisecond))
	return nil
}

func waitForSignal([]string) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	fmt.Println("waiting")
	fmt.Println("got", <-signals)
	time.Sleep(time.Second)
	return nil
}
