package timings

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/model"
	"muster/model/run"
	"muster/scenarios"
)

// observed is a run as those saw it who measured.
type observed struct {
	strikes    []run.Strike
	operations []model.Operation
	// made are the operations of each client, by call.
	made    map[caller][]model.Operation
	pushes  []model.Record
	events  []run.NodeEvent
	scripts map[string]model.Scripted
	// looks at each service of each node, in the order of time.
	looks map[place][]look
	// names of nodes by their address.
	names map[string]string
	nodes []string
	end   time.Duration
	// silent says when clients fell silent.
	silent map[string]time.Duration
}

// caller is a client and what it asks for.
type caller struct {
	client string
	call   model.Call
}

// place is a service as one node lists it.
type place struct{ service, node string }

// look is what a node listed once.
type look struct {
	asked, told time.Duration
	// healthy says of each listed instance whether it is.
	healthy map[string]bool
}

// observe reads a run folder.
func observe(folder run.Folder) (*observed, error) {
	r, err := folder.ReadRun()
	if err != nil {
		return nil, err
	}
	if r.Interrupted != "" {
		return nil, fmt.Errorf("the run was interrupted: %s", r.Interrupted)
	}
	if err := folder.Intact(r); err != nil {
		return nil, err
	}
	scenario, err := scenarios.Parse(r.Details)
	if err != nil {
		return nil, err
	}
	plan, err := folder.ReadPlan()
	if err != nil {
		return nil, err
	}
	for _, strike := range plan.Strikes {
		if strike.Skipped != "" {
			return nil, fmt.Errorf("%s was not struck: %s", strike.Text, strike.Skipped)
		}
	}
	history, err := folder.ReadHistory()
	if err != nil {
		return nil, err
	}
	o := &observed{
		strikes: plan.Strikes, operations: history.Operations(), made: map[caller][]model.Operation{}, scripts: map[string]model.Scripted{}, looks: map[place][]look{},
		names: map[string]string{}, nodes: history.Header.Nodes, end: r.Lasted, silent: map[string]time.Duration{},
	}
	if o.events, err = folder.NodeEvents(); err != nil {
		return nil, err
	}
	for _, machine := range r.Machines {
		o.names[machine.Address] = machine.Name
	}
	for _, script := range scenario.Load.Scripted {
		o.scripts[script.Name] = script
	}
	for _, record := range history.Records {
		switch {
		case record.Call == model.Pushed:
			o.pushes = append(o.pushes, record)
		case record.Call == model.ClientSilent:
			o.silent[record.Client] = record.T
		}
	}
	for _, op := range o.operations {
		by := caller{op.Invoked.Client, op.Invoked.Call}
		o.made[by] = append(o.made[by], op)
	}
	o.look()
	if len(o.looks) == 0 && len(o.pushes) == 0 {
		return nil, errors.New("nobody looked at any list, nor was told of one")
	}
	return o, nil
}

func (o *observed) look() {
	for _, op := range o.operations {
		if op.Invoked.Call != model.Observe || op.Completed.Phase != model.OK {
			continue
		}
		seen := look{asked: op.Invoked.T, told: op.Completed.T, healthy: make(map[string]bool, len(op.Completed.Instances))}
		for _, instance := range op.Completed.Instances {
			seen.healthy[instance.Address()] = instance.Healthy
		}
		at := place{op.Invoked.Service.Name, op.Invoked.Node}
		o.looks[at] = append(o.looks[at], seen)
	}
	for _, looks := range o.looks {
		slices.SortStableFunc(looks, func(a, b look) int { return int(a.told - b.told) })
	}
}

// within are the looks that were asked for and told in a time.
func (o *observed) within(at place, from, until time.Duration) []look {
	looks := o.looks[at]
	begin, _ := slices.BinarySearchFunc(looks, from, func(l look, from time.Duration) int { return cmp.Compare(l.told, from) })
	var found []look
	for _, l := range looks[begin:] {
		if l.told > until {
			break
		}
		if l.asked >= from {
			found = append(found, l)
		}
	}
	return found
}

// answered is when a node first answered somebody who looked, since a moment.
func (o *observed) answered(node string, since time.Duration) (moment time.Duration, ok bool) {
	for at, looks := range o.looks {
		if at.node != node {
			continue
		}
		for _, l := range looks {
			if l.asked >= since && (!ok || l.told < moment) {
				moment, ok = l.told, true
			}
		}
	}
	return moment, ok
}

// first is how long after a moment a look first showed something, if it did before another.
func (o *observed) first(at place, from, until time.Duration, shows func(look) bool) (time.Duration, bool) {
	for _, l := range o.within(at, from, until) {
		if shows(l) {
			return l.told - from, true
		}
	}
	return 0, false
}

// Things that a look may show of an instance.
func listed(instance string) func(look) bool {
	return func(l look) bool { _, there := l.healthy[instance]; return there }
}

func unlisted(instance string) func(look) bool {
	return func(l look) bool { return !listed(instance)(l) }
}

func unhealthy(instance string) func(look) bool {
	return func(l look) bool { healthy, there := l.healthy[instance]; return there && !healthy }
}

// told is how long after a moment a push first showed something to a subscriber at a node, if one did before another.
func (o *observed) told(at place, from, until time.Duration, shows func(model.Record) bool) (time.Duration, bool) {
	for _, push := range o.pushes {
		if push.Node == at.node && push.Service.Name == at.service && push.T >= from && push.T <= until && shows(push) {
			return push.T - from, true
		}
	}
	return 0, false
}

// listing says that a push shows an instance, without that it does not.
func listing(instance string) func(model.Record) bool {
	return func(push model.Record) bool {
		return slices.ContainsFunc(push.Instances, func(i model.Instance) bool { return i.Address() == instance })
	}
}

