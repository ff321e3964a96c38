// Package push tells subscribers what has become of the services that they subscribed (Nacos: naming/push/v2): over their gRPC
// connections (Pusher), or in UDP datagrams, as 1.x clients want it (Datagrams). When a view is due and who is to see it is for the
// registry to say (OnView); here it is put into words, sent, and sent again until it is acknowledged: over a connection for ever, in a
// datagram once, since such a client asks for the list now and then anyway.
//
// Its place in the house: between registry, which it listens to, and rpc, whose connections it uses. It must not know how
// subscriptions arrive (sdk, openapi).
package push
