package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// appendForEver writes a line to a file every 100 ms and syncs it, and says how long that took while another goroutine went on.
func appendForEver([]string) error {
	f, err := os.OpenFile("/log", os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	others := 0
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			others++
		}
	}()
	for n := 0; ; n++ {
		begin, before := time.Now(), others
		_, written := fmt.Fprintf(f, "%4d%s\n", n, strings.Repeat(".", 995))
		synced := f.Sync()
		fmt.Println(n, time.Since(begin), others-before, written, synced)
		time.Sleep(100 * time.Millisecond)
	}
}

// waitForSignals says which signals it got, and ends with an interrupt.
func waitForSignals([]string) error {
	signals := make(chan os.Signal, 9)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGUSR2, syscall.SIGINT)
	signal.Ignore(syscall.SIGTERM)
	for got := range signals {
		fmt.Println("got", got)
		if got == os.Interrupt {
			break
		}
	}
	return nil
}

// reply is a server, without arguments, or asks one every 100 ms who it is, anew each time.
func reply(args []string) error {
	if len(args) == 0 {
		l, err := net.Listen("tcp", ":7")
		if err != nil {
			return err
		}
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			fmt.Fprintln(c, c.LocalAddr())
			c.Close()
		}
	}
	for range time.Tick(100 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", args[0], 50*time.Millisecond)
		if err != nil {
			fmt.Println(err)
			continue
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		fmt.Println(strings.TrimSpace(line), err)
		c.Close()
	}
	return nil
}

// sink is where endless programs leave what they compute.
var sink uint64

// endless runs for ever, after 100 ms, in one of several ways.
func endless(args []string) error {
	time.Sleep(100 * time.Millisecond)
	fmt.Println("and off")
	switch args[0] {
	case "loop":
		for {
			sink++
		}
	case "calls":
		for {
			think(10)
		}
	case "yield":
		for {
			runtime.Gosched()
		}
	case "poll":
		done := make(chan struct{})
		for {
			select {
			case <-done:
			default:
			}
		}
	case "clock":
		for {
			sink += uint64(time.Now().Nanosecond())
		}
	case "two":
		a, b := make(chan int), make(chan int)
		go func() {
			for n := range a {
				b <- n
			}
		}()
		for n := 0; ; n++ {
			a <- n
			<-b
		}
	case "print":
		for {
			fmt.Fprint(io.Discard, sink)
			os.Stdout.Write(nil)
		}
	}
	return nil
}

//go:noinline
func think(n int) {
	if n > 0 {
		sink += uint64(n)
		think(n - 1)
	}
}

// work adds numbers up, every 100 ms, and says when it did.
func work([]string) error {
	begin := time.Now()
	for {
		fmt.Println(time.Since(begin))
		for range 1_000_000 {
			sink += sink * 5
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// ask fetches something every 100 ms and says how long that took.
func ask(args []string) error {
	for {
		begin := time.Now()
		response, err := http.Get(args[0])
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return err
		}
		response.Body.Close()
		fmt.Println(time.Since(begin))
		time.Sleep(100 * time.Millisecond)
	}
}
