// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package net

import (
	"context"
	"os"
	"runtime"
	"structs"
	"syscall"
	"unsafe"
)

// Changed for simulated machines: sockets of the simulated network, in place of a network inside the program. They are the stream
// and datagram sockets of IPv4, and streams of Unix sockets; there is no IPv6.

// simBacklog is how many connections wait to be accepted: net.core.somaxconn of Linux since 5.4.
const simBacklog = 4096

// simTruncated is Linux's MSG_TRUNC: a datagram was larger than the room for it.
const simTruncated = 0x20

// simName is an IPv4 address and a port.
type simName struct {
	_    structs.HostLayout
	ip   uint32 // first byte highest
	port uint32
}

//go:wasmimport sim sock_listen
//go:noescape
func sim_sock_listen(local *simName, backlog uint32, fd *int32) uint32

//go:wasmimport sim sock_connect
//go:noescape
func sim_sock_connect(local, remote *simName, fd *int32) uint32

//go:wasmimport sim sock_bind
//go:noescape
func sim_sock_bind(local, remote *simName, fd *int32) uint32

//go:wasmimport sim sock_error
func sim_sock_error(fd int32) uint32

//go:wasmimport sim sock_names
//go:noescape
func sim_sock_names(fd int32, local, remote *simName) uint32

//go:wasmimport sim sock_send_to
//go:noescape
func sim_sock_send_to(fd int32, p unsafe.Pointer, n uint32, to *simName, sent *uint32) uint32

//go:wasmimport sim sock_receive_from
//go:noescape
func sim_sock_receive_from(fd int32, p unsafe.Pointer, n uint32, from *simName, received *uint32) uint32

func simError(call string, errno uint32) error {
	if errno == 0 {
		return nil
	}
	return os.NewSyscallError(call, syscall.Errno(errno))
}

func simIP(ip uint32) IP {
	return IP{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}
}

// simNameOf returns the name that an address stands for; the zero name for no address.
func simNameOf(sa sockaddr) (simName, error) {
	switch a := sa.(type) {
	case nil:
		return simName{}, nil
	case *TCPAddr:
		if a != nil && a.isWildcard() {
			return simName{port: uint32(a.Port)}, nil
		}
	case *UDPAddr:
		if a != nil && a.isWildcard() {
			return simName{port: uint32(a.Port)}, nil
		}
	}
	if sa.family() != syscall.AF_INET {
		return simName{}, os.NewSyscallError("socket", syscall.EAFNOSUPPORT)
	}
	s, err := sa.sockaddr(syscall.AF_INET)
	if err != nil || s == nil {
		return simName{}, err
	}
	return simNameOfInet4(s.(*syscall.SockaddrInet4)), nil
}

func simNameOfInet4(sa *syscall.SockaddrInet4) simName {
	a := sa.Addr
	return simName{ip: uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3]), port: uint32(sa.Port)}
}

func (n *simName) inet4() syscall.SockaddrInet4 {
	return syscall.SockaddrInet4{Addr: [4]byte(simIP(n.ip)), Port: int(n.port)}
}

func (n *simName) addr(sotype int) Addr {
	if sotype == syscall.SOCK_DGRAM {
		return &UDPAddr{IP: simIP(n.ip), Port: int(n.port)}
	}
	return &TCPAddr{IP: simIP(n.ip), Port: int(n.port)}
}

// names returns the addresses of both ends; the remote one is nil if the socket has none.
func (fd *netFD) names() (laddr, raddr Addr) {
	var local, remote simName
	if sim_sock_names(int32(fd.pfd.Sysfd), &local, &remote) != 0 {
		return nil, nil
	}
	laddr = local.addr(fd.sotype)
	if remote.ip != 0 {
		raddr = remote.addr(fd.sotype)
	}
	return laddr, raddr
}

