// Command websocket is an echo server on WebSocket, and its client with -dial. It uses coder/websocket, unmodified.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

func main() {
	log.SetFlags(0)
	listen := flag.String("listen", ":8080", "the address to listen at")
	dial := flag.String("dial", "", "the address of a server to talk to, instead of being one")
	flag.Parse()
	if *dial != "" {
		for {
			fmt.Println("ended:", talk(*dial))
			time.Sleep(time.Second)
		}
	}
	log.Fatal(http.ListenAndServe(*listen, http.HandlerFunc(echo)))
}

// echo sends back what it gets.
func echo(w http.ResponseWriter, r *http.Request) {
	connection, err := websocket.Accept(w, r, nil)
	if err != nil {
		log.Printf("accept: %v", err)
		return
	}
	defer connection.CloseNow()
	fmt.Println("opened by", r.RemoteAddr)
	for {
		kind, message, err := connection.Read(r.Context())
		if err == nil {
			err = connection.Write(r.Context(), kind, message)
		}
		if err != nil {
			fmt.Println("closed by", r.RemoteAddr, "with", err)
			return
		}
	}
}

// talk says something every second for as long as it is answered.
func talk(server string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	connection, _, err := websocket.Dial(ctx, "ws://"+server, nil)
	if err != nil {
		return err
	}
	defer connection.CloseNow()
	for number := 1; ; number++ {
		if err := connection.Write(ctx, websocket.MessageText, fmt.Appendf(nil, "message %d", number)); err != nil {
			return err
		}
		answer, stop := context.WithTimeout(ctx, 2*time.Second)
		_, message, err := connection.Read(answer)
		stop()
		if err != nil {
			return err
		}
		fmt.Printf("%s came back\n", message)
		time.Sleep(time.Second)
	}
}
