// Package jackson reads and writes JSON as Nacos's library of that name does, where encoding/json differs: floating-point numbers
// always show a point, numbers and booleans may come as texts. What cannot be read it explains in
// Jackson's words (those of version 2.13.5, which Nacos 2.5.1 has).
//
// Its place in the house: the packages that speak with SDKs use it. It must know nothing of registries.
package jackson
