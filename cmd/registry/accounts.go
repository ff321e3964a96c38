package main

import (
	"context"
	"fmt"
	"log/slog"

	"muster/nodes/auth"
)

// authenticate has the node's doors guarded by those who know these accounts' key and identity, if there are any. What is returned runs until
// the cluster has its first accounts: it closes n.seeded.
func (n *node) authenticate(accounts *auth.Accounts, log *slog.Logger) (guard *auth.Guard, seed func(context.Context), err error) {
	n.accounts = &auth.Editor{
		Directory: auth.NewDirectory(), Propose: n.proposeAccounts,
		Barrier: func(ctx context.Context) error { return n.consensus.ReadBarrier(ctx) },
	}
	n.seeded = make(chan struct{})
	if accounts == nil {
		close(n.seeded)
		return nil, func(context.Context) {}, nil
	}
	if guard, err = auth.New(*accounts, n.accounts.Directory); err != nil {
		return nil, nil, fmt.Errorf("--accounts: %w", err)
	}
	key, value := guard.Identity()
	n.peers.SetHeader(key, value)
	if n.raftPeers != n.peers {
		n.raftPeers.SetHeader(key, value)
	}
	n.rpc.Require(guard.FromMember)
	return guard, func(ctx context.Context) {
		if err := n.accounts.Seed(ctx, *accounts); err != nil {
			log.Warn("the accounts are not known", "error", err.Error())
			return
		}
		close(n.seeded)
	}, nil
}

// agreed returns without an error once the node holds what the cluster agreed on before the call, and whose accounts it begins with.
func (n *node) agreed(ctx context.Context) error {
	if err := n.consensus.ReadBarrier(ctx); err != nil {
		return err
	}
	select {
	case <-n.seeded:
		return nil
	default:
		return auth.ErrNotReady
	}
}

// proposeAccounts brings a change of the accounts to the Raft group. A rejection is an error like any other.
func (n *node) proposeAccounts(ctx context.Context, command auth.Command) error {
	text, err := command.Encode()
	if err != nil {
		return err
	}
	answer, err := n.consensus.Apply(ctx, append(accountsMark[:len(accountsMark):len(accountsMark)], text...))
	if rejection, rejected := answer.(error); err == nil && rejected {
		return auth.Rejection(rejection.Error()) // at a follower it is a text only
	}
	return err
}

// identityOf is what members show each other at the port of Raft; "" where authentication is off.
func identityOf(guard *auth.Guard) string {
	key, value := guard.Identity()
	if value == "" {
		return ""
	}
	return key + "=" + value
}
