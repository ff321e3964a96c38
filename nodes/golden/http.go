package golden

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// ask sends a step's HTTP request once.
func (p *play) ask(s step) []string {
	request, err := s.Request.on(p.player.nodes[s.Node])
	if err != nil {
		return failed(err)
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

func (s step) compareHTTP(response *http.Response, body []byte) []string {
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
	if s.Response.JSON != nil {
		return append(found, s.compareJSON(s.Response.JSON, body)...)
	}
	if !s.TextVolatile && s.Response.Text != string(body) {
		found = append(found, fmt.Sprintf("%.200q recorded, got %.200q", s.Response.Text, body))
	}
	return found
}

func media(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return kind
}
