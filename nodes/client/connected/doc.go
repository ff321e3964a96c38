// Package connected is a client of the 2.x line: it lives by its gRPC connection. What it registers is there as long as the connection
// is, and what it subscribes is pushed to it over that connection.
//
// It looks after itself, as Nacos's Java client does (common/remote/client/RpcClient, client/naming/remote/gprc): it connects to one
// node after another until one takes it; it gives a sign of life after five seconds of quiet, and leaves a node that does not answer it;
// it goes where a node sends it; and every three seconds it does again, on the connection that it then has, what was lost with the last
// one. What was deregistered stays so: nothing that the client no longer wants is done again.
//
// One thing it does otherwise than that client, for the sake of whoever judges what came of its requests: it repeats a request only if the
// one before was certainly never sent, so that nothing takes effect after it was told to have failed.
//
// Its place in the house: the workload plays 2.x clients with it. It knows the wire from package rpc, and the terms in which calls
// end from package client; it must not know how a node works.
package connected
