package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// patience is for what comes soon on any machine.
const patience = 10 * time.Second

// pair opens a connection on the loopback.
func pair(l net.Listener) (near, far *net.TCPConn) {
	dialled := must(net.Dial("tcp4", l.Addr().String()))
	return dialled.(*net.TCPConn), must(l.Accept()).(*net.TCPConn)
}

func listen() net.Listener { return must(net.Listen("tcp4", "127.0.0.1:0")) }

// settle waits until what was sent over the loopback has arrived.
func settle() { time.Sleep(20 * time.Millisecond) }

// free returns an address where nobody listens.
func free() string {
	l := listen()
	defer l.Close()
	return l.Addr().String()
}

// dialing tries to connect and to listen.
func dialing() {
	nobody := free()
	label("nobody", nobody)
	_, err := net.Dial("tcp4", nobody)
	var op *net.OpError
	say("nobody listens", err, errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &op))
	say("its parts", op.Op, op.Net, op.Source, op.Addr, op.Err, op.Timeout(), op.Temporary())
	l := listen()
	label("listener", l.Addr())
	say("listening", l.Addr(), l.Addr().Network())
	_, err = net.Listen("tcp4", l.Addr().String())
	say("listen twice", err, errors.Is(err, syscall.EADDRINUSE))
	_, port, _ := net.SplitHostPort(l.Addr().String())
	label("port", port)
	_, err = net.Listen("tcp4", "0.0.0.0:"+port)
	say("listen everywhere too", err)
	other, err := net.Listen("tcp4", "127.0.0.2:"+port)
	say("listen at another address of the loopback", err)
	if err == nil {
		say("there", other.Addr())
		mustDo(other.Close())
	}
	udp, err := net.ListenPacket("udp4", l.Addr().String())
	say("the same port of UDP", err)
	mustDo(udp.Close())
	_, err = net.Listen("tcp4", "192.0.2.1:0")
	say("listen where others live", err)
	_, err = net.Listen("tcp4", "127.0.0.1:99999")
	say("no such port", err)
	_, err = net.Listen("tcp4", "127.0.0.1")
	say("no port", err)
	_, err = net.Listen("tcp4", "127.0.0.1:nonsense")
	say("port of no service", err)
	_, err = net.Dial("nonsense", "127.0.0.1:1")
	say("no such network", err)
	_, err = net.Dial("tcp4", "")
	say("no address", err)
	_, err = net.Dial("tcp4", "[::1]:80")
	say("an address of another family", err)
	_, err = net.Dial("tcp4", "127.0.0.1:0")
	say("port 0", err)

	near, far := pair(l)
	label("near", near.LocalAddr())
	say("addresses", near.LocalAddr(), near.RemoteAddr(), far.LocalAddr(), far.RemoteAddr())
	_, err = (&net.Dialer{LocalAddr: near.LocalAddr()}).Dial("tcp4", l.Addr().String())
	say("from a port that is taken", err)
	_, err = (&net.Dialer{LocalAddr: l.Addr()}).Dial("tcp4", nobody)
	say("from a port that is listened at", err)
	_, err = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}}).Dial("tcp4", l.Addr().String())
	say("from an address of others", err)
	_, err = (&net.Dialer{LocalAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}}).Dial("tcp4", l.Addr().String())
	say("from an address of another kind", err)
	_, err = (&net.Dialer{Timeout: -1}).Dial("tcp4", l.Addr().String())
	say("no time", err, os.IsTimeout(err))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = new(net.Dialer).DialContext(ctx, "tcp4", l.Addr().String())
	say("cancelled before", err, errors.Is(err, context.Canceled))
	controlled := ""
	config := net.ListenConfig{Control: func(network, address string, c syscall.RawConn) error {
		controlled = network + " " + address
		return nil
	}}
	another := must(config.Listen(context.Background(), "tcp4", "127.0.0.1:0"))
	say("controlled", controlled)
	mustDo(another.Close())

	mustDo(l.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Millisecond)))
	_, err = l.Accept()
	say("nobody comes", err, os.IsTimeout(err), errors.Is(err, os.ErrDeadlineExceeded))
	mustDo(l.(*net.TCPListener).SetDeadline(time.Time{}))
	accepted := make(chan error)
	go func() { accepted <- errorOf(l.Accept()) }()
	time.Sleep(5 * time.Millisecond)
	say("close the listener", l.Close())
	say("who waited", <-accepted)
	say("close it twice", l.Close())
	_, err = l.Accept()
	say("accept then", err, errors.Is(err, net.ErrClosed))
	_, err = net.Dial("tcp4", l.Addr().String())
	say("dial then", err)
	again, err := net.Listen("tcp4", l.Addr().String())
	say("listen again, with a connection there", err)
	mustDo(again.Close())

	// Connections that nobody accepts are open all the same, until the listener is closed.
	l = listen()
	label("second listener", l.Addr())
	waiting := must(net.Dial("tcp4", l.Addr().String()))
	label("waiting", waiting.LocalAddr())
	_, err = waiting.Write([]byte("x"))
	say("write to who has not accepted", err)
	mustDo(l.Close())
	settle()
	_, err = waiting.Read(make([]byte, 1))
	say("closed without accepting", err)
}

