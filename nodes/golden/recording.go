package golden

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Case is one exchange that was recorded.
type Case struct {
	ID    string `json:"id"`
	About string `json:"about"`
	// Members, if not empty, says that the case holds for a cluster of three only, because it matters which of them is responsible, which is
	// decided by their number and order, or what one knows and another does not.
	Members string `json:"members"`
	// Steps are read one by one as they are played, since they may refer to what came before.
	Steps []json.RawMessage `json:"steps"`
}

// nodes is how many nodes the case asks.
func (c Case) nodes() int {
	most := 0
	for _, raw := range c.Steps {
		var asked struct {
			Node int `json:"node"`
		}
		if json.Unmarshal(raw, &asked) == nil {
			most = max(most, asked.Node)
		}
	}
	return most + 1
}

// recordings are the files of recorded cases, and the lists of differences that are meant.
//
//go:embed recordings
var recordings embed.FS

const (
	folder        = "recordings"
	fileEnd       = ".json"
	nacos1        = "nacos1"
	withAccounts  = "auth"
	accountsFile  = "accounts"
	differenceEnd = ".md"
)

// Files names the files of recordings that a cluster of a profile is held against, in a fixed order: nacos1, nacos2, or auth for nacos2
// with the accounts of Accounts.
func Files(profile string) []string {
	entries, err := recordings.ReadDir(folder)
	if err != nil {
		panic(err) // they are part of the program
	}
	var names []string
	for _, entry := range entries {
		name, isFile := strings.CutSuffix(entry.Name(), fileEnd)
		if isFile && profileOf(name) == profile {
			names = append(names, name)
		}
	}
	return names
}

// profileOf is that of a file of recordings.
func profileOf(name string) string {
	for _, profile := range []string{nacos1, withAccounts} {
		if strings.HasPrefix(name, profile) {
			return profile
		}
	}
	return "nacos2"
}

// Accounts is the file of accounts, as a node reads it, that the clusters of the recordings auth had.
func Accounts() []byte {
	text, err := recordings.ReadFile(folder + "/" + accountsFile)
	if err != nil {
		panic(err) // it is part of the program
	}
	return text
}

// Read reads one of the files.
func Read(file string) ([]Case, error) {
	content, err := recordings.ReadFile(folder + "/" + file + fileEnd)
	if err != nil {
		known := slices.Concat(Files("nacos2"), Files(nacos1), Files(withAccounts))
		return nil, fmt.Errorf("there are no recordings %q: want one of %s", file, strings.Join(known, ", "))
	}
	var document struct {
		Cases []Case `json:"cases"`
	}
	if err := json.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("recordings %s: %w", file, err)
	}
	if len(document.Cases) == 0 {
		return nil, fmt.Errorf("recordings %s: no cases", file)
	}
	return document.Cases, nil
}

// Sometimes says of the reason of a meant difference that timing decides whether the case differs.
func Sometimes(reason string) bool { return strings.HasPrefix(reason, "Sometimes") }

// Meant are the cases in which the node of this house differs from the recorded one on purpose, as "file/case", with the reasons.
func Meant() map[string]string {
	entries, err := recordings.ReadDir(folder)
	if err != nil {
		panic(err) // they are part of the program
	}
	reasons := map[string]string{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), differenceEnd) {
			continue
		}
		text, err := recordings.ReadFile(folder + "/" + entry.Name())
		if err != nil {
			panic(err)
		}
		for line := range strings.Lines(string(text)) {
			if cells := strings.Split(line, "|"); len(cells) > 3 && strings.Contains(cells[1], "/") {
				reasons[strings.Trim(cells[1], " `")] = strings.TrimSpace(cells[2])
			}
		}
	}
	return reasons
}

