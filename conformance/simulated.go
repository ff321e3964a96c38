package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/nodes/golden"
	"muster/scenarios/simulated"
	"muster/sim"
	"muster/sim/disk"
	"muster/sim/guest"
)

const (
	// settled is how long nodes get, in simulated time, to find each other and elect a leader.
	settled = 20 * time.Second
	// longest is how much simulated time a file of recordings may take.
	longest = 4 * time.Hour
	// glance is how much of it passes until the world is looked at again.
	glance = time.Second
	// playerName is the machine's from which nodes are asked.
	playerName = "player"
	// accountsPath is where nodes find the accounts, if they have any.
	accountsPath = "/accounts"
)

// ports are the nodes' own, one each, as those of the recorded nodes were.
var ports = []int{8848, 8858, 8868}

// Programs are the guests: the node of this source tree, and the player of recordings.
type Programs struct{ node, player sim.Program }

// Build builds and compiles the guests of the source tree at root.
func Build(ctx context.Context, root string) (*Programs, error) {
	p := &Programs{}
	for _, each := range []struct {
		path string
		into *sim.Program
	}{{"./cmd/registry", &p.node}, {"./conformance/player", &p.player}} {
		built, err := guest.Build(ctx, guest.Options{
			Package: each.path, Dir: root, Cache: filepath.Join(root, "build", "guests"), Tags: simulated.Tags,
		})
		if err != nil {
			return nil, err
		}
		if *each.into, err = sim.Load(ctx, built); err != nil {
			return nil, fmt.Errorf("compiling the guest %s: %w", each.path, err)
		}
	}
	return p, nil
}

// Cluster is three nodes of a profile on simulated machines that have found each other, at rest. Many plays may begin in it, side by side.
type Cluster struct {
	programs *Programs
	nodes    []string
	ready    *sim.Snapshot
}

// Boot boots the nodes of a profile, which golden.Files knows, and waits until they serve. Defects are switched on in all of them; they are
// named as package nodes/defect has them.
func (p *Programs) Boot(profile string, seed uint64, defects ...string) (*Cluster, error) {
	world, err := sim.New(sim.Options{Seed: seed})
	if err != nil {
		return nil, err
	}
	defer world.Close()
	node := p.node
	if len(defects) > 0 {
		terms := make([]string, len(defects))
		for i, name := range defects {
			terms[i] = "muster/nodes/" + name + "=return(true)"
		}
		node.Env = append(slices.Clone(node.Env), "GO_FAILPOINTS="+strings.Join(terms, ";"))
	}
	c := &Cluster{programs: p}
	for number, port := range ports {
		c.nodes = append(c.nodes, fmt.Sprintf("10.0.0.%d:%d", number+1, port))
	}
	further := []string{"--profile", profile, "--insecure"}
	if profile == "auth" {
		further = []string{"--accounts", accountsPath}
	}
	for number, address := range c.nodes {
		machine, err := world.Boot("n"+strconv.Itoa(number+1), node, append([]string{
			"--addr", address, "--members", strings.Join(c.nodes, ","), "--data", "/data", "--log-level", "WARN"}, further...)...)
		if err != nil {
			return nil, err
		}
		if err := machine.Disk().WriteFile(accountsPath, golden.Accounts(), machine.Clock().Wall().UnixNano()); err != disk.OK {
			return nil, fmt.Errorf("writing %s on the disk of %s: error %d", accountsPath, machine.Name(), err)
		}
		if host := machine.Address().String(); !strings.HasPrefix(address, host+":") {
			return nil, fmt.Errorf("%s has the address %s, not that of %s as its peers were told", machine.Name(), host, address)
		}
	}
	if err := world.Run(settled); err != nil {
		return nil, err
	}
	if err := running(world); err != nil {
		return nil, err
	}
	c.ready, err = world.Snapshot()
	return c, err
}

// Close frees what the nodes hold.
func (c *Cluster) Close() { c.ready.Close() }

// Played is what came out of a play.
type Played struct {
	Results []golden.Result
	// Lasted is the simulated time that it took.
	Lasted time.Duration
	// Hash is that of the trace: two plays with the same hash were the same, bit for bit.
	Hash uint64
}

// Play plays a file of recordings, or of it only the cases in whose name, file/case, a text is. Whatever is left to chance from here on,
// the seed decides.
func (c *Cluster) Play(ctx context.Context, file, only string, seed uint64) (Played, error) {
	var played Played
	world, err := c.ready.Fork(seed)
	if err != nil {
		return played, err
	}
	defer world.Close()
	begun := world.Now()
	var unread error
	world.SetOutput(func(line sim.Line) {
		if line.Machine != playerName || line.Stream != 1 {
			return
		}
		var r golden.Result
		if err := json.Unmarshal([]byte(line.Text), &r); err != nil {
			unread = errors.Join(unread, fmt.Errorf("result %.200q: %w", line.Text, err))
			return
		}
		played.Results = append(played.Results, r)
	})
	player, err := world.Boot(playerName, c.programs.player, "--nodes", strings.Join(c.nodes, ","), "--files", file, "--only", only)
	if err != nil {
		return played, err
	}
	for player.Status() != sim.Exited {
		if err := ctx.Err(); err != nil {
			return played, err
		}
		if world.Now() > begun+longest {
			return played, fmt.Errorf("%s: not over after %v", file, longest)
		}
		if err := world.Run(glance); err != nil {
			return played, err
		}
	}
	if exit := player.Exit(); exit.Code != 0 {
		return played, fmt.Errorf("the player of %s failed: %s", file, strings.Join(player.LastWords(), "; "))
	}
	played.Lasted, played.Hash = world.Now()-begun, world.TraceHash()
	return played, errors.Join(unread, running(world))
}

// running sees that no node has ended.
func running(world *sim.World) error {
	for _, machine := range world.Machines() {
		if machine.Name() != playerName && machine.Status() != sim.Running {
			return fmt.Errorf("%s is %v: %s", machine.Name(), machine.Status(), strings.Join(machine.LastWords(), "; "))
		}
	}
	return nil
}
