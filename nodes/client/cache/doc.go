// Package cache keeps what a client believes of services in files, so that a client which starts while no node answers still finds
// what was there last: the failover cache of Nacos's clients (client/naming/backups, DiskCache).
//
// Its place in the house: the clients in beating and connected write every list that they come to believe, and read when there is
// nothing better. It must not know where lists come from, nor decide which is newer.
package cache
