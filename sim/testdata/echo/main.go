// Echo is a server that sends back what it gets, and a client that asks it.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"
)

var (
	listen = flag.String("listen", "", "serve at this address")
	dial   = flag.String("dial", "", "ask the server at this address")
	count  = flag.Int("count", 3, "how often")
	every  = flag.Duration("every", time.Second, "how long to wait between questions")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	if *listen != "" {
		go servePackets()
		serve()
	}
	ask()
	askPackets()
}

func serve() {
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening at", l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("accepted", c.RemoteAddr(), "at", c.LocalAddr())
		go func() {
			defer c.Close()
			n, err := io.Copy(c, c)
			fmt.Println("echoed", n, "bytes", err)
		}()
	}
}

func servePackets() {
	c, err := net.ListenPacket("udp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	buffer := make([]byte, 2000)
	for {
		n, from, err := c.ReadFrom(buffer)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := c.WriteTo(buffer[:n], from); err != nil {
			log.Fatal(err)
		}
	}
}

func ask() {
	c, err := net.Dial("tcp", *dial)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("connected", c.LocalAddr(), "to", c.RemoteAddr())
	answers := bufio.NewScanner(c)
	for i := range *count {
		if i > 0 {
			time.Sleep(*every)
		}
		begin := time.Now()
		fmt.Fprintf(c, "question %d\n", i)
		if !answers.Scan() {
			log.Fatal("no answer: ", answers.Err())
		}
		fmt.Println(answers.Text(), "took", time.Since(begin))
	}
	c.(*net.TCPConn).CloseWrite()
	rest, err := io.ReadAll(c)
	fmt.Println("rest", len(rest), err)
	c.Close()
}

func askPackets() {
	c, err := net.Dial("udp", *dial)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(c, "datagram")
	c.SetReadDeadline(time.Now().Add(time.Second))
	buffer := make([]byte, 2000)
	n, err := c.Read(buffer)
	fmt.Printf("%s %v\n", buffer[:n], err)
	os.Exit(3)
}
