// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package runtime

import (
	"structs"
	"unsafe"
)

// GOARCH=wasm currently has 64 bits pointers, but the WebAssembly host expects
// pointers to be 32 bits so we use this type alias to represent pointers in
// structs and arrays passed as arguments to WASI functions.
//
// Note that the use of an integer type prevents the compiler from tracking
// pointers passed to WASI functions, so we must use KeepAlive to explicitly
// retain the objects that could otherwise be reclaimed by the GC.
type uintptr32 = uint32

// https://github.com/WebAssembly/WASI/blob/a2b96e81c0586125cc4dc79a5be0b78d9a059925/legacy/preview1/docs.md#-size-u32
type size = uint32

// https://github.com/WebAssembly/WASI/blob/a2b96e81c0586125cc4dc79a5be0b78d9a059925/legacy/preview1/docs.md#-errno-variant
type errno = uint32

// https://github.com/WebAssembly/WASI/blob/a2b96e81c0586125cc4dc79a5be0b78d9a059925/legacy/preview1/docs.md#-iovec-record
type iovec struct {
	buf    uintptr32
	bufLen size
}

//go:wasmimport wasi_snapshot_preview1 proc_exit
func exit(code int32)

//go:wasmimport wasi_snapshot_preview1 args_get
//go:noescape
func args_get(argv *uintptr32, argvBuf *byte) errno

//go:wasmimport wasi_snapshot_preview1 args_sizes_get
//go:noescape
func args_sizes_get(argc, argvBufLen *size) errno

//go:wasmimport wasi_snapshot_preview1 environ_get
//go:noescape
func environ_get(environ *uintptr32, environBuf *byte) errno

//go:wasmimport wasi_snapshot_preview1 environ_sizes_get
//go:noescape
func environ_sizes_get(environCount, environBufLen *size) errno

//go:wasmimport wasi_snapshot_preview1 fd_write
//go:noescape
func fd_write(fd int32, iovs unsafe.Pointer, iovsLen size, nwritten *size) errno

//go:wasmimport wasi_snapshot_preview1 random_get
//go:noescape
func random_get(buf *byte, bufLen size) errno

func write1(fd uintptr, p unsafe.Pointer, n int32) int32 {
	iov := iovec{
		buf:    uintptr32(uintptr(p)),
		bufLen: size(n),
	}
	var nwritten size
	if fd_write(int32(fd), unsafe.Pointer(&iov), 1, &nwritten) != 0 {
		throw("fd_write failed")
	}
	return int32(nwritten)
}

// usleep lets time pass for this machine. The runtime calls it in loops that wait for another thread, of which there is none.
func usleep(usec uint32) {
	machineTick(int64(usec) * 1e3)
}

func readRandom(r []byte) int {
	if random_get(&r[0], size(len(r))) != 0 {
		return 0
	}
	return len(r)
}

func goenvs() {
	// arguments
	var argc size
	var argvBufLen size
	if args_sizes_get(&argc, &argvBufLen) != 0 {
		throw("args_sizes_get failed")
	}

	argslice = make([]string, argc)
	if argc > 0 {
		argv := make([]uintptr32, argc)
		argvBuf := make([]byte, argvBufLen)
		if args_get(&argv[0], &argvBuf[0]) != 0 {
			throw("args_get failed")
		}

		for i := range argslice {
			start := argv[i] - uintptr32(uintptr(unsafe.Pointer(&argvBuf[0])))
			end := start
			for argvBuf[end] != 0 {
				end++
			}
			argslice[i] = string(argvBuf[start:end])
		}
	}

	// environment
	var environCount size
	var environBufLen size
	if environ_sizes_get(&environCount, &environBufLen) != 0 {
		throw("environ_sizes_get failed")
	}

	envs = make([]string, environCount)
	if environCount > 0 {
		environ := make([]uintptr32, environCount)
		environBuf := make([]byte, environBufLen)
		if environ_get(&environ[0], &environBuf[0]) != 0 {
			throw("environ_get failed")
		}

		for i := range envs {
			start := environ[i] - uintptr32(uintptr(unsafe.Pointer(&environBuf[0])))
			end := start
			for environBuf[end] != 0 {
				end++
			}
			envs[i] = string(environBuf[start:end])
		}
	}
}

// machineWords is where the simulator and the program meet.
type machineWords struct {
	_     structs.HostLayout
	mono  int64 // the machine's monotonic clock, in nanoseconds; written by the simulator before it lets the program run
	wall  int64 // its wall clock, in nanoseconds since 1970; likewise
	sp    int64 // SP of the paused program; 0 before the first pause
	g     int64 // g of the paused program
	until int64 // when the paused program wants to go on, by mono; 0: when a file descriptor is ready
	ready int64 // number of file descriptors that machine_poll would return; written by the simulator
	reads int64 // how often the clock may still be read before it moves by itself; written by the simulator

	signals int64 // those that the program has not been told of yet, a bit each; written by the simulator
	reseed  int64 // not 0: what the program draws from now on is to be different; written by the simulator
	frozen  int64 // not 0: the wall clock stands still; written by the simulator
}

var machine machineWords

// machine_words tells the simulator where the words are. It fills in the clocks at once.
//
//go:wasmimport sim words
//go:noescape
func machine_words(words *machineWords)

// machineTick moves the clocks: a program that runs without end takes time.
func machineTick(ns int64) {
	machine.mono += ns
	if machine.frozen == 0 {
		machine.wall += ns
	}
}

// machineSleep has the calling goroutine wait while others run: for a disk, for example.
//
//go:linkname machineSleep internal/poll.machineSleep
func machineSleep(ns int64) {
	timeSleep(ns)
}

// machineClock keeps the clocks honest. Reading a clock takes no time, so a program that waits for time to pass by reading it over
// and over would wait for ever; after the number of reads that the simulator allows, each further one takes a microsecond.
func machineClock() {
	if machine.reads > 0 {
		machine.reads--
		return
	}
	if machine.mono == 0 {
		machine_words(&machine)
		return
	}
	machineTick(1e3)
}

// machineReseed makes the runtime's random numbers, which math/rand's are, depend on what the simulator draws now. The keys of
// hashes stay as they are, since there are maps already.
func machineReseed() {
	var seed [32]byte
	if readRandom(seed[:]) != len(seed) {
		throw("random_get failed")
	}
	globalRand.state.Init(seed)
	mrandinit(getg().m)
}

func walltime() (sec int64, nsec int32) {
	machineClock()
	t := uint64(machine.wall)
	return int64(t / 1e9), int32(t % 1e9)
}

func nanotime1() int64 {
	machineClock()
	return machine.mono
}