// socket returns a network file descriptor that is ready for I/O: a listener or an unconnected packet socket if there is no remote
// address, else a connection.
func socket(ctx context.Context, net string, family, sotype, proto int, ipv6only bool, laddr, raddr sockaddr, ctrlCtxFn func(context.Context, string, string, syscall.RawConn) error) (*netFD, error) {
	if family == syscall.AF_UNIX {
		return simUnixSocket(ctx, net, sotype, laddr, raddr)
	}
	if family != syscall.AF_INET && family != syscall.AF_INET6 || ipv6only {
		return nil, os.NewSyscallError("socket", syscall.EAFNOSUPPORT)
	}
	local, err := simNameOf(laddr)
	if err != nil {
		return nil, err
	}
	remote, err := simNameOf(raddr)
	if err != nil {
		return nil, err
	}

	var sysfd int32
	switch {
	case sotype == syscall.SOCK_STREAM && raddr == nil:
		err = simError("bind", sim_sock_listen(&local, simBacklog, &sysfd))
	case sotype == syscall.SOCK_STREAM:
		call := "connect"
		errno := sim_sock_connect(&local, &remote, &sysfd)
		if local != (simName{}) && (syscall.Errno(errno) == syscall.EADDRINUSE || syscall.Errno(errno) == syscall.EADDRNOTAVAIL) {
			call = "bind" // which Linux has programs do first, if they name an address of their own
		}
		err = simError(call, errno)
	case sotype == syscall.SOCK_DGRAM && raddr == nil:
		err = simError("bind", sim_sock_bind(&local, nil, &sysfd))
	case sotype == syscall.SOCK_DGRAM:
		err = simError("bind", sim_sock_bind(&local, &remote, &sysfd))
	case sotype == syscall.SOCK_RAW:
		err = os.NewSyscallError("socket", syscall.EPERM) // as for who is not root
	default:
		err = os.NewSyscallError("socket", syscall.EPROTONOSUPPORT)
	}
	if err != nil {
		return nil, err
	}

	fd := newFD(int(sysfd), syscall.AF_INET, sotype, net)
	if err := fd.init(); err != nil {
		fd.Close()
		return nil, err
	}
	if ctrlCtxFn != nil {
		address := laddr
		if raddr != nil {
			address = raddr
		}
		if err := ctrlCtxFn(ctx, net[:3]+"4", address.String(), newRawConn(fd)); err != nil {
			fd.Close()
			return nil, err
		}
	}
	if raddr != nil {
		if sotype == syscall.SOCK_STREAM {
			if err := fd.waitConnected(ctx); err != nil {
				fd.Close()
				return nil, err
			}
		}
		fd.isConnected = true
	}
	fd.setAddr(fd.names())
	return fd, nil
}

// waitConnected waits until the connection is there, has failed, or ctx is done.
func (fd *netFD) waitConnected(ctx context.Context) (ret error) {
	if ctx.Done() != nil {
		if deadline, ok := ctx.Deadline(); ok {
			fd.pfd.SetWriteDeadline(deadline)
			defer fd.pfd.SetWriteDeadline(noDeadline)
		}
		stop := context.AfterFunc(ctx, func() {
			// Make WaitWrite give up.
			fd.pfd.SetWriteDeadline(aLongTimeAgo)
		})
		defer func() {
			// A connection that came about while ctx ended can no longer be written to.
			if !stop() && ret == nil {
				ret = mapErr(ctx.Err())
			}
		}()
	}
	if err := fd.pfd.WaitWrite(); err != nil {
		select {
		case <-ctx.Done():
			return mapErr(ctx.Err())
		default:
		}
		return err
	}
	return simError("connect", sim_sock_error(int32(fd.pfd.Sysfd)))
}

func sysSocket(family, sotype, proto int) (int, error) {
	return 0, os.NewSyscallError("socket", syscall.ENOSYS)
}

// receive reads one datagram, and tells in the flags if it was larger than p.
func (fd *netFD) receive(call string, p []byte) (n, flags int, from simName, err error) {
	var errno, received uint32
	err = fd.pfd.RawRead(func(sysfd uintptr) bool {
		errno = sim_sock_receive_from(int32(sysfd), unsafe.Pointer(unsafe.SliceData(p)), uint32(len(p)), &from, &received)
		return syscall.Errno(errno) != syscall.EAGAIN
	})
	runtime.KeepAlive(fd)
	if err == nil {
		err = simError(call, errno)
	}
	if int(received) > len(p) {
		return len(p), simTruncated, from, err
	}
	return int(received), 0, from, err
}

