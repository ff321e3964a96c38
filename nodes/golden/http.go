package golden

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const authorization = "Authorization"

// ask sends a step's HTTP request once.
func (p *play) ask(s step) []Difference {
	request, err := s.Request.on(p.player.node(s.Node))
	if err != nil {
		return failed(err)
	}
	token, err := p.player.token()
	if err != nil {
		return failed(err)
	}
	if token != "" && request.Header.Get(authorization) == "" {
		request.Header.Set(authorization, "Bearer "+token)
	}
	response, err := p.player.client.Do(request)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return failed(err)
	}
	return s.compareHTTP(response, body)
}

func (r httpRequest) on(node string) (*http.Request, error) {
	target := "http://" + node + r.Path
	if len(r.Query) > 0 {
		target += "?" + encode(r.Query)
	}
	var body io.Reader
	kind := ""
	if r.Form != nil {
		body, kind = strings.NewReader(encode(r.Form)), "application/x-www-form-urlencoded"
	} else if r.Body != nil {
		body = strings.NewReader(*r.Body)
	}
	request, err := http.NewRequest(r.Method, target, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	for name, value := range r.Headers {
		request.Header.Set(name, value)
	}
	return request, nil
}

func encode(given parameters) string {
	values := url.Values{}
	for name, value := range given {
		values.Set(name, value)
	}
	return values.Encode()
}

func (s step) compareHTTP(response *http.Response, body []byte) []Difference {
	var found []Difference
	want := s.Response
	if response.StatusCode != want.Status {
		found = append(found, Difference{
			Text:  fmt.Sprintf("status %d recorded, got %d", want.Status, response.StatusCode),
			Minor: sameOutcome(want.Status, response.StatusCode),
		})
	}
	if len(want.ContentType) > 0 {
		var kind string
		if json.Unmarshal(want.ContentType, &kind) != nil {
			kind = "" // null: no content type
		}
		if got := response.Header.Get("Content-Type"); media(kind) != media(got) {
			found = append(found, minor("content type %q recorded, got %q", kind, got)...)
		}
	}
	acted := actedOn(s.Request.Path, want.Status)
	if want.JSON != nil {
		differences := s.json(want.JSON, body, acted)
		if want.Status != http.StatusOK && !json.Valid(body) && !hasCode(want.JSON) {
			differences = minor("JSON recorded, got %.200q", body)
		}
		return append(found, differences...)
	}
	if !s.TextVolatile && want.Text != string(body) {
		found = append(found, Difference{
			Text:  fmt.Sprintf("%.200q recorded, got %.200q", want.Text, body),
			Minor: want.Status != http.StatusOK,
		})
	}
	return found
}

// hasCode says whether a recorded refusal has a code that a client could read.
func hasCode(text json.RawMessage) bool {
	var refusal struct {
		Code *json.RawMessage `json:"code"`
	}
	return json.Unmarshal(text, &refusal) == nil && refusal.Code != nil
}

func media(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return kind
}
