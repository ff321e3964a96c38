package golden

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"muster/nodes/client/login"
)

const (
	// pause is how long to wait before a request is repeated.
	pause = 100 * time.Millisecond
	// reachTime is how long a node may take to take a connection.
	reachTime = 5 * time.Second
)

// Player replays recordings. Make it with NewPlayer.
type Player struct {
	nodes   []string
	here    string
	instead instead
	client  *http.Client
	session *login.Session
}

// NewPlayer makes a player for a cluster of three at these HTTP addresses, "ip:port", by which its members know each other, too; SDKs'
// ports are 1000 above. Nodes that are fewer are asked in turn.
func NewPlayer(nodes []string) (*Player, error) {
	if len(nodes) == 0 {
		return nil, errors.New("no nodes: want the addresses of three, ip:port")
	}
	p := &Player{nodes: inOrder(nodes), client: &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		Timeout:       callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	var err error
	if p.here, err = addressTowards(nodes[0]); err != nil {
		return nil, err
	}
	p.instead, err = newInstead(p)
	return p, err
}

// LogIn has the player show a session's tokens with requests that show nothing themselves.
func (p *Player) LogIn(session *login.Session) { p.session = session }

// token is one of the player's session.
func (p *Player) token() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	return p.session.Token(ctx)
}

// Reach sees whether all nodes take connections.
func (p *Player) Reach(ctx context.Context) error {
	dialer := net.Dialer{Timeout: reachTime}
	for _, node := range p.nodes {
		connection, err := dialer.DialContext(ctx, "tcp", node)
		if err != nil {
			return fmt.Errorf("node %s cannot be reached; want the address of one that runs, ip:port: %w", node, err)
		}
		connection.Close()
	}
	return nil
}

// node is the address of the node that recordings give a number, from 0.
func (p *Player) node(number int) string { return p.nodes[number%len(p.nodes)] }

// play is one play of a case.
type play struct {
	player      *Player
	names       names
	connections map[string]*connection
	sockets     map[string]*udpSocket
	// stepped is when the last step ended.
	stepped time.Time
}

// Play plays a case once and returns how the answers differ from the recorded ones.
func (p *Player) Play(c Case) []Difference {
	run := &play{player: p, names: p.newNames(), connections: map[string]*connection{}, sockets: map[string]*udpSocket{}, stepped: time.Now()}
	defer run.end()
	var found []Difference
	for number, recorded := range c.Steps {
		raw := []byte(p.instead.in(string(recorded)))
		s, err := run.names.read(raw)
		if err != nil {
			return append(found, failed(err)...)
		}
		what, differences := run.step(s, raw)
		run.stepped = time.Now()
		for _, d := range differences {
			d.Text = fmt.Sprintf("step %d %s: %s", number, what, d.Text)
			found = append(found, d)
		}
	}
	return found
}

func (p *play) end() {
	for _, c := range p.connections {
		c.close()
	}
	for _, socket := range p.sockets {
		_ = socket.Close() // it may be closed already
	}
}

// step runs one step; what says which it was.
func (p *play) step(s step, raw []byte) (what string, differences []Difference) {
	switch {
	case s.UDP != "":
		return p.datagramStep(s)
	case s.Wait > 0:
		time.Sleep(milliseconds(s.Wait))
		return "wait", nil
	case s.Request != nil:
		return s.Request.Method + " " + s.Request.Path, s.repeat(func() []Difference { return p.ask(s) })
	case s.Open != nil:
		return s.Connection + " open", p.open(s, raw)
	}
	c := p.connections[s.Connection]
	if c == nil {
		return s.Connection, differ("the case opened no such connection")
	}
	switch {
	case s.Call != nil:
		return s.Connection + " " + s.Call.Type, s.repeat(func() []Difference { return c.call(s) })
	case s.Send != nil:
		return s.Connection + " send " + s.Send.Type, failed(c.send(*s.Send))
	case s.Push != nil:
		return s.Connection + " push " + s.Push.Type, p.push(c, s)
	case s.Quiet > 0:
		return s.Connection + " quiet", c.quiet(milliseconds(s.Quiet))
	case s.Ended != nil:
		return s.Connection + " ended", c.ended(*s.Ended, milliseconds(s.Until))
	case string(s.Close) == "true":
		c.close()
	case string(s.Close) == `"half"`:
		return s.Connection + " close", failed(c.halfClose())
	case string(s.Close) == `"abort"`:
		return s.Connection + " close", failed(c.abort())
	default:
		return s.Connection, failed(errors.New("a step of no known kind"))
	}
	return s.Connection + " close", nil
}

// repeat tries until nothing differs or the step's time is over.
func (s step) repeat(try func() []Difference) []Difference {
	deadline := time.Now().Add(milliseconds(s.Until))
	for {
		differences := try()
		if len(differences) == 0 || !time.Now().Before(deadline) {
			return differences
		}
		time.Sleep(pause)
	}
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }
