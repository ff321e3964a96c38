// Package loader moves SDKs' connections between nodes: it asks clients to connect elsewhere, one, all above a number, or as many as
// level the cluster (Nacos: core/service/NacosServerLoaderService and the handlers of ServerLoaderInfoRequest and ServerReloadRequest).
//
// Its place in the house: openapi asks it for operators, members ask it over gRPC. It must not know what clients registered, and
// decides nothing by itself.
package loader
