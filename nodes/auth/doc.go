// Package auth decides who may do what: users and their passwords, tokens, roles and what these permit, and how members of the cluster
// know each other (Nacos: nacos.core.auth.*, plugin/auth).
//
// Accounts stand in a file that all members have alike (see Accounts); tokens are JSON Web Tokens that every member can read, because
// they share a key. A nil Guard permits everything: authentication is off.
//
// Its place in the house: openapi and sdk ask it before they answer clients, rpc before it answers members. It must not know how
// requests arrive.
package auth
