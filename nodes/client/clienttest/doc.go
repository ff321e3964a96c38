// Package clienttest is a network in memory for tests of registry clients and of what is built on them: servers without sockets,
// so that a test can run in virtual time (testing/synctest), where a time-out costs nothing.
//
// Its place in the house: tests of client and of the workload use it, and no program does. It knows HTTP; it must not know what a registry
// is, nor what its clients want of it.
package clienttest
