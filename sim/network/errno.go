package network

// Errno is an error as WASI numbers them (Go: syscall/tables_wasip1.go). 0 is success.
type Errno uint16

// The errors that this package returns.
const (
	OK            Errno = 0
	EADDRINUSE    Errno = 3
	EADDRNOTAVAIL Errno = 4
	EAGAIN        Errno = 6
	EBADF         Errno = 8
	ECONNREFUSED  Errno = 14
	ECONNRESET    Errno = 15
	EDESTADDRREQ  Errno = 17
	EHOSTUNREACH  Errno = 23
	EINVAL        Errno = 28
	EISCONN       Errno = 30
	EMSGSIZE      Errno = 35
	ENOBUFS       Errno = 42
	ENOTCONN      Errno = 53
	EPIPE         Errno = 64
	ETIMEDOUT     Errno = 73
)
