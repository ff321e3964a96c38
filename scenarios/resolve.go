package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"muster/model/run"
)

// resolve makes a strike of a fault: it finds the machines that play its roles now. The text says it in words.
func (c *cast) resolve(number int, fault Fault) (strike Strike, text string, err error) {
	strike = Strike{Number: number, Kind: fault.Kind, Measures: fault.Measures}
	named := resolution{cast: c, number: number, undoes: fault.Kind.Undoes(), words: map[string]string{}}
	if err := named.take(fault.roles()); err != nil {
		return strike, "", err
	}
	for _, role := range fault.On {
		machines, err := named.next(role)
		if err != nil {
			return strike, "", err
		}
		strike.Machines = appendNew(strike.Machines, machines...)
	}
	for _, roles := range fault.Sides {
		var side []string
		for _, role := range roles {
			machines, err := named.next(role)
			if err != nil {
				return strike, "", err
			}
			side = appendNew(side, machines...)
		}
		strike.Sides = append(strike.Sides, side)
		strike.Machines = appendNew(strike.Machines, side...)
	}
	if err := c.overlap(strike); err != nil {
		return strike, "", err
	}
	if err := c.lay(&strike); err != nil {
		return strike, "", err
	}
	if err := c.needed(strike); err != nil {
		return strike, "", err
	}
	strike.Undone = c.undone(strike)
	return strike, describe(strike, named.words), nil
}

// overlap refuses sides that share a machine: nobody can be cut off from itself.
func (c *cast) overlap(strike Strike) error {
	seen := map[string]bool{}
	for _, side := range strike.Sides {
		for _, machine := range side {
			if seen[machine] {
				return fmt.Errorf("%s stands on two sides of the %s", machine, strike.Kind)
			}
			seen[machine] = true
		}
	}
	return nil
}

// needed refuses what would undo nothing, because what it is meant to undo was not struck on this stage.
func (c *cast) needed(strike Strike) error {
	undoes := strike.Kind.Undoes()
	if len(undoes) == 0 {
		return nil
	}
	suffers := func(machine string) bool {
		return slices.ContainsFunc(c.suffering, func(s Strike) bool {
			return slices.Contains(undoes, s.Kind) && (machine == "" || slices.Contains(s.Machines, machine))
		})
	}
	if strike.Kind == run.KindHeal && !suffers("") {
		return errors.New("the network does not suffer from anything")
	}
	for _, machine := range strike.Machines {
		if !suffers(machine) {
			return fmt.Errorf("%s does not suffer from anything that a %s undoes", machine, strike.Kind)
		}
	}
	return nil
}

// undone are the strikes in force of which nothing is left after a strike: a heal ends all of the network's, the others end what
// their machines suffer from.
func (c *cast) undone(strike Strike) []int {
	var numbers []int
	for _, s := range c.suffering {
		if !slices.Contains(strike.Kind.Undoes(), s.Kind) {
			continue
		}
		if s.Number == 0 {
			continue // it is not a strike of the plan but what one led to
		}
		if strike.Kind == run.KindHeal || len(without(s.Machines, strike.Machines)) == 0 {
			numbers = append(numbers, s.Number)
		}
	}
	return numbers
}

// resolution finds the machines of one fault's roles, so that no machine is drawn twice.
type resolution struct {
	cast   *cast
	number int
	undoes []run.Kind
	// taken are machines that the fault names by whatever role, for Others and for the next Follower.
	taken []string
	// found is what each mention of a role came to, in the order of the mentions.
	found []found
	words map[string]string
}

type found struct {
	role     Role
	machines []string
}

// take resolves all roles of a fault. Those that leave no choice come first, then those that are drawn, and Others at last.
func (r *resolution) take(roles []Role) error {
	order := slices.Clone(roles)
	rank := func(role Role) int {
		switch role {
		case Follower, Any:
			return 1
		case Others:
			return 2
		}
		return 0
	}
	sort.SliceStable(order, func(i, j int) bool { return rank(order[i]) < rank(order[j]) })
	for _, role := range order {
		machines, err := r.find(role)
		if err != nil {
			return err
		}
		r.taken = appendNew(r.taken, machines...)
		r.found = append(r.found, found{role, machines})
		if word := roleWord(role); word != "" && len(machines) == 1 {
			r.words[machines[0]] = word
		}
	}
	return nil
}

