// Added for simulated machines: Unix sockets. A machine runs one program, so they are for that program to talk to itself: streams of
// the loopback, which a file leads to.

//go:build wasip1

package net

import (
	"context"
	"errors"
	"internal/strconv"
	"os"
	"syscall"
)

// simUnixMark begins a file that leads to a Unix socket; its port follows.
const simUnixMark = "unix socket at port "

// simUnixSocket returns a Unix socket that is ready for I/O: a listener if there is no remote address, else a connection.
func simUnixSocket(ctx context.Context, net string, sotype int, laddr, raddr sockaddr) (*netFD, error) {
	if sotype != syscall.SOCK_STREAM {
		return nil, os.NewSyscallError("socket", syscall.EPROTONOSUPPORT)
	}
	if raddr == nil {
		return simListenUnix(net, laddr.(*UnixAddr))
	}
	to := raddr.(*UnixAddr)
	content, err := os.ReadFile(to.Name)
	if err != nil {
		return nil, simUnixError("connect", err)
	}
	port, rest, ok := 0, 0, false
	if len(content) > len(simUnixMark) && string(content[:len(simUnixMark)]) == simUnixMark {
		port, rest, ok = dtoi(string(content[len(simUnixMark):]))
	}
	if !ok || rest == 0 {
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	connection, err := socket(ctx, "tcp", syscall.AF_INET, sotype, 0, false, nil, &TCPAddr{IP: IPv4(127, 0, 0, 1), Port: port}, nil)
	if err != nil {
		return nil, err
	}
	connection.net, connection.family = net, syscall.AF_UNIX
	from := &UnixAddr{Net: net}
	if own, ok := laddr.(*UnixAddr); ok && own != nil {
		from = own
	}
	connection.laddr, connection.raddr = from, to
	return connection, nil
}

func simListenUnix(net string, at *UnixAddr) (*netFD, error) {
	if at.Name == "" || at.Name[0] == '@' {
		return nil, os.NewSyscallError("bind", syscall.EINVAL) // names outside of the file system
	}
	file, err := os.OpenFile(at.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if errors.Is(err, os.ErrExist) {
		return nil, os.NewSyscallError("bind", syscall.EADDRINUSE)
	}
	if err != nil {
		return nil, simUnixError("bind", err)
	}
	defer file.Close()
	listener, err := socket(context.Background(), "tcp", syscall.AF_INET, syscall.SOCK_STREAM, 0, false, &TCPAddr{IP: IPv4(127, 0, 0, 1)}, nil, nil)
	if err != nil {
		return nil, err
	}
	if _, err := file.WriteString(simUnixMark + strconv.Itoa(listener.laddr.(*TCPAddr).Port)); err != nil {
		listener.Close()
		return nil, simUnixError("bind", err)
	}
	listener.net, listener.family = net, syscall.AF_UNIX
	listener.laddr, listener.raddr = at, nil
	return listener, nil
}

// simUnixError is what a call on a Unix socket reports when its file fails.
func simUnixError(call string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return os.NewSyscallError(call, err)
}
