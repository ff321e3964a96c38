// Command client counts in Redis, once a second, and tells each number. It uses redis/go-redis, unmodified.
package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

func main() {
	server := flag.String("server", "127.0.0.1:6379", "the server's address")
	flag.Parse()

	client := redis.NewClient(&redis.Options{Addr: *server, DialTimeout: time.Second, ReadTimeout: time.Second, MaxRetries: -1})
	for {
		count, err := client.Incr(context.Background(), "visits").Result()
		if err != nil {
			fmt.Println("visit not counted:", err)
		} else {
			fmt.Println("visit", count)
		}
		time.Sleep(time.Second)
	}
}
