package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"
	"unsafe"
)

// deepCalls lets a goroutine have 1 MB of stack, and needs more.
func deepCalls([]string) error {
	debug.SetMaxStack(1 << 20)
	return deep(0)
}

// deep calls itself until there is no more stack.
func deep(n int) error {
	var room [1000]byte
	room[n%1000] = 1
	if err := deep(n + 1); err != nil {
		return err
	}
	return errors.New(string(room[:1]))
}

//go:wasmimport wasi_snapshot_preview1 random_get
func randomGet(at unsafe.Pointer, size uint32) uint32

// wild gives a system call a pointer that leads nowhere.
func wild([]string) error {
	randomGet(unsafe.Pointer(uintptr(1<<32-16)), 100)
	return nil
}

// manyFiles opens files until it may not, and reads from standard input.
func manyFiles([]string) error {
	n, err := io.Copy(io.Discard, os.Stdin)
	fmt.Println("stdin:", n, err)
	var all []*os.File
	for {
		f, err := os.Create("/file")
		if err != nil {
			fmt.Println(len(all) > 1000, errors.Is(err, syscall.EMFILE), err)
			break
		}
		all = append(all, f)
	}
	all[7].Close()
	f, err := os.Open("/file")
	fmt.Println(f != nil, err)
	return nil
}