// next is what the next mention of a role came to.
func (r *resolution) next(role Role) ([]string, error) {
	for i, f := range r.found {
		if f.role == role {
			r.found = slices.Delete(r.found, i, i+1)
			return f.machines, nil
		}
	}
	return nil, fmt.Errorf("role %q was not resolved", role)
}

// find resolves one role.
func (r *resolution) find(role Role) ([]string, error) {
	c := r.cast
	switch role {
	case Leader:
		if c.leader == "" || c.down(c.leader) {
			return nil, errors.New("no node says that it leads")
		}
		return []string{c.leader}, nil
	case Follower:
		if c.leader == "" {
			return nil, errors.New("no node says that it leads, so none is known to follow")
		}
		return r.draw(role, without(r.running(), []string{c.leader}))
	case Any:
		return r.draw(role, r.running())
	case Others:
		if rest := without(c.members(), r.taken); len(rest) > 0 {
			return rest, nil
		}
		return nil, errors.New("there are no other nodes")
	case Victims:
		var victims []string
		for _, strike := range c.suffering {
			if slices.Contains(r.undoes, strike.Kind) {
				victims = appendNew(victims, strike.Machines...)
			}
		}
		if len(victims) == 0 {
			return nil, errors.New("no node suffers from what this would undo")
		}
		return victims, nil
	case Clients:
		if len(c.workloads) == 0 {
			return nil, errors.New("the clients run on no machine of this stage")
		}
		return c.workloads, nil
	}
	if text, ok := strings.CutPrefix(string(role), nodePrefix); ok {
		number, err := strconv.Atoi(text)
		if all := max(len(c.nodes), len(c.names)); err != nil || number < 1 || number > all {
			return nil, fmt.Errorf("there is no %s among the %d nodes", role, all)
		}
		return []string{NodeName(number)}, nil
	}
	if address, ok := strings.CutPrefix(string(role), responsiblePrefix); ok {
		return r.responsible(address)
	}
	return nil, fmt.Errorf("unknown role %q", role)
}

// responsible is the node that answers for an instance while all are up. Nacos takes the Java hash of "ip:port" modulo the
// number of healthy members, sorted by address as text (DistroMapper.mapSrv).
func (r *resolution) responsible(instance string) ([]string, error) {
	members := r.cast.members()
	addresses := slices.DeleteFunc(sortedKeys(r.cast.names), func(address string) bool { return !slices.Contains(members, r.cast.names[address]) })
	if len(addresses) == 0 {
		return nil, errors.New("the nodes' addresses are not known")
	}
	return []string{r.cast.names[addresses[Responsible(instance, len(addresses))]]}, nil
}

// Responsible is the place, from 0, among so many members, sorted by address as text, of the one that answers for an instance ("ip:port"),
// or in nacos1 for a service ("group@@name").
func Responsible(tag string, members int) int {
	var hash int32
	for _, character := range tag {
		hash = 31*hash + character
	}
	positive := hash % (1<<31 - 1)
	if positive < 0 {
		positive = -positive
	}
	return int(positive) % members
}

// running are the nodes that run and that the fault does not name yet.
func (r *resolution) running() []string {
	return slices.DeleteFunc(without(r.cast.members(), r.taken), r.cast.down)
}

// draw picks one machine, from a stream of the seed that belongs to this strike and this mention alone.
func (r *resolution) draw(role Role, from []string) ([]string, error) {
	if len(from) == 0 {
		return nil, fmt.Errorf("no node is left to be %s", role)
	}
	random := r.cast.seeding.stream(fmt.Sprintf("strike %d: %s %d", r.number, role, len(r.found)+1))
	return []string{from[random.IntN(len(from))]}, nil
}

// appendNew appends what is not there yet.
func appendNew(to []string, more ...string) []string {
	for _, text := range more {
		if !slices.Contains(to, text) {
			to = append(to, text)
		}
	}
	return to
}

// without is a list less some of its members.
func without(list, less []string) []string {
	var rest []string
	for _, text := range list {
		if !slices.Contains(less, text) {
			rest = append(rest, text)
		}
	}
	return rest
}
