package sim

import (
	"fmt"
	"net/netip"
	"strings"

	"muster/sim/network"
	"muster/sim/trace"
)

// SetName lets a name stand for addresses, in the place of those that it stood for, on all machines and from their next question on;
// without addresses the name becomes unknown. A machine's own name stands for its address from its Boot on, and can be changed too. What
// a machine has in its /etc/hosts (itself and localhost, to begin with) its programs find there and do not ask for.
func (w *World) SetName(name string, addresses ...netip.Addr) error {
	if err := w.network.SetName(name, addresses...); err != nil {
		return fmt.Errorf("setting a name: %w", err)
	}
	text := []string{name, "="}
	for _, a := range addresses {
		text = append(text, a.String())
	}
	w.record(trace.Record{Kind: trace.Name, Text: strings.Join(text, " ")})
	return nil
}

// takeName lets the machine's name stand for its address: everywhere, and in its own /etc/hosts.
func (m *Machine) takeName() error {
	if err := m.world.network.SetName(m.name, m.address); err != nil {
		return err
	}
	return m.writeFile("/etc/hosts", "127.0.0.1 localhost\n"+m.address.String()+" "+m.name+"\n")
}

// LookUp returns the addresses that a name stands for; none if it is unknown.
func (w *World) LookUp(name string) []netip.Addr { return w.network.NameAddresses(name) }

// SetResolver changes what the machine's resolver does with questions: network.ResolverSilent and ResolverFails are faults, and
// ResolverAnswers undoes them. Programs wait for a silent one as long as Go's resolver does: twice 5 s.
func (m *Machine) SetResolver(mode network.ResolverMode) {
	m.world.record(trace.Record{Kind: trace.Resolver, Machine: m.name, Text: mode.String()})
	m.world.network.SetResolver(m.host, mode)
}

// Resolver is what the machine's resolver does with questions.
func (m *Machine) Resolver() network.ResolverMode { return m.world.network.Resolver(m.host) }

// ResolverCounters say what became of the questions that the machine asked its resolver, so that a fault can prove that it bit.
func (m *Machine) ResolverCounters() network.ResolverCounters {
	return m.world.network.ResolverCounters(m.host)
}
