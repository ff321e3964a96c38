// Package model says what a service registry is and what clients saw of one: the types of services and instances, the
// operations that clients invoke, the history that a run leaves, and (see PersistentService) what a correct registry may answer.
//
// It is pure: it knows neither the simulator nor the node, opens no sockets and reads no clocks. Everything else in the house
// speaks its words. It must not import any other package of this module.
package model
