// Copyright 2023 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

//go:build wasip1

package net

// Changed for simulated machines: a machine has a loopback interface and one card.

// sim_address returns the machine's IPv4 address, its first byte highest.
//
//go:wasmimport sim address
func sim_address() uint32

func interfaceTable(ifindex int) ([]Interface, error) {
	address := simIP(sim_address())
	all := []Interface{
		{Index: 1, MTU: 65536, Name: "lo", Flags: FlagUp | FlagLoopback | FlagRunning},
		{Index: 2, MTU: 1500, Name: "eth0", HardwareAddr: append(HardwareAddr{2, 0}, address...), Flags: FlagUp | FlagBroadcast | FlagRunning},
	}
	if 0 < ifindex && ifindex <= len(all) {
		return all[ifindex-1 : ifindex], nil
	}
	if ifindex != 0 {
		return nil, nil
	}
	return all, nil
}

func interfaceAddrTable(ifi *Interface) ([]Addr, error) {
	all := []Addr{
		&IPNet{IP: IPv4(127, 0, 0, 1), Mask: CIDRMask(8, 32)},
		&IPNet{IP: simIP(sim_address()).To16(), Mask: CIDRMask(16, 32)},
	}
	if ifi == nil {
		return all, nil
	}
	if 0 < ifi.Index && ifi.Index <= len(all) {
		return all[ifi.Index-1 : ifi.Index], nil
	}
	return nil, nil
}

func interfaceMulticastAddrTable(ifi *Interface) ([]Addr, error) {
	return nil, nil
}
