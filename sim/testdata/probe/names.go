package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// names looks up what there is to be looked up about names and addresses.
func names([]string) error {
	ctx := context.Background()
	show := func(what string, found any, err error) {
		var failed *net.DNSError
		if errors.As(err, &failed) {
			fmt.Printf("%s: %v (not found %v, timeout %v)\n", what, err, failed.IsNotFound, failed.IsTimeout)
			return
		}
		fmt.Printf("%s: %v %v\n", what, found, err)
	}
	if err := os.WriteFile("/etc/hosts", []byte("127.0.0.1 localhost\n10.0.0.1 n1\n10.9.9.9 by-file by-file.example\n"), 0o644); err != nil {
		return err
	}
	for _, name := range []string{"other", "OTHER.", "registry.example", "by-file", "localhost", "n1", "nobody", "10.1.2.3"} {
		found, err := net.LookupHost(name)
		show("host "+name, found, err)
	}
	ips, err := net.LookupIP("other")
	show("IP", ips, err)
	prefixes, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", "other")
	show("net IP", prefixes, err)
	_, err = net.DefaultResolver.LookupNetIP(ctx, "ip6", "other")
	show("net IP v6", nil, err)
	for _, address := range []string{"10.0.0.2", "10.9.9.9", "127.0.0.1", "10.0.9.9"} {
		found, err := net.LookupAddr(address)
		show("address "+address, found, err)
	}
	canonical, err := net.LookupCNAME("other")
	show("canonical", canonical, err)
	port, err := net.LookupPort("tcp", "http")
	show("port", port, err)
	_, err = net.LookupPort("tcp", "no-such-service")
	show("port", nil, err)
	_, services, err := net.LookupSRV("registry", "tcp", "example")
	show("services", services, err)
	texts, err := net.LookupTXT("other")
	show("texts", texts, err)
	mail, err := net.LookupMX("other")
	show("mail", mail, err)
	servers, err := net.LookupNS("nobody")
	show("servers", servers, err)
	_, err = net.ResolveTCPAddr("tcp", "nobody:80")
	show("TCP address", nil, err)
	address, err := net.ResolveUDPAddr("udp", "other:domain")
	show("UDP address", address, err)
	return nil
}

// lookUps looks one name up, every second.
func lookUps(args []string) error {
	for range time.Tick(time.Second) {
		begin := time.Now()
		found, err := net.LookupHost(args[0])
		fmt.Println(found, err, time.Since(begin).Round(time.Second))
	}
	return nil
}
