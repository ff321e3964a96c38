package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/signal"
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
