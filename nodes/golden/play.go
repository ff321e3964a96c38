package golden

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// plays is how often a case is played at most: a busy machine may be late.
	plays = 3
	// sideBySide is how many cases are played at once.
	sideBySide = 24
	// pause is how long to wait before a request is repeated.
	pause = 100 * time.Millisecond
)

// Player replays recordings. Make it with NewPlayer.
type Player struct {
	nodes  []string
	client *http.Client
}

// NewPlayer makes a player for a cluster at these HTTP addresses, "ip:port"; SDKs' ports are 1000 above.
func NewPlayer(nodes []string) *Player {
	return &Player{nodes: nodes, client: &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		Timeout:       15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// PlayAll plays cases side by side, for they wait most of the time. It returns by id how their answers differ; a case that holds for
// other members only was not played and is not among them. One that differs is played again, since a busy machine may be late, unless it
// is known to differ.
func (p *Player) PlayAll(cases []Case, known func(id string) bool) map[string][]string {
	var mu sync.Mutex
	differ := map[string][]string{}
	var all sync.WaitGroup
	slots := make(chan struct{}, sideBySide)
	for _, c := range cases {
		if c.Members != "" && c.Members != strings.Join(p.nodes, ",") {
			continue
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found := p.Play(c)
			for again := 1; len(found) > 0 && again < plays && !known(c.ID); again++ {
				found = p.Play(c)
			}
			mu.Lock()
			defer mu.Unlock()
			differ[c.ID] = found
		})
	}
	all.Wait()
	return differ
}

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
func (p *Player) Play(c Case) []string {
	run := &play{player: p, names: newNames(p.nodes), connections: map[string]*connection{}, sockets: map[string]*udpSocket{}, stepped: time.Now()}
	defer run.end()
	var found []string
	for number, raw := range c.Steps {
		s, err := run.names.read(raw)
		if err != nil {
			return append(found, err.Error())
		}
		what, differences := run.step(s, raw)
		run.stepped = time.Now()
		for _, d := range differences {
			found = append(found, fmt.Sprintf("step %d %s: %s", number, what, d))
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
func (p *play) step(s step, raw []byte) (what string, differences []string) {
	switch {
	case s.UDP != "":
		return p.datagramStep(s)
	case s.Wait > 0:
		time.Sleep(milliseconds(s.Wait))
		return "wait", nil
	case s.Request != nil:
		return s.Request.Method + " " + s.Request.Path, s.repeat(func() []string { return p.ask(s) })
	case s.Open != nil:
		return s.Connection + " open", p.open(s, raw)
	}
	c := p.connections[s.Connection]
	if c == nil {
		return s.Connection, []string{"the case opened no such connection"}
	}
	switch {
	case s.Call != nil:
		return s.Connection + " " + s.Call.Type, s.repeat(func() []string { return c.call(s) })
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
func (s step) repeat(try func() []string) []string {
	deadline := time.Now().Add(milliseconds(s.Until))
	for {
		differences := try()
		if len(differences) == 0 || !time.Now().Before(deadline) {
			return differences
		}
		time.Sleep(pause)
	}
}

func failed(err error) []string {
	if err == nil {
		return nil
	}
	return []string{err.Error()}
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }
