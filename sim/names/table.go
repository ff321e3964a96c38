package names

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// mostAddresses is how many addresses a name may have: as many as fit into one answer that needs no TCP.
const mostAddresses = 32

// Table says which names stand for which addresses. The zero value is empty. It is copied by Clone.
type Table struct {
	entries []entry // in the order of names
}

// entry is a name with its addresses, which are immutable.
type entry struct {
	name      string // in lower case, without the dot at the end
	addresses []netip.Addr
}

// Clone returns a table of its own with the same names.
func (t *Table) Clone() Table { return Table{slices.Clone(t.entries)} }

func (t *Table) find(name string) (int, bool) {
	return slices.BinarySearchFunc(t.entries, name, func(e entry, name string) int { return cmp.Compare(e.name, name) })
}

// Set lets a name stand for addresses, and no longer for others; without addresses the name is removed. Case does not matter. It refuses
// what cannot be a host name, addresses that are not IPv4, and more than 32 of them.
func (t *Table) Set(name string, addresses ...netip.Addr) error {
	name, err := canonical(name)
	if err != nil {
		return err
	}
	if len(addresses) > mostAddresses {
		return fmt.Errorf("name %s with %d addresses: want %d at most", name, len(addresses), mostAddresses)
	}
	for _, a := range addresses {
		if !a.Is4() || a.IsUnspecified() {
			return fmt.Errorf("name %s with the address %s: want an IPv4 address of a machine, for example 10.0.0.1", name, a)
		}
	}
	i, found := t.find(name)
	switch {
	case len(addresses) == 0 && found:
		t.entries = slices.Delete(t.entries, i, i+1)
	case len(addresses) == 0:
	case found:
		t.entries[i].addresses = slices.Clone(addresses)
	default:
		t.entries = slices.Insert(t.entries, i, entry{name, slices.Clone(addresses)})
	}
	return nil
}

// Addresses returns what a name stands for; nothing if it is unknown.
func (t *Table) Addresses(name string) []netip.Addr {
	name, err := canonical(name)
	if err != nil {
		return nil
	}
	i, found := t.find(name)
	if !found {
		return nil
	}
	return slices.Clone(t.entries[i].addresses)
}

// Names returns the names that stand for an address, among others perhaps, in alphabetical order.
func (t *Table) Names(address netip.Addr) (names []string) {
	for _, e := range t.entries {
		if slices.Contains(e.addresses, address) {
			names = append(names, e.name)
		}
	}
	return names
}

// canonical writes a name in one way only, and refuses what is none (RFC 1123, section 2.1, and underscores, which service names have).
func canonical(name string) (string, error) {
	lower := strings.ToLower(strings.TrimSuffix(name, "."))
	if len(lower) == 0 || len(lower) > 253 {
		return "", fmt.Errorf("name %q: want a host name of 1 to 253 characters", name)
	}
	for label := range strings.SplitSeq(lower, ".") {
		if len(label) == 0 || len(label) > 63 {
			return "", fmt.Errorf("name %q: want labels of 1 to 63 characters between dots", name)
		}
		for _, c := range label {
			if !(c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z') {
				return "", fmt.Errorf("name %q: want labels of letters, digits, hyphens and underscores", name)
			}
		}
	}
	return lower, nil
}
