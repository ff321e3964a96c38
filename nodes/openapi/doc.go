// Package openapi is the registry's HTTP interface: versions 1, 2 and 3 of Nacos's API under /nacos/v1, /nacos/v2 and /nacos/v3, and what
// its console and actuator tell, as a Nacos 2.5.1 cluster answers it, down to wording, status codes and content types. Where that
// cluster loses or corrupts data, the node does not follow; these differences are listed with their reasons in
// nodes/golden/recordings/differences-http.md.
//
// A request under /nacos/v1/ns passes, in this order: the service name filter, the routing filter (which forwards what another
// node is responsible for), the parameter check, the handler. All of them and the error pages are Nacos's own layers, which is
// why they fail in different forms (see failure).
//
// Version 2 has the parameter check alone before its handlers, and Spring reads its parameters (see binding.go). Most of its
// answers come in an envelope with a code. Both versions share whatever is behind the reading of parameters; files named v2_ hold
// what only version 2 has. Where Nacos's version 2 keeps a write at whichever node was asked, it goes to its owner here.
//
// Version 3 (files v3_) is version 2's manners under other paths, for clients and for operators; where the two ask the same, one handler
// answers both. It follows the documentation and source of Nacos 3.0, of which there are no recordings; so do its accounts.
//
// In the profile nacos1 a node answers as Nacos 1.4.8 does: there is no version 2, no parameter check, requests are routed by the name of
// their service, and most mistakes are a 500 that begins with "caused: ". Files named one_ hold what only that profile has; requests
// and failures, routing, switches, namespaces and subscribers are shared.
//
// Beyond Nacos, GET /instance/list and GET /instance take the parameter read=linearizable: the answer then holds everything that
// the Raft group had acknowledged when the request came, or is a 503.
//
// It must not know how state is kept (registry), replicated (distro, consensus) or expired (liveness): it is given functions for
// that.
package openapi
