// Ring greets the next machine every second, and ends as it is told to: an ordinary program, which knows of no simulation.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

func main() {
	number := flag.Int("number", 0, "who this is")
	listen := flag.String("listen", "", "where to be greeted; nowhere if empty")
	next := flag.String("next", "", "whom to greet")
	fail := flag.Duration("fail", 0, "when to end with exit code 3; never if 0")
	flag.Parse()
	fmt.Println("machine", *number, "with MOOD", os.Getenv("MOOD"))
	if *fail > 0 {
		time.AfterFunc(*fail, func() {
			fmt.Fprintln(os.Stderr, "I have had enough")
			os.Exit(3)
		})
	}
	if *listen != "" {
		listener, err := net.Listen("tcp", *listen)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		go answer(listener)
	}
	for range time.Tick(time.Second) {
		connection, err := net.DialTimeout("tcp", *next, time.Second/2)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Fprintf(connection, "greetings from %d", *number)
		connection.Close()
	}
}

// answer prints every greeting.
func answer(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		greeting, _ := io.ReadAll(connection)
		connection.Close()
		fmt.Println(string(greeting))
	}
}
