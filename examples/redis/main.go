// Command redis is a Redis server: the library of alicebob/miniredis, unmodified.
package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	log.SetFlags(0)
	listen := flag.String("listen", ":6379", "the address to listen at")
	flag.Parse()

	redis := miniredis.NewMiniRedis()
	if err := redis.StartAddr(*listen); err != nil {
		log.Fatalf("redis: %v", err)
	}
	fmt.Println("redis listens at", redis.Addr())
	select {}
}
