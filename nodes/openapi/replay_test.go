package openapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// recording is one case that a real Nacos 2.5.1 cluster of three answered.
type recording struct {
	ID    string `json:"id"`
	About string `json:"about"`
	// Members are the addresses for which alone the case holds, because responsibility goes by their hash.
	Members string `json:"members"`
	Steps   []step `json:"steps"`
}

// step is a request with its answer, or a time to wait.
type step struct {
	Wait     int            `json:"wait_ms"`
	Node     int            `json:"node"`
	Request  recordedAsk    `json:"request"`
	Response recordedAnswer `json:"response"`
	// Volatile are JSON pointers, * for any index, to values of which only the type is compared. Unordered are arrays that are
	// sets.
	Volatile     []string `json:"volatile"`
	Unordered    []string `json:"unordered"`
	TextVolatile bool     `json:"text_volatile"`
	// Until: repeat the request until the answer matches, for so long.
	Until int `json:"until_ms"`
}

type recordedAsk struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   map[string]string `json:"query"`
	Form    map[string]string `json:"form"`
	Headers map[string]string `json:"headers"`
	Body    *string           `json:"body"`
}

type recordedAnswer struct {
	Status      int             `json:"status"`
	ContentType json.RawMessage `json:"content_type,omitempty"`
	Text        string          `json:"text"`
	JSON        json.RawMessage `json:"json,omitempty"`
}

// player replays recordings against a cluster.
type player struct {
	nodes  []string
	client *http.Client
}

