// Package auth decides who may do what: users and their passwords, tokens, roles and what these permit, and how members of the cluster
// know each other (Nacos: nacos.core.auth.*, plugin/auth).
//
// Users, roles and permissions are the cluster's: a Directory is a state machine beside the registry's in Raft's log and snapshots, and an
// Editor brings changes of it there. A Guard asks the directory, and has from a file that all members have alike (Accounts) what must not
// be the cluster's: the key that signs tokens, and the header by which members know each other. Tokens are JSON Web Tokens that every
// member can read, because they share the key. A nil Guard permits everything: authentication is off.
//
// # The file and the cluster
//
// The file's users and roles are those that an empty cluster begins with. They are proposed once, when a node with such a file first hears
// a leader, and taken on only if nobody has made a user before. From then on what the cluster keeps wins, whatever the file says: passwords
// that were changed stay changed, users that were deleted stay deleted. A node that started and has not heard of the cluster's accounts yet
// refuses everybody (ErrNotReady).
//
// # Rights
//
// A permission names a resource and the actions r, w or both. A service is "namespace:group:naming/service"; * stands for any text, a
// blank namespace for the public one, and %3A for a colon within a name. What is about all services of a group or of a namespace, as
// lists of services are, needs a right to "namespace:group:naming/*" or "namespace:*:naming/*". An operator's command is the path that
// it is given at. Accounts are administrators' alone; other users may change their own passwords.
//
// Its place in the house: openapi and sdk ask it before they answer clients, rpc before it answers members. It must not know how
// requests arrive, nor how the cluster agrees.
package auth
