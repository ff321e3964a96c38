//go:build !unix

package main

import "os"

// notifyHangup does nothing where there is no SIGHUP; the file is read again all the same, a little later.
func notifyHangup(chan<- os.Signal) {}
