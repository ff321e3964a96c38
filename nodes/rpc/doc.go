// Package rpc is how nodes talk to each other, and SDKs to nodes: Nacos 2.x's gRPC wire. One unary method, /Request/request, carries
// every kind of request as a Payload: the type's simple name beside a JSON body.
//
// An SDK is a Server that SDKs connect to. Each opens one stream, /BiRequestStream/requestBiStream, over which it sets its connection
// up; from then on its requests are answered, and the server may ask it in turn. Who gives no sign of life is asked for one, and cut
// off without it.
//
// A Server answers on a port: it has handlers by type name. A Pool calls peers: it keeps one connection to each, gives up within
// the caller's time, and says whether a failed request may have reached the peer.
//
// What a server keeps of messages that have not come in whole is bounded over all its connections: each reads along what comes in (inflow),
// and when there is too much, the one with most of it is closed (unfinished).
//
// Its place in the house: membership, distro and consensus define what they ask of peers, and sdk and push what they exchange with
// SDKs; all register their handlers here. It must know nothing of what requests mean.
package rpc

//go:generate protoc --go_out=. --go_opt=paths=source_relative payload.proto
