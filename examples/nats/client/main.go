// Command client keeps a stream of three replicas in a NATS cluster, publishes a message a second, and tells which server leads the
// stream and how many messages it holds. It uses the official client, unmodified.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	log.SetFlags(0)
	servers := flag.String("servers", "127.0.0.1", "the addresses of the servers, separated by commas")
	flag.Parse()

	connection, err := nats.Connect(*servers, nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(500*time.Millisecond),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { fmt.Println("disconnected:", err) }),
		nats.ReconnectHandler(func(c *nats.Conn) { fmt.Println("connected to", c.ConnectedServerName()) }))
	if err != nil {
		log.Fatalf("connect: %v", err)
	}
	js, err := jetstream.New(connection)
	if err != nil {
		log.Fatalf("JetStream: %v", err)
	}
	stream := await("stream", func(ctx context.Context) (jetstream.Stream, error) {
		return js.CreateStream(ctx, jetstream.StreamConfig{Name: "orders", Subjects: []string{"orders.>"}, Replicas: 3})
	})
	fmt.Println("stream created")
	for number := 1; ; number++ {
		// The same message until it is acknowledged; its number keeps it from being stored twice.
		await(fmt.Sprintf("order %d", number), func(ctx context.Context) (*jetstream.PubAck, error) {
			return js.Publish(ctx, "orders.new", fmt.Appendf(nil, "order %d", number), jetstream.WithMsgID(fmt.Sprint(number)))
		})
		info := await("info", func(ctx context.Context) (*jetstream.StreamInfo, error) { return stream.Info(ctx) })
		fmt.Printf("order %d stored; %s leads and holds %d\n", number, info.Cluster.Leader, info.State.Msgs)
		time.Sleep(time.Second)
	}
}

// await calls until it succeeds, and tells each failure.
func await[T any](what string, call func(context.Context) (T, error)) T {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		result, err := call(ctx)
		cancel()
		if err == nil {
			return result
		}
		fmt.Printf("%s: %v\n", what, err)
		time.Sleep(500 * time.Millisecond)
	}
}