// step is one of: a time to wait, an HTTP request with its answer, something on a gRPC connection, or on a UDP socket.
type step struct {
	Wait int `json:"wait_ms"`
	Node int `json:"node"`
	// UDP names the socket that the step is about; what it does stands in Datagrams and the fields of comparison alone.
	UDP       string     `json:"udp"`
	Datagrams *datagrams `json:"-"`
	// Request is an HTTP request.
	Request *httpRequest `json:"request"`
	// Connection names the gRPC connection that all of the following are about.
	Connection string          `json:"conn"`
	Open       *opening        `json:"open"`
	Call       *message        `json:"grpc"`
	Send       *message        `json:"send"`
	Push       *message        `json:"push"`
	Quiet      int             `json:"quiet_ms"`
	Ended      *ending         `json:"ended"`
	Close      json.RawMessage `json:"close"`

	Response     answer `json:"response"`
	TextVolatile bool   `json:"text_volatile"`
	// Until: repeat the request until the answer matches, or wait for what is to come, for so long.
	Until int `json:"until_ms"`
	comparing
}

// comparing says how JSON is compared with what was recorded. Volatile are JSON pointers, * for any index, to values of which only the
// type is compared. Unordered are arrays that are sets.
type comparing struct {
	Volatile  []string `json:"volatile"`
	Unordered []string `json:"unordered"`
}

type httpRequest struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   parameters        `json:"query"`
	Form    parameters        `json:"form"`
	Headers map[string]string `json:"headers"`
	Body    *string           `json:"body"`
}

// parameters are texts; a recording may have them as JSON numbers.
type parameters map[string]string

// UnmarshalJSON takes a number for the text that it is written as.
func (p *parameters) UnmarshalJSON(text []byte) error {
	var values map[string]any
	if err := decodeNumbers(text, &values); err != nil {
		return err
	}
	if values == nil {
		return nil
	}
	*p = make(parameters, len(values))
	for name, value := range values {
		switch value := value.(type) {
		case string:
			(*p)[name] = value
		case json.Number:
			(*p)[name] = value.String()
		default:
			return fmt.Errorf("parameter %q is a %T: want a text or a number", name, value)
		}
	}
	return nil
}

// opening says how a client connects.
type opening struct {
	// Setup is its ConnectionSetupRequest: usualSetup if absent; null: neither setup nor stream.
	Setup json.RawMessage `json:"setup"`
	// Silent are the types of requests that it does not answer; * for all.
	Silent []string `json:"silent"`
}

const usualSetup = `{"clientVersion":"Nacos-Java-Client:v2.5.1","tenant":"","labels":{"source":"sdk","module":"naming"},"abilityTable":{}}`

// message is a gRPC payload.
type message struct {
	Type string          `json:"type"`
	JSON json.RawMessage `json:"json"`
	// Body is sent as it is instead of JSON.
	Body         *string           `json:"body"`
	ClientIP     string            `json:"client_ip"`
	Headers      map[string]string `json:"headers"`
	NoMetadata   bool              `json:"no_metadata"`
	PayloadBytes int               `json:"payload_bytes"`
	// Method is /Request/request if empty.
	Method string `json:"method"`
}

type ending struct {
	Code string `json:"code"`
}

// answer is what was recorded: of HTTP a status with a text or JSON, of gRPC a type with JSON, or the code of a call that failed.
type answer struct {
	Status      int             `json:"status"`
	ContentType json.RawMessage `json:"content_type"`
	Text        string          `json:"text"`
	JSON        json.RawMessage `json:"json"`
	Type        string          `json:"type"`
	Code        string          `json:"code"`
}

// names are what ${…} in a step stands for.
type names map[string]string

func (p *Player) newNames() names {
	n := names{"run": fmt.Sprintf("r%07x", rand.Uint32N(1<<28))}
	for i := range members {
		n[fmt.Sprintf("node:%d", i)] = p.node(i)
	}
	return n
}

// read puts the names into a step and decodes it.
func (n names) read(raw json.RawMessage) (step, error) {
	text := string(raw)
	if number, known := n[lastRefTime]; known { // a number, though it stands in quotes
		text = strings.ReplaceAll(text, `"${`+lastRefTime+`}"`, number)
	}
	for name, value := range n {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	var kind struct {
		UDP string `json:"udp"`
		comparing
	}
	err := json.Unmarshal([]byte(text), &kind)
	s := step{UDP: kind.UDP, comparing: kind.comparing}
	var into any = &s
	if s.UDP != "" {
		s.Datagrams = new(datagrams)
		into = s.Datagrams
	}
	if err := errors.Join(err, json.Unmarshal([]byte(text), into)); err != nil {
		return s, fmt.Errorf("step %.200s: %w", text, err)
	}
	return s, nil
}
