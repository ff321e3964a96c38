package main

import (
	"errors"
	"io"
	"log"
	"net"
	"os"
	"syscall"
)

// quiet throws away what it is told.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// unixSockets talks within the machine.
func unixSockets() {
	enter()
	_, err := net.Dial("unix", "socket")
	say("nobody", err)
	l, err := net.Listen("unix", "socket")
	say("listen", err)
	if err != nil {
		return
	}
	say("address", l.Addr(), l.Addr().Network())
	_, err = net.Listen("unix", "socket")
	say("twice", err, errors.Is(err, syscall.EADDRINUSE))
	_, err = os.Lstat("socket")
	say("it is there", err)
	near := must(net.Dial("unix", "socket"))
	far := must(l.Accept())
	say("addresses", near.RemoteAddr(), far.LocalAddr())
	must(near.Write([]byte("hello")))
	mustDo(near.(*net.UnixConn).CloseWrite())
	text, err := io.ReadAll(far)
	say("read", string(text), err)
	must(far.Write([]byte("back")))
	mustDo(far.Close())
	text, err = io.ReadAll(near)
	say("read back", string(text), err)
	mustDo(near.Close())
	say("close", l.Close())
	_, err = os.Lstat("socket")
	say("it is gone", os.IsNotExist(err))
	mustDo(os.WriteFile("file", nil, 0o644))
	_, err = net.Dial("unix", "file")
	say("no socket", err)
}
