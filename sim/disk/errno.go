package disk

// Errno is an error as WASI numbers them (Go: syscall/tables_wasip1.go). 0 is success.
type Errno uint16

// The errors that this package returns.
const (
	OK           Errno = 0
	EBADF        Errno = 8
	EBUSY        Errno = 10
	EEXIST       Errno = 20
	EFBIG        Errno = 22
	EINVAL       Errno = 28
	EIO          Errno = 29
	EISDIR       Errno = 31
	ELOOP        Errno = 32
	ENAMETOOLONG Errno = 37
	ENOENT       Errno = 44
	ENOSPC       Errno = 51
	ENOTDIR      Errno = 54
	ENOTEMPTY    Errno = 55
	EPERM        Errno = 63
)