// streams sends bytes.
func streams() {
	l := listen()
	near, far := pair(l)
	label("near", near.LocalAddr())
	label("far", far.LocalAddr())
	n, err := near.Write([]byte("hello world"))
	say("write", n, err)
	buffer := make([]byte, 5)
	n, err = io.ReadFull(far, buffer)
	say("read", string(buffer[:n]), err)
	n, err = far.Read(nil)
	say("read nothing", n, err)
	n, err = near.Write(nil)
	say("write nothing", n, err)
	buffers := net.Buffers{[]byte(", and "), []byte("more"), nil, []byte("!")}
	written, err := buffers.WriteTo(near)
	say("write pieces", written, err, len(buffers))
	rest := make([]byte, 17)
	n, err = io.ReadFull(far, rest)
	say("read the rest", string(rest[:n]), err)

	mustDo(near.SetReadDeadline(time.Now().Add(5 * time.Millisecond)))
	_, err = near.Read(buffer)
	say("nothing comes", err, os.IsTimeout(err), errors.Is(err, os.ErrDeadlineExceeded))
	_, err = near.Read(buffer)
	say("once more", err)
	mustDo(near.SetReadDeadline(time.Time{}))
	mustDo(far.SetDeadline(time.Now().Add(-time.Second)))
	_, err = far.Write([]byte("x"))
	say("too late to write", err)
	mustDo(far.SetDeadline(time.Time{}))
	waits := make(chan error)
	go func() { waits <- errorOf(far.Read(buffer)) }()
	time.Sleep(5 * time.Millisecond)
	mustDo(far.SetReadDeadline(time.Now()))
	say("a deadline wakes who waits", <-waits)
	mustDo(far.SetReadDeadline(time.Time{}))

	// Half-close.
	say("close for writing", near.CloseWrite())
	n, err = far.Read(buffer)
	say("the end", n, err)
	n, err = far.Read(buffer)
	say("the end again", n, err)
	_, err = near.Write([]byte("x"))
	say("write after the end", err, errors.Is(err, syscall.EPIPE))
	_, err = far.Write([]byte("the other way"))
	say("the other way", err)
	text := make([]byte, 13)
	n, err = io.ReadFull(near, text)
	say("arrives", string(text[:n]), err)
	say("close", far.Close())
	n, err = near.Read(buffer)
	say("both are closed", n, err)
	say("close here", near.Close(), near.Close())
	_, err = near.Read(buffer)
	say("read then", err, errors.Is(err, net.ErrClosed))
	say("set a deadline then", near.SetDeadline(time.Now()))
	say("half-close then", near.CloseWrite())

	// A buffer that fills.
	near, far = pair(l)
	label("filler", near.LocalAddr())
	mustDo(near.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)))
	block := make([]byte, 64<<20)
	n, err = near.Write(block)
	say("full", err, n > 0, n < len(block))
	counted := make(chan int64)
	go func() {
		all, _ := io.Copy(io.Discard, far)
		counted <- all
	}()
	mustDo(near.SetWriteDeadline(time.Time{}))
	more, err := near.Write(block[:1<<20])
	say("there is room again", more, err)
	mustDo(near.Close())
	say("everything arrived", <-counted == int64(n+more))
	mustDo(far.Close())

	// Copies take every shortcut that there is.
	near, far = pair(l)
	go func() {
		near.ReadFrom(io.LimitReader(zeros{}, 300_000))
		near.Close()
	}()
	all, err := io.Copy(io.Discard, far)
	say("copied", all, err)
	mustDo(far.Close())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// connections ends connections in all ways.
