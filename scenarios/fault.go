package scenarios

import (
	"fmt"
	"slices"
	"time"

	"muster/model/run"
)

// Fault is something that befalls machines, as a scenario states it: with roles. Build one with the functions of the files
// fault_*.go, one file for each family; which fields count depends on the kind.
type Fault struct {
	Kind run.Kind `json:"kind"`
	// On is whom it strikes; empty for the kinds that have sides and for a heal.
	On []Role `json:"on,omitempty"`
	// Sides of a partition. A cut and what befalls a link have two: from whom, to whom.
	Sides [][]Role `json:"sides,omitempty"`
	Measures
}

// Measures say how much of a fault there is. Which of them count depends on its kind.
type Measures struct {
	// Offset of a clock-offset, a clock-jump or a clock-strobe.
	Offset time.Duration `json:"offset_ns,omitempty"`
	// Drift of a clock-drift in parts per million: at 1000 a clock gains a millisecond a second.
	Drift float64 `json:"drift_ppm,omitempty"`
	// Delay of a slow-link and of a long-tail, each way, on top of the link's own; of a slow-disk, on top of each fsync.
	Delay time.Duration `json:"delay_ns,omitempty"`
	// Share of the packets that a long-tail delays, or that a link loses, duplicates or reorders; of the calls that fail with
	// disk-errors; of the processor that a slow-cpu leaves.
	Share float64 `json:"share,omitempty"`
	// Rate of a narrow-link in bytes a second, each way.
	Rate int64 `json:"rate_bytes_per_second,omitempty"`
	// Room is how many bytes more a full-disk takes.
	Room int64 `json:"room_bytes,omitempty"`
	// Bits is how many bits a bit-rot turns over on each disk.
	Bits int `json:"bits,omitempty"`
	// Period of a clock-strobe, and of a cut that comes and goes (see Flapping): half of it the fault is there, half of it not.
	Period time.Duration `json:"period_ns,omitempty"`
	// Rejects has a cut answer what it stops, as a firewall does, where it would swallow it otherwise: connections and attempts at
	// them are reset.
	Rejects bool `json:"rejects,omitempty"`
	// Failpoint is the defect that a failpoint switches on, by its name: "liveness/neverExpire"; Term is what it does, in the words
	// of pingcap/failpoint: "return(true)".
	Failpoint string `json:"failpoint,omitempty"`
	Term      string `json:"term,omitempty"`
}

// naming is whom the faults of a kind name.
type naming int

const (
	// namesMachines: one role or more.
	namesMachines naming = iota
	// namesNobody: it is about all there are.
	namesNobody
	// namesSides: two sides or more that are kept apart.
	namesSides
	// namesWay: two sides, from whom and to whom.
	namesWay
	// namesLinks: the links between two sides, or, without any, those between all machines.
	namesLinks
)

// form is what faults of a kind look like.
type form struct {
	names naming
	// check says what is wrong with the measures; nil if there is nothing to check.
	check func(Fault) error
	// words say a strike in a sentence, whose machines and sides list names; nil if the kind and the machines say it all.
	words func(strike Strike, list func([]string) string) string
}

// forms are all kinds, by family.
var forms = merged(networkForms, clockForms, machineForms, diskForms, membershipForms, defectForms)

func merged(families ...map[run.Kind]form) map[run.Kind]form {
	all := map[run.Kind]form{}
	for _, family := range families {
		for kind, form := range family {
			all[kind] = form
		}
	}
	return all
}

// roles are all roles that a fault names.
func (f Fault) roles() []Role {
	all := slices.Clone(f.On)
	for _, side := range f.Sides {
		all = append(all, side...)
	}
	return all
}

// validate says whether the fault has what its kind needs.
func (f Fault) validate(nodes, spares int) error {
	form, known := forms[f.Kind]
	if !known {
		return fmt.Errorf("unknown kind of fault %q: want one of %v", f.Kind, run.Kinds())
	}
	if err := f.validateNames(form.names); err != nil {
		return err
	}
	if f.Period != 0 && !mayFlap(f.Kind) && f.Kind != run.KindClockStrobe {
		return fmt.Errorf("%s has a period: only cuts come and go", f.Kind)
	}
	if f.Period < 0 || f.Period%2 != 0 {
		return fmt.Errorf("%s with a period of %v: want an even number of nanoseconds above zero", f.Kind, f.Period)
	}
	if f.Rejects && !mayFlap(f.Kind) {
		return fmt.Errorf("%s rejects: only cuts do", f.Kind)
	}
	if form.check != nil {
		if err := form.check(f); err != nil {
			return fmt.Errorf("%s: %w", f.Kind, err)
		}
	}
	if f.Kind == run.KindMajorityRing && nodes < smallestRing {
		return fmt.Errorf("%s of %d nodes: want %d at least, or all see the same", f.Kind, nodes, smallestRing)
	}
	for _, role := range f.roles() {
		if err := role.validate(nodes + spares); err != nil {
			return fmt.Errorf("%s: %w", f.Kind, err)
		}
		if role == Victims && !f.Kind.Ends() {
			return fmt.Errorf("%s(%s): only what undoes a fault can name its victims", f.Kind, Victims)
		}
	}
	return nil
}

// validateNames says whether the fault names whom its kind needs, and nobody else.
func (f Fault) validateNames(names naming) error {
	sided := names == namesSides || names == namesWay || names == namesLinks
	switch {
	case names == namesNobody && len(f.roles()) > 0:
		return fmt.Errorf("%s names %v: it is about everything and names nobody", f.Kind, f.roles())
	case names == namesMachines && len(f.On) == 0:
		return fmt.Errorf("%s strikes nobody: name a role", f.Kind)
	case names == namesMachines && len(f.Sides) > 0:
		return fmt.Errorf("%s has sides: want roles only", f.Kind)
	case sided && len(f.On) > 0:
		return fmt.Errorf("%s strikes %v: want sides only", f.Kind, f.On)
	case names == namesSides && len(f.Sides) < 2:
		return fmt.Errorf("%s has %d sides: want at least 2", f.Kind, len(f.Sides))
	case names == namesWay && len(f.Sides) != 2:
		return fmt.Errorf("%s has %d sides: want 2, from whom and to whom", f.Kind, len(f.Sides))
	case names == namesLinks && len(f.Sides) != 0 && len(f.Sides) != 2:
		return fmt.Errorf("%s has %d sides: want 2, or none for all links", f.Kind, len(f.Sides))
	}
	for i, side := range f.Sides {
		if len(side) == 0 {
			return fmt.Errorf("%s: side %d is empty: name a role", f.Kind, i+1)
		}
	}
	return nil
}

// checkShare wants a share of something: more than nothing, and not more than all.
func checkShare(f Fault) error {
	if f.Share <= 0 || f.Share > 1 {
		return fmt.Errorf("a share of %v: want one above 0, up to 1", f.Share)
	}
	return nil
}

// checkDelay wants a delay.
func checkDelay(f Fault) error {
	if f.Delay <= 0 {
		return fmt.Errorf("a delay of %v: want one above zero", f.Delay)
	}
	return nil
}
