package membership

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"muster/model/run"
	"muster/nodes/rpc"
)

// Set puts a new list in place of the members. Those that stay keep their state, new ones begin as UP. A node that is not in its own
// list goes on as a member of its own view, as in Nacos (ServerMemberManager.memberChange): the others no longer know it.
func (m *Membership) Set(listed []string) error {
	if len(listed) == 0 {
		return errors.New("the list of members is empty; want at least one ip:port")
	}
	if err := check(listed); err != nil {
		return err
	}
	m.mu.Lock()
	before := m.members
	m.members = m.view(listed)
	m.servers = m.living()
	added, removed := differences(before, m.members)
	told := slices.Clone(m.onChange)
	m.mu.Unlock()
	if !slices.Contains(listed, m.config.Self) {
		m.config.Logger.Warn("this node is not in its list of members", "members", listed)
	}
	if len(added)+len(removed) > 0 {
		m.config.Logger.Info(run.EventMemberList, "members", listed, "added", added, "removed", removed)
	}
	for _, address := range removed {
		m.config.Peers.Reset(address)
	}
	select {
	case m.joined <- struct{}{}:
	default:
	}
	for _, tell := range told {
		tell(slices.Clone(listed))
	}
	return nil
}

// OnChange has a function called with each list that Set takes, after the view has changed. Register it before Run and Follow.
func (m *Membership) OnChange(tell func(listed []string)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onChange = append(m.onChange, tell)
}

// view makes members of a list, sorted, and of this node. The caller holds mu, or is the only one to know m.
func (m *Membership) view(listed []string) []Member {
	var members []Member
	for _, address := range append(slices.Clone(listed), m.config.Self) {
		if slices.ContainsFunc(members, func(known Member) bool { return known.Address == address }) {
			continue
		}
		if at := m.find(address); at >= 0 {
			members = append(members, m.members[at])
			continue
		}
		members = append(members, Member{Address: address, State: Up})
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.Address, b.Address) })
	return members
}

// check says what is wrong with a list.
func check(listed []string) error {
	for i, address := range listed {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fmt.Errorf("member %q: %w; want ip:port, for example 10.0.0.1:8848", address, err)
		}
		if slices.Contains(listed[:i], address) {
			return fmt.Errorf("member %s is listed twice; want each member once", address)
		}
	}
	return nil
}

// differences are the addresses that came and that went.
func differences(before, after []Member) (added, removed []string) {
	in := func(members []Member, address string) bool {
		return slices.ContainsFunc(members, func(m Member) bool { return m.Address == address })
	}
	for _, member := range after {
		if !in(before, member.Address) {
			added = append(added, member.Address)
		}
	}
	for _, member := range before {
		if !in(after, member.Address) {
			removed = append(removed, member.Address)
		}
	}
	return added, removed
}

// ReadList reads members from a file like Nacos's cluster.conf: ip:port a line, or several with commas between them; # begins a
// comment.
func ReadList(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the list of members: %w", err)
	}
	listed, err := parseList(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return listed, nil
}

func parseList(text string) (listed []string, err error) {
	for number, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		for _, address := range strings.Split(line, ",") {
			address = strings.TrimSpace(address)
			if address == "" {
				continue
			}
			for _, offset := range []int{rpc.RaftOffset, rpc.ClusterOffset} {
				if _, err := rpc.Offset(address, offset); err != nil {
					return nil, fmt.Errorf("line %d: %w", number+1, err)
				}
			}
			if slices.Contains(listed, address) {
				return nil, fmt.Errorf("line %d: %s is listed twice; want each member once", number+1, address)
			}
			listed = append(listed, address)
		}
	}
	if len(listed) == 0 {
		return nil, errors.New("it lists no member; want ip:port lines, for example 10.0.0.1:8848")
	}
	return listed, nil
}

// Follow reads the list of members from a file, again and again, until the context ends: every so often, and at once when now
// delivers. A file that cannot be read or understood changes nothing, with a warning each time that it says something new.
func (m *Membership) Follow(ctx context.Context, path string, every time.Duration, now <-chan os.Signal) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last []string
	complaint := ""
	for {
		listed, err := ReadList(path)
		if err == nil && !slices.Equal(listed, last) {
			last = listed
			err = m.Set(listed)
		}
		said := ""
		if err != nil {
			said = err.Error()
		}
		if said != "" && said != complaint {
			m.config.Logger.Warn("the list of members stays as it was", "error", said)
		}
		complaint = said
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-now:
		}
	}
}
