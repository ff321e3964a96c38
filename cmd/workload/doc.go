// Command workload plays the clients of a service registry: they register, beat, update, deregister, query and subscribe, over HTTP
// as clients of the 1.x line or over gRPC as those of the 2.x line, and every operation is printed twice, when it is invoked and when
// it has ended.
//
//	workload --nodes n1=http://10.0.0.1:8848,n2=http://10.0.0.2:8848 --load '{"persistent_clients":3,…}' --seed 7
//
// Standard output is the history: one model.Record a line, each in one write. Its time is zero; whoever reads the lines as they
// come stamps them with true time, since this machine's clock may lie. Diagnostics go to standard error, one JSON object a line.
// What the clients do is drawn from the seed alone: given the same answers they ask the same questions.
//
// Where the environment has MUSTER_USERNAME and MUSTER_PASSWORD, each client logs in by them, and again before its token expires.
//
// With --clean NAMESPACE it plays nothing but takes off what runs have left in that namespace.
//
// The program runs natively and, built for wasip1, on a simulated machine, and does not know which. It ends in good order when
// it is told to (SIGINT, SIGTERM, --for): operations under way are completed first, as unknown or failed.
//
// Its place in the house: a stage starts it beside the nodes, and checkers read what it prints. It must not know faults, nor judge any
// answer: it tells what it saw.
package main
