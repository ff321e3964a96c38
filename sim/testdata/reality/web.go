package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// web asks an HTTP server.
func web() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s, from %v, %s", r.PathValue("name"), strings.HasPrefix(r.RemoteAddr, "127.0.0.1:"), r.Proto)
	})
	mux.HandleFunc("POST /size", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, err, r.TransferEncoding)
	})
	gone := make(chan error, 1)
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		gone <- r.Context().Err()
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		for i := range 3 {
			fmt.Fprintln(w, "part", i)
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	})
	mux.HandleFunc("GET /abort", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "some")
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("GET /hijack", func(w http.ResponseWriter, r *http.Request) {
		c, _, _ := w.(http.Hijacker).Hijack()
		c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nraw"))
		c.Close()
	})
	l := listen()
	label("server", l.Addr())
	server := &http.Server{Handler: mux}
	served := make(chan error)
	go func() { served <- server.Serve(l) }()
	client := &http.Client{Transport: &http.Transport{}}
	base := "http://" + l.Addr().String()
	ask := func(path string) {
		response, err := client.Get(base + path)
		if err != nil {
			say(path, err)
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		say(path, response.Status, strings.ReplaceAll(string(body), "\n", "/"), err, response.ContentLength, response.TransferEncoding)
	}
	for _, path := range []string{"/hello/world", "/nothing", "/stream", "/abort", "/hijack", "/hello/again"} {
		ask(path)
	}
	response := must(client.Post(base+"/size", "text/plain", strings.NewReader(strings.Repeat("x", 3_000_000))))
	say("large", response.Status, string(must(io.ReadAll(response.Body))))
	response = must(client.Post(base+"/size", "text/plain", io.LimitReader(zeros{}, 100_000)))
	say("chunks", response.Status, string(must(io.ReadAll(response.Body))))
	response = must(client.Post(base+"/hello/x", "text/plain", nil))
	say("method", response.Status, response.Header.Get("Allow"))
	var all sync.WaitGroup
	fine := make(chan bool, 20)
	for range 20 {
		all.Go(func() {
			response, err := client.Get(base + "/hello/many")
			if err == nil {
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			fine <- err == nil
		})
	}
	all.Wait()
	count := 0
	for range 20 {
		if <-fine {
			count++
		}
	}
	say("many at once", count)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	_, err := client.Do(must(http.NewRequestWithContext(ctx, "GET", base+"/slow", nil)))
	say("too slow", err, os.IsTimeout(err), errors.Is(err, context.DeadlineExceeded))
	say("and the server knows", <-gone)
	raw := must(net.Dial("tcp4", l.Addr().String()))
	must(raw.Write([]byte("nonsense\r\n\r\n")))
	line := must(io.ReadAll(raw))
	say("nonsense", strings.ReplaceAll(string(line), "\r\n", "/"))
	mustDo(raw.Close())
	say("shutdown", server.Shutdown(context.Background()), <-served)
	_, err = client.Get(base + "/hello/late")
	say("after it", err)
}

// certificate is one for 127.0.0.1 that nobody has signed but itself.
func certificate() (tls.Certificate, *x509.CertPool) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "reality"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	pool := x509.NewCertPool()
	pool.AddCert(must(x509.ParseCertificate(der)))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// secrets shakes hands, and speaks HTTP/2.
func secrets() {
	own, pool := certificate()
	l := listen()
	label("server", l.Addr())
	server := &http.Server{
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}, NextProtos: []string{"h2"}},
		ErrorLog:  quiet(),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, r.Proto, " ", r.TLS.NegotiatedProtocol, " ", n)
		}),
	}
	go server.ServeTLS(l, "", "")
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	client := &http.Client{Transport: transport}
	response := must(client.Get("https://" + l.Addr().String()))
	say("HTTP/2", response.Status, string(must(io.ReadAll(response.Body))))
	response = must(client.Post("https://"+l.Addr().String(), "text/plain", io.LimitReader(zeros{}, 1_000_000)))
	say("a megabyte", response.Status, string(must(io.ReadAll(response.Body))))
	transport.CloseIdleConnections()
	_, err := http.Get("https://" + l.Addr().String())
	say("a stranger's certificate", err != nil, strings.Contains(fmt.Sprint(err), "certificate signed by unknown authority"))
	c := must(tls.Dial("tcp4", l.Addr().String(), &tls.Config{RootCAs: pool}))
	state := c.ConnectionState()
	say("handshake", tls.VersionName(state.Version), state.HandshakeComplete, state.PeerCertificates[0].Subject)
	mustDo(c.Close())
	_, err = tls.Dial("tcp4", l.Addr().String(), &tls.Config{RootCAs: pool, ServerName: "elsewhere.example"})
	say("another's certificate", err)
	_, err = tls.Dial("tcp4", l.Addr().String(), &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11})
	say("an old version", err)
	plain := must(net.Dial("tcp4", l.Addr().String()))
	must(plain.Write([]byte("GET / HTTP/1.0\r\n\r\n")))
	text, _ := io.ReadAll(plain)
	say("no secrets", strings.ReplaceAll(string(text), "\r\n", "/"))
	say("shutdown", server.Shutdown(context.Background()))
}
