package main

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"
)

func bind() *net.UDPConn {
	return must(net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}))
}

// datagrams sends datagrams.
func datagrams() {
	server := bind()
	label("server", server.LocalAddr())
	say("server", server.LocalAddr(), server.RemoteAddr())
	connected := must(net.Dial("udp4", server.LocalAddr().String())).(*net.UDPConn)
	label("connected", connected.LocalAddr())
	say("connected", connected.LocalAddr(), connected.RemoteAddr())
	n, err := connected.Write([]byte("hello"))
	say("write", n, err)
	buffer := make([]byte, 1000)
	n, from, err := server.ReadFrom(buffer)
	say("read", string(buffer[:n]), from, err)
	n, err = server.WriteTo([]byte("answer"), from)
	say("answer", n, err)
	n, err = connected.Read(buffer)
	say("answered", string(buffer[:n]), err)
	_, err = connected.WriteTo([]byte("x"), server.LocalAddr())
	say("address for who has one", err, errors.Is(err, net.ErrWriteToConnected))
	_, err = server.Write([]byte("x"))
	say("no address for who has none", err, errors.Is(err, syscall.EDESTADDRREQ))
	_, err = server.WriteTo([]byte("x"), nil)
	say("address of nothing", err)
	_, err = server.WriteTo([]byte("x"), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1})
	say("address of another kind", err)
	_, err = server.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv6loopback, Port: 1})
	say("address of another family", err)

	must(connected.Write(nil))
	n, port, err := server.ReadFromUDPAddrPort(buffer)
	say("nothing in it", n, port, err)
	must(connected.Write([]byte("hello")))
	n, _, err = server.ReadFrom(buffer[:2])
	say("cut short", string(buffer[:n]), err)
	must(connected.Write([]byte("hello")))
	n, _, flags, _, err := server.ReadMsgUDP(buffer[:2], nil)
	say("cut short, and told", string(buffer[:n]), flags == syscall_MSG_TRUNC, err)
	must(connected.Write([]byte("one")))
	must(connected.Write([]byte("two")))
	for range 2 {
		n, _, err = server.ReadFrom(buffer)
		say("one by one", string(buffer[:n]), err)
	}
	n, oob, err := server.WriteMsgUDPAddrPort([]byte("x"), nil, connected.LocalAddr().(*net.UDPAddr).AddrPort())
	say("write a message", n, oob, err)
	n, err = connected.Read(buffer)
	say("read it", n, err)

	// Only the other end of who is connected is heard.
	stranger := bind()
	label("stranger", stranger.LocalAddr())
	n, err = stranger.WriteTo([]byte("psst"), connected.LocalAddr())
	say("a stranger writes", n, err)
	settle()
	mustDo(connected.SetReadDeadline(time.Now().Add(10 * time.Millisecond)))
	_, err = connected.Read(buffer)
	say("is not heard", err, os.IsTimeout(err))
	mustDo(connected.SetReadDeadline(time.Time{}))
	mustDo(stranger.SetReadDeadline(time.Now().Add(10 * time.Millisecond)))
	_, _, err = stranger.ReadFrom(buffer)
	say("and does not hear that it was not", err)

	// Refusals.
	nobody := bind()
	label("nobody", nobody.LocalAddr())
	mustDo(nobody.Close())
	refused := must(net.Dial("udp4", nobody.LocalAddr().String())).(*net.UDPConn)
	label("refused", refused.LocalAddr())
	n, err = refused.Write([]byte("x"))
	say("nobody there", n, err)
	settle()
	_, err = refused.Read(buffer)
	say("refused", err, errors.Is(err, syscall.ECONNREFUSED))
	must(refused.Write([]byte("x")))
	settle()
	_, err = refused.Write([]byte("x"))
	say("refused when writing", err)
	n, err = server.WriteTo([]byte("x"), nobody.LocalAddr())
	say("not for who is not connected", n, err)

	// Sizes.
	n, err = connected.Write(make([]byte, 65507))
	say("as large as can be", n, err)
	big := make([]byte, 70_000)
	n, _, err = server.ReadFrom(big)
	say("arrived", n, err)
	_, err = connected.Write(make([]byte, 65508))
	say("too large", err, errors.Is(err, syscall.EMSGSIZE))

	// Ports.
	_, err = net.ListenPacket("udp4", server.LocalAddr().String())
	say("port taken", err)
	_, err = net.ListenPacket("udp4", strings.Replace(server.LocalAddr().String(), "127.0.0.1", "0.0.0.0", 1))
	say("port taken for all", err != nil && errors.Is(err, syscall.EADDRINUSE))
	_, err = net.ListenPacket("udp4", "192.0.2.1:0")
	say("address of others", err)
	_, err = net.DialUDP("udp4", server.LocalAddr().(*net.UDPAddr), server.LocalAddr().(*net.UDPAddr))
	say("from a port that is taken", err)
	toZero, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	say("to port 0", err)
	if err == nil {
		label("to zero", toZero.LocalAddr())
		_, err = toZero.Write([]byte("x"))
		say("write to port 0", err)
		mustDo(toZero.Close())
	}

	waits := make(chan error)
	go func() { waits <- errorOf(server.Read(make([]byte, 1))) }()
	time.Sleep(5 * time.Millisecond)
	say("close", server.Close())
	say("who waited", <-waits)
	_, err = server.WriteTo([]byte("x"), from)
	say("write then", err, errors.Is(err, net.ErrClosed))
	say("buffers", connected.SetReadBuffer(1<<16), connected.SetWriteBuffer(1<<16))

	// More than fits is dropped, the last first.
	small := bind()
	mustDo(small.SetReadBuffer(8 << 10))
	for i := range 100 {
		must(stranger.WriteToUDPAddrPort(append([]byte{byte(i)}, make([]byte, 999)...), small.LocalAddr().(*net.UDPAddr).AddrPort()))
	}
	settle()
	mustDo(small.SetReadDeadline(time.Now().Add(50 * time.Millisecond)))
	count, inOrder := 0, true
	for {
		n, _, err := small.ReadFromUDPAddrPort(buffer)
		if err != nil {
			break
		}
		inOrder = inOrder && n == 1000 && buffer[0] == byte(count)
		count++
	}
	say("some fit", count > 1 && count < 30, inOrder)
}

