package live

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"muster/model/run"
	"muster/scenarios"
)

// shape is how bad a way between two machines is. The zero value is a way that is as good as ever.
type shape struct {
	delay time.Duration
	// tail is the share of packets that take so much longer.
	tail     float64
	tailTime time.Duration
	// loss, duplicate and reorder are shares of packets; rate is in bytes a second, 0: as fast as it goes.
	loss, duplicate, reorder float64
	rate                     int64
}

// worsen makes a shape worse by a strike.
func (w *shape) worsen(strike scenarios.Strike) {
	switch strike.Kind {
	case run.KindSlowLink:
		w.delay += strike.Delay
	case run.KindLongTail:
		w.tail, w.tailTime = strike.Share, strike.Delay
	case run.KindLossyLink:
		w.loss = strike.Share
	case run.KindDuplicatingLink:
		w.duplicate = strike.Share
	case run.KindReorderingLink:
		w.reorder = strike.Share
	case run.KindNarrowLink:
		w.rate = strike.Rate
	}
}

// overtakes is by how much others overtake a packet that is held back so that the order changes.
const overtakes = 10 * time.Millisecond

// netem are the arguments of tc's qdisc netem; none if there is nothing for it to do. netem delays all packets but the share that
// "reorder" lets pass at once, so a tail and a changed order are the same to it, and only one of them can be had.
func (w shape) netem() []string {
	var arguments []string
	percent := func(share float64) string { return strconv.FormatFloat(share*100, 'f', -1, 64) + "%" }
	switch {
	case w.tail > 0:
		arguments = append(arguments, "delay", (w.delay + w.tailTime).String(), "reorder", percent(1-w.tail))
	case w.reorder > 0:
		arguments = append(arguments, "delay", (w.delay + overtakes).String(), "reorder", percent(1-w.reorder))
	case w.delay > 0:
		arguments = append(arguments, "delay", w.delay.String())
	}
	if w.loss > 0 {
		arguments = append(arguments, "loss", percent(w.loss))
	}
	if w.duplicate > 0 {
		arguments = append(arguments, "duplicate", percent(w.duplicate))
	}
	return arguments
}

// unlimited is the rate of a way that is not narrow.
const unlimited = "10gbit"

// shape gives each machine that sends on a bad way a class of traffic for it. Ways that are not named go through the first class.
func (n *namespaces) shape(ctx context.Context, ways map[scenarios.Way]shape) error {
	for _, from := range n.machines {
		_ = n.tc(ctx, from, "qdisc", "del", "dev", "eth0", "root") // there may be none
		first := true
		for i, to := range n.machines {
			bad, named := ways[scenarios.Way{From: from, To: to}]
			if !named {
				continue
			}
			if first {
				first = false
				if err := errors.Join(
					n.tc(ctx, from, "qdisc", "add", "dev", "eth0", "root", "handle", "1:", "htb", "default", "1"),
					n.tc(ctx, from, "class", "add", "dev", "eth0", "parent", "1:", "classid", "1:1", "htb", "rate", unlimited, "quantum", "60000"),
				); err != nil {
					return err
				}
			}
			if err := n.shapeWay(ctx, from, to, "1:"+strconv.Itoa(i+10), bad); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *namespaces) shapeWay(ctx context.Context, from, to, class string, bad shape) error {
	limits := []string{"rate", unlimited}
	if bad.rate > 0 {
		// "bps" is tc's word for bytes a second. Without a burst, or packets would pass at once by what was saved up while there were none.
		limits = []string{"rate", strconv.FormatInt(bad.rate, 10) + "bps", "burst", "1", "cburst", "1"}
	}
	add := []string{"class", "add", "dev", "eth0", "parent", "1:", "classid", class, "htb", "quantum", "60000"}
	if err := n.tc(ctx, from, append(add, limits...)...); err != nil {
		return err
	}
	if arguments := bad.netem(); len(arguments) > 0 {
		if err := n.tc(ctx, from, append([]string{"qdisc", "add", "dev", "eth0", "parent", class, "netem"}, arguments...)...); err != nil {
			return err
		}
	}
	return n.tc(ctx, from, "filter", "add", "dev", "eth0", "parent", "1:", "protocol", "ip", "u32", "match", "ip", "dst", n.ip(to)+"/32", "flowid", class)
}

// tc runs tc on a machine. What the kernel was built without is told by ErrUnsupported.
func (n *namespaces) tc(ctx context.Context, machine string, arguments ...string) error {
	err := execute(ctx, append([]string{"tc", "-n", n.space(machine)}, arguments...)...)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%w: links are shaped by the command tc (iproute2), which is not here", scenarios.ErrUnsupported)
	case strings.Contains(err.Error(), "qdisc kind is unknown"), strings.Contains(err.Error(), "classifier not found"):
		return fmt.Errorf("%w: this host's kernel lacks what it needs (sch_netem, sch_htb, cls_u32): %w", scenarios.ErrUnsupported, err)
	}
	return err
}

// reset has the kernel destroy the sockets whose other end is at the machines that these ways lead to.
func (n *namespaces) reset(ctx context.Context, ways []scenarios.Way) (int, error) {
	destroyed := 0
	for _, way := range ways {
		command := exec.CommandContext(ctx, "ip", "netns", "exec", n.space(way.From), "ss", "-KH", "dst", n.ip(way.To))
		output, err := command.CombinedOutput()
		// A kernel that cannot do it says so, and ss ends as if nothing were wrong.
		if err != nil || strings.Contains(string(output), "RTNETLINK answers") {
			return destroyed, fmt.Errorf("%w: sockets are destroyed by ss -K (iproute2), which needs a kernel with CONFIG_INET_DIAG_DESTROY", scenarios.ErrUnsupported)
		}
		destroyed += socketsIn(string(output))
	}
	return destroyed, nil
}

// socketsIn counts the sockets that ss lists without a head, a line each. With -K, those are the ones that it destroyed.
func socketsIn(listed string) int {
	sockets := 0
	for line := range strings.Lines(listed) {
		if strings.TrimSpace(line) != "" {
			sockets++
		}
	}
	return sockets
}
