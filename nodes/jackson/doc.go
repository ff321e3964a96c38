// Package jackson reads and writes JSON as Nacos's library of that name does, where encoding/json differs: floating-point numbers
// always show a point, numbers and booleans may come as texts.
//
// Its place in the house: the packages that speak with SDKs use it. It must know nothing of registries.
package jackson
