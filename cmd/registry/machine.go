package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"muster/nodes/auth"
	"muster/nodes/registry"
)

// machine is the node's replicated state as package consensus wants it: the registry's, and the accounts beside it.
type machine struct {
	state    *registry.Registry
	accounts *auth.Directory
}

// accountsMark is what the accounts' commands, and their part of a snapshot, begin with. The registry's, which are older, begin
// otherwise, and have no mark.
var accountsMark = []byte("accounts ")

// Apply gives a command to the part of the state that it is for.
func (m machine) Apply(command []byte) any {
	if text, theirs := bytes.CutPrefix(command, accountsMark); theirs {
		return m.accounts.ApplyCommand(text)
	}
	return m.state.ApplyCommand(command)
}

// Snapshot writes the accounts, if there are any, with their length in front, and the registry's state behind them.
func (m machine) Snapshot() ([]byte, error) {
	state, err := m.state.SnapshotPersistent()
	if err != nil {
		return nil, err
	}
	accounts, err := m.accounts.Snapshot()
	if err != nil || len(accounts) == 0 {
		return state, err
	}
	all := append([]byte{}, accountsMark...)
	all = binary.AppendUvarint(all, uint64(len(accounts)))
	return append(append(all, accounts...), state...), nil
}

// Restore is the inverse of Snapshot.
func (m machine) Restore(snapshot io.Reader) error {
	all, err := io.ReadAll(snapshot)
	if err != nil {
		return fmt.Errorf("read a snapshot: %w", err)
	}
	var accounts []byte
	if rest, marked := bytes.CutPrefix(all, accountsMark); marked {
		length, read := binary.Uvarint(rest)
		if read <= 0 || length > uint64(len(rest)-read) {
			return errors.New("snapshot of the accounts: it ends too early")
		}
		accounts, all = rest[read:read+int(length)], rest[read+int(length):]
	}
	if err := m.accounts.Restore(bytes.NewReader(accounts)); err != nil {
		return err
	}
	return m.state.RestorePersistent(bytes.NewReader(all))
}
