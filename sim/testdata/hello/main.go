// Hello is a server that greets, and a client that wants to be greeted: ordinary programs, which know of no simulation.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"os"
	"time"
)

func main() {
	if os.Args[1] == "serve" {
		listener, err := net.Listen("tcp", ":7")
		for err == nil {
			var c net.Conn
			if c, err = listener.Accept(); err == nil {
				name, _ := bufio.NewReader(c).ReadString('\n')
				fmt.Fprint(c, "hello ", name)
				c.Close()
			}
		}
		log.Fatal(err)
	}
	for {
		if c, err := net.DialTimeout("tcp", "server:7", time.Second); err != nil {
			fmt.Println(err)
		} else {
			fmt.Fprintln(c, "world")
			answer, _ := bufio.NewReader(c).ReadString('\n')
			fmt.Print(answer)
			c.Close()
		}
		time.Sleep(2 * time.Second)
	}
}