// send writes one datagram; to the connected peer if there is no other destination.
func (fd *netFD) send(call string, p []byte, to *simName) (n int, err error) {
	var errno, sent uint32
	err = fd.pfd.RawWrite(func(sysfd uintptr) bool {
		errno = sim_sock_send_to(int32(sysfd), unsafe.Pointer(unsafe.SliceData(p)), uint32(len(p)), to, &sent)
		return syscall.Errno(errno) != syscall.EAGAIN
	})
	runtime.KeepAlive(fd)
	if err == nil {
		err = simError(call, errno)
	}
	return int(sent), err
}

func (fd *netFD) readFrom(p []byte) (n int, sa syscall.Sockaddr, err error) {
	n, _, from, err := fd.receive(readFromSyscallName, p)
	if err != nil {
		return n, nil, err
	}
	inet := from.inet4()
	return n, &inet, nil
}

func (fd *netFD) readFromInet4(p []byte, sa *syscall.SockaddrInet4) (n int, err error) {
	n, _, from, err := fd.receive(readFromSyscallName, p)
	*sa = from.inet4()
	return n, err
}

func (fd *netFD) readFromInet6(p []byte, sa *syscall.SockaddrInet6) (n int, err error) {
	return 0, os.NewSyscallError(readFromSyscallName, syscall.EAFNOSUPPORT)
}

func (fd *netFD) readMsg(p []byte, oob []byte, flags int) (n, oobn, retflags int, sa syscall.Sockaddr, err error) {
	n, retflags, from, err := fd.receive(readMsgSyscallName, p)
	if err != nil {
		return n, 0, 0, nil, err
	}
	inet := from.inet4()
	return n, 0, retflags, &inet, nil
}

func (fd *netFD) readMsgInet4(p []byte, oob []byte, flags int, sa *syscall.SockaddrInet4) (n, oobn, retflags int, err error) {
	n, retflags, from, err := fd.receive(readMsgSyscallName, p)
	*sa = from.inet4()
	return n, 0, retflags, err
}

func (fd *netFD) readMsgInet6(p []byte, oob []byte, flags int, sa *syscall.SockaddrInet6) (n, oobn, retflags int, err error) {
	return 0, 0, 0, os.NewSyscallError(readMsgSyscallName, syscall.EAFNOSUPPORT)
}

func (fd *netFD) writeTo(p []byte, sa syscall.Sockaddr) (n int, err error) {
	inet, ok := sa.(*syscall.SockaddrInet4)
	if !ok {
		return 0, os.NewSyscallError(writeToSyscallName, syscall.EAFNOSUPPORT)
	}
	return fd.writeToInet4(p, inet)
}

func (fd *netFD) writeToInet4(p []byte, sa *syscall.SockaddrInet4) (n int, err error) {
	to := simNameOfInet4(sa)
	return fd.send(writeToSyscallName, p, &to)
}

func (fd *netFD) writeToInet6(p []byte, sa *syscall.SockaddrInet6) (n int, err error) {
	return 0, os.NewSyscallError(writeToSyscallName, syscall.EAFNOSUPPORT)
}

func (fd *netFD) writeMsg(p []byte, oob []byte, sa syscall.Sockaddr) (n int, oobn int, err error) {
	inet, _ := sa.(*syscall.SockaddrInet4)
	return fd.writeMsgInet4(p, oob, inet)
}

func (fd *netFD) writeMsgInet4(p []byte, oob []byte, sa *syscall.SockaddrInet4) (n int, oobn int, err error) {
	if len(oob) > 0 {
		return 0, 0, os.NewSyscallError(writeMsgSyscallName, syscall.ENOTSUP)
	}
	if sa == nil {
		n, err = fd.send(writeMsgSyscallName, p, nil)
		return n, 0, err
	}
	to := simNameOfInet4(sa)
	n, err = fd.send(writeMsgSyscallName, p, &to)
	return n, 0, err
}

func (fd *netFD) writeMsgInet6(p []byte, oob []byte, sa *syscall.SockaddrInet6) (n int, oobn int, err error) {
	return 0, 0, os.NewSyscallError(writeMsgSyscallName, syscall.EAFNOSUPPORT)
}
