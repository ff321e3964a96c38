package trace

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Describe says in words what happened, without the time and the machine: "sends 132 bytes (descriptor 7)".
func (r *Record) Describe() string {
	switch r.Kind {
	case Boot:
		return join(" ", fmt.Sprintf("starts program number %d:", r.Number), orNone(r.Text, "no arguments"))
	case Exit:
		return join(": ", fmt.Sprintf("ends with exit code %d", r.Number), r.Text)
	case Crash:
		return join(", unsynced tails: ", "loses its power", r.Text)
	case Kill:
		return "has its program killed"
	case Pause:
		return "is stopped"
	case Resume:
		return "goes on after a stop"
	case Terminate:
		return "is asked to end its program"
	case Signal:
		return "is sent " + r.Text
	case DiskFaults:
		return "has other faults of its disk: " + r.Text
	case DiskCapacity:
		return "has a disk of " + orNone(capacity(r.Size), "any size")
	case DiskRot:
		return "has a bit of its disk flipped: " + r.Text
	case Address:
		return "has another address: " + r.Text
	case Slowdown:
		if r.Text == "0" {
			return "has a processor that takes no time"
		}
		return "has a processor that is slower than a real one by a factor of " + r.Text
	case Clock:
		return fmt.Sprintf("has its clock changed (%s): it is now %v ahead", r.Text, time.Duration(r.Number))
	case Cut:
		return join(": ", "no longer reaches "+r.Peer, r.Text)
	case Uncut:
		return "reaches " + r.Peer + " again"
	case Link:
		return "gets another link to " + r.Peer + ": " + r.Text
	case Clog:
		return "has its packets to " + r.Peer + " wait"
	case Unclog:
		return "has its packets to " + r.Peer + " travel on"
	case ResetConnections:
		return fmt.Sprintf("has its connections with %s reset: %d ends", r.Peer, r.Number)
	case DefaultLink:
		return "sees links change where none was set by hand: " + r.Text
	case Name:
		return "learns other names: " + r.Text
	case Resolver:
		if r.Text == "silent" {
			return "has another resolver: it is silent"
		}
		return "has another resolver: it " + r.Text
	case Console:
		if r.Number == 2 {
			return "prints to standard error: " + r.Text
		}
		return "prints: " + r.Text
	case Connect:
		return "connects to " + r.way()
	case Established:
		return "is connected with " + r.way()
	case Refused:
		return "is refused by " + r.way()
	case Accept:
		return "accepts a connection of " + r.way()
	case Reset:
		return "hears that its connection was reset by " + r.way()
	case TimedOut:
		return "gives up its connection with " + r.way()
	case Finished:
		return "hears no more from " + r.way()
	case Wake:
		return fmt.Sprintf("goes on (wake-up %d)", r.Number)
	case Send:
		return fmt.Sprintf("sends %s (descriptor %d%s)", amount(r.Size), r.Number, r.sum())
	case Write:
		return join(" ", fmt.Sprintf("writes %s to the file of inode %d%s", amount(r.Size), r.Number, r.sum()), r.Text)
	case Sync:
		return fmt.Sprintf("syncs the file or folder of inode %d", r.Number)
	case Disk:
		return "changes its disk: " + r.Text
	case Delivered:
		return r.packet("arrives")
	case DroppedByCut:
		return r.packet("vanishes in a cut")
	case DroppedByChance:
		return r.packet("is lost")
	case Rejected:
		return r.packet("is rejected")
	case Unheard:
		return r.packet("comes to a machine that is down")
	case Discarded:
		return r.packet("comes and is thrown away")
	case Retransmit:
		return r.packet("is sent again")
	case Clogged:
		return r.packet("waits in a clog")
	}
	return r.String()
}

// way is to whom a connection or packet goes, and between which addresses.
func (r *Record) way() string {
	who := orNone(r.Peer, "somebody")
	if r.Source.IsValid() || r.Destination.IsValid() {
		who += fmt.Sprintf(" (%s > %s)", r.Source, r.Destination)
	}
	return who
}

func (r *Record) packet(fate string) string {
	return fmt.Sprintf("packet to %s of %s%s %s", r.way(), amount(r.Size), r.sum(), fate)
}

// sum tells contents apart that are of the same length.
func (r *Record) sum() string {
	if r.Sum == 0 {
		return ""
	}
	return fmt.Sprintf(", content %08x", uint32(r.Sum))
}

// amount is a number of bytes.
func amount(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// capacity is a disk's; "" if it has no limit.
func capacity(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return amount(bytes)
}

func orNone(text, none string) string {
	if text == "" {
		return none
	}
	return text
}

func join(separator, text, more string) string {
	if more == "" {
		return text
	}
	return text + separator + more
}

// groups are names for kinds that one wants to see together.
var groups = map[string][]Kind{
	"machine": {Boot, Exit, Crash, Kill, Pause, Resume, Terminate, Signal, Address, Slowdown},
	"fault": {Crash, Kill, Pause, Resume, Terminate, Signal, Clock, Cut, Uncut, Link, Clog, Unclog, ResetConnections, DefaultLink,
		DiskFaults, DiskCapacity, DiskRot, Address, Slowdown, Name, Resolver},
	"console": {Console},
	"net": {Connect, Established, Refused, Accept, Reset, TimedOut, Finished, Send, Delivered, DroppedByCut, DroppedByChance, Rejected,
		Unheard, Discarded, Retransmit, Cut, Uncut, Link, Clog, Unclog, ResetConnections, DefaultLink, Clogged, Name, Resolver},
	"disk": {Write, Sync, Disk, DiskFaults, DiskCapacity, DiskRot},
}

// ParseKinds reads a kind's name, or a group's: machine, fault, console, net, or disk (which is more than the kind of that name).
func ParseKinds(name string) ([]Kind, error) {
	if kinds, ok := groups[name]; ok {
		return slices.Clone(kinds), nil
	}
	var k Kind
	if err := k.UnmarshalText([]byte(name)); err != nil {
		return nil, fmt.Errorf("kind %q: want machine, fault, console, net, disk, or one of %s", name, strings.Join(names[:], ", "))
	}
	return []Kind{k}, nil
}

// Filter says which records of a trace one wants to see. The zero value wants all.
type Filter struct {
	// Machines, by name: records of what they do, and of what others do with them.
	Machines []string
	// Kinds of records.
	Kinds []Kind
	// From is the first moment, To the last; a To of 0 is the end of the run.
	From, To time.Duration
}

// Wants tells whether a record is among those.
func (f Filter) Wants(r *Record) bool {
	return r.At >= f.From && !f.Over(r) &&
		(len(f.Kinds) == 0 || slices.Contains(f.Kinds, r.Kind)) &&
		(len(f.Machines) == 0 || slices.Contains(f.Machines, r.Machine) || r.Peer != "" && slices.Contains(f.Machines, r.Peer))
}

// Over tells whether the filter wants neither this record nor any after it.
func (f Filter) Over(r *Record) bool { return f.To > 0 && r.At > f.To }