func connections() {
	l := listen()
	label("far", l.Addr())
	buffer := make([]byte, 100)

	near, far := pair(l)
	label("first", near.LocalAddr())
	mustDo(far.Close())
	settle()
	n, err := near.Read(buffer)
	say("closed there: read", n, err)
	n, err = near.Write([]byte("x"))
	say("closed there: write", n, err)
	settle()
	_, err = near.Write([]byte("x"))
	say("closed there: write again", err, errors.Is(err, syscall.EPIPE))
	n, err = near.Read(buffer)
	say("closed there: read again", n, err)
	mustDo(near.Close())

	near, far = pair(l)
	label("second", near.LocalAddr())
	must(near.Write([]byte("unread")))
	settle()
	mustDo(far.Close())
	settle()
	_, err = near.Read(buffer)
	say("closed with unread bytes: read", err, errors.Is(err, syscall.ECONNRESET))
	n, err = near.Read(buffer)
	say("closed with unread bytes: read again", n, err)
	_, err = near.Write([]byte("x"))
	say("closed with unread bytes: write", err)
	mustDo(near.Close())

	near, far = pair(l)
	label("third", near.LocalAddr())
	must(near.Write([]byte("unread")))
	settle()
	mustDo(far.Close())
	settle()
	_, err = near.Write([]byte("x"))
	say("reset: write first", err)
	n, err = near.Read(buffer)
	say("reset: then read", n, err)
	mustDo(near.Close())

	near, far = pair(l)
	label("fourth", near.LocalAddr())
	mustDo(far.SetLinger(0))
	mustDo(far.Close())
	settle()
	_, err = near.Read(buffer)
	say("no linger", err)
	mustDo(near.Close())

	near, far = pair(l)
	label("fifth", near.LocalAddr())
	must(far.Write([]byte("last words")))
	mustDo(far.SetLinger(0))
	mustDo(far.Close())
	settle()
	n, err = near.Read(buffer)
	say("no linger, with last words", n, err)
	n, err = near.Read(buffer)
	say("and then", n, err)
	mustDo(near.Close())

	near, far = pair(l)
	must(far.Write([]byte("last words")))
	mustDo(far.SetLinger(5))
	mustDo(far.Close())
	text, err := io.ReadAll(near)
	say("linger", string(text), err)
	mustDo(near.Close())

	near, far = pair(l)
	label("sixth", near.LocalAddr())
	waits := make(chan error)
	go func() { waits <- errorOf(near.Read(make([]byte, 1))) }()
	time.Sleep(5 * time.Millisecond)
	mustDo(near.Close())
	say("closed while reading", <-waits)
	n, err = far.Read(buffer)
	say("seen from there", n, err)
	mustDo(far.Close())

	near, far = pair(l)
	label("seventh", near.LocalAddr())
	say("close for reading", near.CloseRead())
	n, err = near.Read(buffer)
	say("read then", n, err)
	n, err = far.Write([]byte("x"))
	say("write to it", n, err)
	mustDo(near.Close())
	mustDo(far.Close())

	near, far = pair(l)
	say("options", near.SetNoDelay(true), near.SetKeepAlive(true), near.SetKeepAlivePeriod(time.Second), near.SetReadBuffer(4096),
		near.SetWriteBuffer(4096), near.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 3}))
	label("eighth", near.LocalAddr())
	say("a buffer of nothing", near.SetReadBuffer(-1))
	raw, err := near.SyscallConn()
	say("raw", err, raw.Control(func(uintptr) {}))
	mustDo(near.Close())
	say("options of what is closed", near.SetNoDelay(true))
	mustDo(far.Close())
}

// pipes talks to itself.
func pipes() {
	near, far := net.Pipe()
	say("addresses", near.LocalAddr(), near.RemoteAddr())
	go near.Write([]byte("hello"))
	buffer := make([]byte, 3)
	n, err := far.Read(buffer)
	say("some", string(buffer[:n]), err)
	n, err = far.Read(buffer)
	say("rest", string(buffer[:n]), err)
	mustDo(far.SetReadDeadline(time.Now().Add(time.Millisecond)))
	_, err = far.Read(buffer)
	say("late", err)
	mustDo(near.Close())
	_, err = far.Write([]byte("x"))
	say("closed", err)
}
