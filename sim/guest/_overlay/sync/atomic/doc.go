// Copyright 2011 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package atomic provides low-level atomic memory primitives
// useful for implementing synchronization algorithms.
//
// Changed for simulated machines: those of numbers are written in Go, so that they are inlined, where each was a jump to a call in
// package internal/runtime/atomic. There is one thread and no preemption, so nobody can come in between. Those of pointers stay
// with the runtime, which knows about write barriers.
package atomic

import (
	"unsafe"
)

// SwapInt32 stores new and returns what was there.
func SwapInt32(addr *int32, new int32) (old int32) {
	old = *addr
	*addr = new
	return old
}

// CompareAndSwapInt32 stores new if old is there.
func CompareAndSwapInt32(addr *int32, old, new int32) (swapped bool) {
	if *addr != old {
		return false
	}
	*addr = new
	return true
}

// AddInt32 adds delta and returns the sum.
func AddInt32(addr *int32, delta int32) (new int32) {
	*addr += delta
	return *addr
}

// AndInt32 keeps the bits of mask and returns what was there.
func AndInt32(addr *int32, mask int32) (old int32) {
	old = *addr
	*addr = old & mask
	return old
}

// OrInt32 adds the bits of mask and returns what was there.
func OrInt32(addr *int32, mask int32) (old int32) {
	old = *addr
	*addr = old | mask
	return old
}

// LoadInt32 returns what is there.
func LoadInt32(addr *int32) (val int32) { return *addr }

// StoreInt32 stores val.
func StoreInt32(addr *int32, val int32) { *addr = val }

// SwapUint32 stores new and returns what was there.
func SwapUint32(addr *uint32, new uint32) (old uint32) {
	old = *addr
	*addr = new
	return old
}

// CompareAndSwapUint32 stores new if old is there.
func CompareAndSwapUint32(addr *uint32, old, new uint32) (swapped bool) {
	if *addr != old {
		return false
	}
	*addr = new
	return true
}

// AddUint32 adds delta and returns the sum.
func AddUint32(addr *uint32, delta uint32) (new uint32) {
	*addr += delta
	return *addr
}

// AndUint32 keeps the bits of mask and returns what was there.
func AndUint32(addr *uint32, mask uint32) (old uint32) {
	old = *addr
	*addr = old & mask
	return old
}

// OrUint32 adds the bits of mask and returns what was there.
func OrUint32(addr *uint32, mask uint32) (old uint32) {
	old = *addr
	*addr = old | mask
	return old
}

// LoadUint32 returns what is there.
func LoadUint32(addr *uint32) (val uint32) { return *addr }

// StoreUint32 stores val.
func StoreUint32(addr *uint32, val uint32) { *addr = val }

// SwapInt64 stores new and returns what was there.
func SwapInt64(addr *int64, new int64) (old int64) {
	old = *addr
	*addr = new
	return old
}

// CompareAndSwapInt64 stores new if old is there.
func CompareAndSwapInt64(addr *int64, old, new int64) (swapped bool) {
	if *addr != old {
		return false
	}
	*addr = new
	return true
}

// AddInt64 adds delta and returns the sum.
func AddInt64(addr *int64, delta int64) (new int64) {
	*addr += delta
	return *addr
}

// AndInt64 keeps the bits of mask and returns what was there.
func AndInt64(addr *int64, mask int64) (old int64) {
	old = *addr
	*addr = old & mask
	return old
}

// OrInt64 adds the bits of mask and returns what was there.
func OrInt64(addr *int64, mask int64) (old int64) {
	old = *addr
	*addr = old | mask
	return old
}

// LoadInt64 returns what is there.
func LoadInt64(addr *int64) (val int64) { return *addr }

// StoreInt64 stores val.
func StoreInt64(addr *int64, val int64) { *addr = val }

// SwapUint64 stores new and returns what was there.
func SwapUint64(addr *uint64, new uint64) (old uint64) {
	old = *addr
	*addr = new
	return old
}

// CompareAndSwapUint64 stores new if old is there.
func CompareAndSwapUint64(addr *uint64, old, new uint64) (swapped bool) {
	if *addr != old {
		return false
	}
	*addr = new
	return true
}

// AddUint64 adds delta and returns the sum.
func AddUint64(addr *uint64, delta uint64) (new uint64) {
	*addr += delta
	return *addr
}

// AndUint64 keeps the bits of mask and returns what was there.
func AndUint64(addr *uint64, mask uint64) (old uint64) {
	old = *addr
	*addr = old & mask
	return old
}

// OrUint64 adds the bits of mask and returns what was there.
func OrUint64(addr *uint64, mask uint64) (old uint64) {
	old = *addr
	*addr = old | mask
	return old
}

// LoadUint64 returns what is there.
func LoadUint64(addr *uint64) (val uint64) { return *addr }

// StoreUint64 stores val.
func StoreUint64(addr *uint64, val uint64) { *addr = val }

// SwapUintptr stores new and returns what was there.
//
//go:linkname SwapUintptr
//go:nosplit
func SwapUintptr(addr *uintptr, new uintptr) (old uintptr) {
	old = *addr
	*addr = new
	return old
}

// CompareAndSwapUintptr stores new if old is there.
//
//go:linkname CompareAndSwapUintptr
//go:nosplit
func CompareAndSwapUintptr(addr *uintptr, old, new uintptr) (swapped bool) {
	if *addr != old {
		return false
	}
	*addr = new
	return true
}

// AddUintptr adds delta and returns the sum.
func AddUintptr(addr *uintptr, delta uintptr) (new uintptr) {
	*addr += delta
	return *addr
}

// AndUintptr keeps the bits of mask and returns what was there.
func AndUintptr(addr *uintptr, mask uintptr) (old uintptr) {
	old = *addr
	*addr = old & mask
	return old
}

// OrUintptr adds the bits of mask and returns what was there.
func OrUintptr(addr *uintptr, mask uintptr) (old uintptr) {
	old = *addr
	*addr = old | mask
	return old
}

// LoadUintptr returns what is there.
func LoadUintptr(addr *uintptr) (val uintptr) { return *addr }

// StoreUintptr stores val.
//
//go:linkname StoreUintptr
//go:nosplit
func StoreUintptr(addr *uintptr, val uintptr) { *addr = val }

// LoadPointer returns what is there.
func LoadPointer(addr *unsafe.Pointer) (val unsafe.Pointer) { return *addr }

// SwapPointer is the runtime's.
//
//go:linkname SwapPointer
func SwapPointer(addr *unsafe.Pointer, new unsafe.Pointer) (old unsafe.Pointer)

// CompareAndSwapPointer is the runtime's.
//
//go:linkname CompareAndSwapPointer
func CompareAndSwapPointer(addr *unsafe.Pointer, old, new unsafe.Pointer) (swapped bool)

// StorePointer is the runtime's.
//
//go:linkname StorePointer
func StorePointer(addr *unsafe.Pointer, val unsafe.Pointer)