func without(instance string) func(model.Record) bool {
	return func(push model.Record) bool { return !listing(instance)(push) }
}

// settled is how long after a moment a look first showed something that all later ones showed, too; 0 if all did from the start.
func (o *observed) settled(at place, from, until time.Duration, shows func(look) bool) (time.Duration, bool) {
	looks := o.within(at, from, until)
	last := -1
	for i, l := range looks {
		if !shows(l) {
			last = i
		}
	}
	switch {
	case len(looks) == 0 || last == len(looks)-1:
		return 0, false
	case last < 0:
		return 0, true
	}
	return looks[last+1].told - from, true
}

// all says that a look shows all instances, healthy.
func all(instances []string) func(look) bool {
	return func(l look) bool {
		return !slices.ContainsFunc(instances, func(i string) bool { return !l.healthy[i] })
	}
}

// allListed says that a look shows all instances, in whatever health: nobody answers at the addresses of persistent ones, so that the nodes'
// probes find them unhealthy after a while.
func allListed(instances []string) func(look) bool {
	return func(l look) bool {
		return !slices.ContainsFunc(instances, func(i string) bool { return !listed(i)(l) })
	}
}

// healthyAt are the instances that a node listed as healthy when it was last asked before a moment, listedAt all that it listed.
func (o *observed) healthyAt(at place, moment time.Duration) []string {
	return o.lastListed(at, moment, func(healthy bool) bool { return healthy })
}

func (o *observed) listedAt(at place, moment time.Duration) []string {
	return o.lastListed(at, moment, func(bool) bool { return true })
}

func (o *observed) lastListed(at place, moment time.Duration, counts func(healthy bool) bool) []string {
	before := o.within(at, 0, moment)
	if len(before) == 0 {
		return nil
	}
	var instances []string
	for instance, healthy := range before[len(before)-1].healthy {
		if counts(healthy) {
			instances = append(instances, instance)
		}
	}
	slices.Sort(instances)
	return instances
}

// registrations are a client's, in the order in which it sent them.
func (o *observed) registrations(client string) []model.Operation {
	return o.calls(client, model.Register)
}

func (o *observed) calls(client string, call model.Call) []model.Operation {
	return o.made[caller{client, call}]
}

// instanceOf is the first instance that a client registered, "" if it never tried.
func (o *observed) instanceOf(client string) string {
	for _, op := range o.registrations(client) {
		return op.Invoked.Instance.Address()
	}
	return ""
}

// clients are the scripted ones of a service that register, in the order of their names.
func (o *observed) clients(service string) []model.Scripted {
	var found []model.Scripted
	for _, s := range o.scripts {
		if s.Service == service && s.Number > 0 {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b model.Scripted) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// instances of all clients of a service.
func (o *observed) instances(service string) []string {
	var all []string
	for _, s := range o.clients(service) {
		all = append(all, o.instanceOf(s.Name))
	}
	return all
}

// led is the node that led at a moment, by what nodes said of it in the highest term; "" if none did.
func (o *observed) led(moment time.Duration) string {
	leader, term := "", 0.0
	for _, e := range o.events {
		if e.T <= moment && e.Name == run.EventRaftLeader && e.Text("leader") != "" && e.Number("term") >= term {
			leader, term = o.names[e.Text("leader")], e.Number("term")
		}
	}
	return leader
}

// knew is how long after a moment a node first named another leader than the one before, and whom.
func (o *observed) knew(node, before string, from, until time.Duration) (leader string, after time.Duration, ok bool) {
	for _, e := range o.events {
		named := o.names[e.Text("leader")]
		if e.Name == run.EventRaftLeader && e.Machine == node && e.T > from && e.T <= until && named != "" && named != before {
			return named, e.T - from, true
		}
	}
	return "", 0, false
}

// saw is how long after a moment a node first took a peer for UP, SUSPICIOUS or DOWN.
func (o *observed) saw(node, peer, state string, from, until time.Duration) (time.Duration, bool) {
	for _, e := range o.events {
		if e.Name == run.EventMemberState && e.Machine == node && o.names[e.Text("member")] == peer && e.Text("state") == state && e.T > from && e.T <= until {
			return e.T - from, true
		}
	}
	return 0, false
}

// wrote is how long after a moment a writer first had an answer of success to a write that it sent since.
func (o *observed) wrote(client string, from, until time.Duration) (time.Duration, bool) {
	first, ok := time.Duration(0), false
	for _, op := range o.registrations(client) {
		if op.Invoked.T >= from && op.Completed.Phase == model.OK && op.Completed.T <= until && (!ok || op.Completed.T < first) {
			first, ok = op.Completed.T, true
		}
	}
	return first - from, ok
}

// outcomes counts, of all persistent writes, those that were refused or got no answer and are listed by some nodes in the end, and those that
// were acknowledged and are missing at one of them.
func (o *observed) outcomes(living []string) (refusedListed, acknowledgedMissing int) {
	for _, s := range o.clients(durableService) {
		for _, op := range o.registrations(s.Name) {
			everywhere := true
			for _, node := range living {
				looks := o.looks[place{durableService, node}]
				if len(looks) == 0 {
					continue
				}
				everywhere = everywhere && listed(op.Invoked.Instance.Address())(looks[len(looks)-1])
			}
			switch {
			case op.Completed.Phase == model.OK && !everywhere:
				acknowledgedMissing++
			case op.Completed.Phase != model.OK && everywhere:
				refusedListed++
			}
		}
	}
	return refusedListed, acknowledgedMissing
}

// others are the nodes without some.
func (o *observed) others(without ...string) []string {
	return slices.DeleteFunc(slices.Clone(o.nodes), func(node string) bool { return slices.Contains(without, node) })
}