func newPlayer(nodes []string) player {
	return player{nodes: nodes, client: &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		Timeout:       15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// play runs a case and returns how the answers differ from the recorded ones.
func (p player) play(c recording) []string {
	var found []string
	for number, s := range c.Steps {
		if s.Wait > 0 {
			time.Sleep(time.Duration(s.Wait) * time.Millisecond)
			continue
		}
		deadline := time.Now().Add(time.Duration(s.Until) * time.Millisecond)
		for {
			differences := p.try(s)
			if len(differences) == 0 {
				break
			}
			if !time.Now().Before(deadline) {
				for _, d := range differences {
					found = append(found, fmt.Sprintf("step %d %s %s: %s", number, s.Request.Method, s.Request.Path, d))
				}
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	return found
}

// try sends a step's request once.
func (p player) try(s step) []string {
	request, err := p.request(s)
	if err != nil {
		return []string{err.Error()}
	}
	response, err := p.client.Do(request)
	if err != nil {
		return []string{err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return []string{err.Error()}
	}
	return s.compare(response, body)
}

func (p player) request(s step) (*http.Request, error) {
	target := "http://" + p.nodes[s.Node] + s.Request.Path
	if len(s.Request.Query) > 0 {
		target += "?" + encode(s.Request.Query)
	}
	var body io.Reader
	kind := ""
	if s.Request.Form != nil {
		body, kind = strings.NewReader(encode(s.Request.Form)), "application/x-www-form-urlencoded"
	} else if s.Request.Body != nil {
		body = strings.NewReader(*s.Request.Body)
	}
	request, err := http.NewRequest(s.Request.Method, target, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	for name, value := range s.Request.Headers {
		request.Header.Set(name, value)
	}
	return request, nil
}

func encode(parameters map[string]string) string {
	values := url.Values{}
	for name, value := range parameters {
		values.Set(name, value)
	}
	return values.Encode()
}

// compare says how an answer differs from the recorded one.
func (s step) compare(response *http.Response, body []byte) []string {
	var found []string
	if response.StatusCode != s.Response.Status {
		found = append(found, fmt.Sprintf("status %d recorded, got %d", s.Response.Status, response.StatusCode))
	}
	if len(s.Response.ContentType) > 0 {
		var want string
		if json.Unmarshal(s.Response.ContentType, &want) != nil {
			want = "" // null: no content type
		}
		if got := response.Header.Get("Content-Type"); media(want) != media(got) {
			found = append(found, fmt.Sprintf("content type %q recorded, got %q", want, got))
		}
	}
	switch {
	case s.Response.JSON != nil:
		var got any
		if err := decodeNumbers(body, &got); err != nil {
			return append(found, fmt.Sprintf("JSON recorded, got %.200q", body))
		}
		var want any
		if err := decodeNumbers(s.Response.JSON, &want); err != nil {
			return append(found, err.Error())
		}
		differ := comparison{volatile: s.Volatile, unordered: s.Unordered}
		differ.values(want, got, "")
		found = append(found, differ.found...)
	case !s.TextVolatile && s.Response.Text != string(body):
		found = append(found, fmt.Sprintf("%.200q recorded, got %.200q", s.Response.Text, body))
	}
	return found
}

func media(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return kind
}

func decodeNumbers(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// comparison gathers the differences between two JSON values.
type comparison struct {
	volatile, unordered []string
	found               []string
}

func (c *comparison) values(want, got any, at string) {
	if matches(c.volatile, at) {
		if kind(want) != kind(got) {
			c.add(at, kind(want), kind(got))
		}
		return
	}
	switch want := want.(type) {
	case map[string]any:
		if got, same := got.(map[string]any); same {
			c.objects(want, got, at)
			return
		}
	case []any:
		if got, same := got.([]any); same {
			c.arrays(want, got, at)
			return
		}
	case json.Number:
		if got, same := got.(json.Number); same && kind(want) == kind(got) {
			a, _ := want.Float64()
			b, _ := got.Float64()
			if a == b {
				return
			}
		}
	default:
		if want == got {
			return
		}
	}
	c.add(at, want, got)
}

func (c *comparison) objects(want, got map[string]any, at string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if value, present := got[name]; present {
			c.values(want[name], value, at+"/"+name)
		} else {
			c.add(at+"/"+name, want[name], "(absent)")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, recorded := want[name]; !recorded {
			c.add(at+"/"+name, "(absent)", got[name])
		}
	}
}

func (c *comparison) arrays(want, got []any, at string) {
	if matches(c.unordered, at) {
		want, got = c.sorted(want, at), c.sorted(got, at)
	}
	if len(want) != len(got) {
		c.add(at, fmt.Sprintf("%d items", len(want)), fmt.Sprintf("%d items", len(got)))
	}
	for i := range min(len(want), len(got)) {
		c.values(want[i], got[i], fmt.Sprintf("%s/%d", at, i))
	}
}

// sorted orders a set by its members' scalar fields that are not volatile.
func (c *comparison) sorted(set []any, at string) []any {
	key := func(member any) string {
		fields := map[string]any{}
		if object, isObject := member.(map[string]any); isObject {
			for name, value := range object {
				switch value.(type) {
				case map[string]any, []any:
				default:
					if !slices.Contains(c.volatile, at+"/*/"+name) {
						fields[name] = value
					}
				}
			}
			member = fields
		}
		text, err := json.Marshal(member)
		if err != nil {
			return ""
		}
		return string(text)
	}
	set = slices.Clone(set)
	slices.SortFunc(set, func(a, b any) int { return strings.Compare(key(a), key(b)) })
	return set
}

func (c *comparison) add(at string, want, got any) {
	c.found = append(c.found, fmt.Sprintf("%s: %.200v recorded, got %.200v", at, want, got))
}

// matches says whether one of the patterns is about a place in a JSON value.
func matches(patterns []string, at string) bool {
	for _, pattern := range patterns {
		expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, "[^/]+")
		if matched, err := regexp.MatchString("^"+expression+"$", at); err == nil && matched {
			return true
		}
	}
	return false
}

// kind is a JSON value's type; whole numbers and others are two.
func kind(value any) string {
	if n, isNumber := value.(json.Number); isNumber {
		if strings.ContainsAny(n.String(), ".eE") {
			return "float"
		}
		return "integer"
	}
	return fmt.Sprintf("%T", value)
}
