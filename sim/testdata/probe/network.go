package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// serve is an HTTP server.
func serve([]string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s from %s", r.PathValue("name"), strings.Split(r.RemoteAddr, ":")[0])
	})
	mux.HandleFunc("POST /size", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, err)
	})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		<-r.Context().Done()
		fmt.Println("client gone after", time.Since(begin).Round(10*time.Millisecond))
	})
	return http.ListenAndServe(":80", mux)
}

// fetch asks the server.
func fetch([]string) error {
	get := func(path string) {
		response, err := http.Get("http://server" + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		fmt.Println(response.StatusCode, string(body), err)
	}
	get("/hello/world")
	get("/nothing")
	response, err := http.Post("http://server/size", "text/plain", strings.NewReader(strings.Repeat("x", 3_000_000)))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, string(body), err)
	client := http.Client{Timeout: 300 * time.Millisecond}
	begin := time.Now()
	_, err = client.Get("http://server/slow")
	fmt.Println(os.IsTimeout(err), time.Since(begin).Round(10*time.Millisecond))
	return nil
}

// networkErrors meets every error that a program may look for.
func networkErrors([]string) error {
	is := func(err error, want error) string {
		var op *net.OpError
		return fmt.Sprintf("%v (OpError %v)", errors.Is(err, want), errors.As(err, &op))
	}
	_, err := net.Dial("tcp", "other:81")
	fmt.Println("refused:", is(err, syscall.ECONNREFUSED))
	fmt.Println(err)
	_, err = net.Dial("tcp", "nobody:81")
	fmt.Println(err)
	begin := time.Now()
	_, err = net.DialTimeout("tcp", "10.0.9.9:81", time.Second)
	fmt.Println(os.IsTimeout(err), time.Since(begin).Round(time.Millisecond))
	_, err = net.Dial("tcp", "10.0.9.9:81")
	fmt.Println("unreachable:", is(err, syscall.EHOSTUNREACH))
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(time.Second, cancel)
	begin = time.Now()
	_, err = new(net.Dialer).DialContext(ctx, "tcp", "10.0.9.9:81")
	fmt.Println("cancelled:", err, time.Since(begin).Round(time.Millisecond))

	l, err := net.Listen("tcp", "127.0.0.1:7")
	if err != nil {
		return err
	}
	_, err = net.Listen("tcp", "127.0.0.1:7")
	fmt.Println("in use:", is(err, syscall.EADDRINUSE))
	_, err = net.Listen("tcp", "10.1.2.3:7")
	fmt.Println("not ours:", is(err, syscall.EADDRNOTAVAIL))

	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				fmt.Println("closed:", errors.Is(err, net.ErrClosed))
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	near, err := net.Dial("tcp", "localhost:7")
	if err != nil {
		return err
	}
	far := <-accepted
	near.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	begin = time.Now()
	_, err = near.Read(make([]byte, 1))
	fmt.Println("deadline:", errors.Is(err, os.ErrDeadlineExceeded), time.Since(begin))
	near.SetReadDeadline(time.Time{})

	// A close with unread bytes is a reset for the other side.
	near.Write([]byte("unread"))
	time.Sleep(time.Millisecond)
	far.Close()
	time.Sleep(time.Millisecond)
	_, err = near.Read(make([]byte, 1))
	fmt.Println("reset:", is(err, syscall.ECONNRESET))
	_, err = near.Write([]byte("more"))
	fmt.Println("pipe:", is(err, syscall.EPIPE))
	near.Close()
	_, err = near.Write([]byte("more"))
	fmt.Println("closed:", errors.Is(err, net.ErrClosed))
	l.Close()
	<-accepted

	u, err := net.ListenUDP("udp", &net.UDPAddr{})
	if err != nil {
		return err
	}
	_, err = u.WriteTo(make([]byte, 70_000), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 9})
	fmt.Println("too long:", is(err, syscall.EMSGSIZE))
	for _, address := range []string{"[::1]:7", "[fe80::1]:7"} {
		_, err = net.Listen("tcp", address)
		fmt.Println(err)
		_, err = net.Dial("udp", address)
		fmt.Println(err)
	}
	_, err = net.Listen("tcp6", ":7")
	fmt.Println(err)
	_, err = net.Dial("tcp6", "other:7")
	fmt.Println(err)
	_, err = net.ListenPacket("ip4:icmp", "0.0.0.0")
	fmt.Println(err)
	_, err = net.ListenPacket("unixgram", "socket")
	fmt.Println(err)
	all, err := net.Listen("tcp", "[::]:8")
	if err != nil {
		return err
	}
	fmt.Println("all:", all.Addr())
	return nil
}

// slowReader accepts a connection that it does not read, for a second.
func slowReader([]string) error {
	l, err := net.Listen("tcp", ":9")
	if err != nil {
		return err
	}
	c, err := l.Accept()
	if err != nil {
		return err
	}
	time.Sleep(time.Second)
	n, err := io.Copy(io.Discard, c)
	fmt.Println("read", n, err)
	return nil
}

// trunk sends more than any buffer holds.
func trunk([]string) error {
	c, err := net.Dial("tcp", "server:9")
	if err != nil {
		return err
	}
	if err := c.(*net.TCPConn).SetKeepAlivePeriod(time.Second); err != nil {
		return err
	}
	begin := time.Now()
	n, err := c.Write(make([]byte, 4_000_000))
	fmt.Println("wrote", n, err, time.Since(begin) > time.Second)
	return c.Close()
}
