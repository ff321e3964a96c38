// Package push tells subscribers what has become of the services that they subscribed: over their gRPC connections (Nacos:
// naming/push/v2). When a view is due and who is to see it is for the registry to say (OnView); here it is put into words, sent, and
// sent again until it is acknowledged.
//
// Its place in the house: between registry, which it listens to, and rpc, whose connections it uses. It must not know how
// subscriptions arrive (sdk).
package push
