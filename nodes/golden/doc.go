// Package golden replays recorded exchanges against a cluster and says how its answers differ: HTTP requests, gRPC payloads, and what
// comes unasked over gRPC streams and in UDP datagrams.
//
// A recording is a list of cases, a case a list of steps that run in order. The folder recordings holds those of real Nacos clusters of
// three nodes, one of 2.5.1 and, in files named nacos1, one of 1.4.8, with two lists of where the node of this house differs on purpose.
// Those named auth are of a 2.5.0 cluster with authentication and the users of the file accounts beside them. A cluster need not stand
// where the recorded one stood: addresses are put in as a case is played.
//
// # Strict and compatible
//
// A case matches strictly if everything is as recorded: statuses, content types, texts and each JSON field but those that change from run
// to run, which pushes come, how soon, and that no others do.
//
// It is compatible if all is alike that a client acts on:
//
//   - Whether a request succeeded (200), was forbidden (403) or failed (any other). The SDKs for Java, Go and Python take any status but
//     200 for a failure, ask the next server, and hand the last failure to their caller; which one it was decides nothing. After a 403
//     they log in again.
//   - Of a refusal the field code where there is one, and never the text, which is for people. A gRPC call that failed has failed,
//     whatever its status is called.
//   - The text of an answer with status 200: the SDK for Python takes a registration for done if it reads "ok".
//   - Of JSON that SDKs ask for (/instance…, /service…, /operator/metrics, gRPC, pushes) the fields that they read. The envelope: code,
//     data; resultCode, errorCode (301 has a Java client connect anew), requestId (answers are matched by it). A list of instances: name,
//     groupName, clusters (together the key of every SDK's cache), hosts, cacheMillis (how often 1.x clients ask), lastRefTime (an older
//     list is dropped), allIPs (an empty list is believed), reachProtectionThreshold. An instance: instanceId, ip, port, weight, healthy,
//     enabled, ephemeral, clusterName, serviceName or service, metadata (by these Java clients tell a changed instance from the same one, and
//     choose). A beat: code (20404 has a client register anew), clientBeatInterval, lightBeatEnabled. Services: count, doms, services,
//     protectThreshold, selector with type and expression. Health: status. Connections: connectionId; serverIp and serverPort of a
//     request to move; namespace, serviceInfo, serviceNames. What is said of abilities does not count: servers before 2.3 have none, and
//     clients go on without.
//   - Of other JSON (operators' and consoles' paths) each recorded field: tools may read any.
//
// It is not a difference to a client if there are more fields, for all SDKs skip what they do not know (but not within metadata, which are
// the user's); if a field is absent that was null, a whole number is written with a point, or a list has another order; nor is the content
// type, gzip, a push that comes sooner or once more, or the name of the status with which a stream ended.
//
// # Its place in the house
//
// Tests and the conformance suite use it, natively and as a guest. It must not know how nodes work inside, nor where they run.
package golden