// syscall_MSG_TRUNC is Linux's flag for a datagram that was cut short.
const syscall_MSG_TRUNC = 0x20

// lookUps looks up what needs no name server of the machine's.
func lookUps() {
	for _, name := range []string{"127.0.0.1", "10.1.2.3", "::1"} {
		found, err := net.LookupHost(name)
		say("host "+name, found, err)
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx(), "ip4", "localhost")
	say("localhost", found, err)
	names, err := net.LookupAddr("127.0.0.1")
	say("name of the loopback", len(names) > 0 && strings.HasPrefix(names[0], "localhost"), err)
	for _, name := range []string{"", "a b", "nul\x00", strings.Repeat("a", 300), "dots..x"} {
		_, err := net.LookupHost(name)
		var failed *net.DNSError
		errors.As(err, &failed)
		say("no name", failed.Err, failed.IsNotFound, failed.IsTimeout, failed.IsTemporary)
	}
	for _, service := range []string{"http", "https", "smtp", "no-such-service", "70000", "-1", "0"} {
		port, err := net.LookupPort("tcp", service)
		say("port of "+service, port, err)
	}
	_, err = net.LookupPort("nonsense", "http")
	say("port of no network", err)
	_, err = net.LookupAddr("nonsense")
	say("name of no address", err)
	for _, address := range []string{"127.0.0.1:80", "localhost:http", ":443", "[::1]:80", "127.0.0.1", "127.0.0.1:x"} {
		resolved, err := net.ResolveTCPAddr("tcp4", address)
		say("resolve "+address, resolved, err)
	}

	// A name server of its own, and Go's resolver with all that it does about it.
	server := bind()
	label("name server", server.LocalAddr())
	go answer(server)
	resolver := &net.Resolver{PreferGo: true, Dial: dialer(server.LocalAddr().String())}
	addresses, err := resolver.LookupNetIP(ctx(), "ip4", "known.example.")
	say("known", addresses, err)
	_, err = resolver.LookupNetIP(ctx(), "ip4", "unknown.example.")
	var failed *net.DNSError
	say("unknown", errors.As(err, &failed), failed.Err, failed.Name, failed.IsNotFound, failed.IsTimeout, failed.IsTemporary)
	mustDo(server.Close())
	_, err = resolver.LookupNetIP(ctx(), "ip4", "known.example.")
	say("refused", errors.As(err, &failed), errors.Is(err, syscall.ECONNREFUSED), failed.IsNotFound, failed.IsTimeout, failed.IsTemporary)

	interfaces := must(net.Interfaces())
	say("loopback", interfaces[0].Name, interfaces[0].Index, interfaces[0].Flags&net.FlagLoopback != 0, interfaces[0].MTU)
	own := must(interfaces[0].Addrs())
	say("its address", own[0])
	say("more than the loopback", len(must(net.InterfaceAddrs())) > 1)
	_, err = net.InterfaceByName("nonsense")
	say("no such interface", err)
	say("address", netip.MustParseAddrPort("127.0.0.1:80").Addr().IsLoopback())
}
