package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"

	"muster/nodes/registry"
)

// verdict of one check.
type verdict int

const (
	// passed: the instance is as it should be.
	passed verdict = iota
	// failed: it is not, this time.
	failed
	// refused: it certainly is not.
	refused
)

// finding is what a check found.
type finding struct {
	verdict verdict
	// busy: there was no answer in time, or one that asks for patience.
	busy bool
	// text says it in words, for the log.
	text string
}

// checker looks at one instance.
type checker func(ctx context.Context, ip string, port int) finding

// checker makes the check that the settings ask for; nil where nothing is to be checked.
func (p *Prober) checker(settings registry.HealthChecker) checker {
	switch settings.Type {
	case "TCP":
		return p.checkTCP
	case "HTTP":
		return func(ctx context.Context, ip string, port int) finding { return p.checkHTTP(ctx, settings, ip, port) }
	case "MYSQL":
		return func(ctx context.Context, ip string, port int) finding { return p.checkMySQL(ctx, settings, ip, port) }
	}
	return nil
}

// hostPort joins an address. Instances' IPv6 addresses may come in brackets.
func hostPort(ip string, port int) string {
	return net.JoinHostPort(strings.Trim(ip, "[]"), strconv.Itoa(port))
}

// checkTCP connects, and says nothing (Nacos: TcpHealthCheckProcessor).
func (p *Prober) checkTCP(ctx context.Context, ip string, port int) finding {
	connection, err := p.options.Dial(ctx, "tcp", hostPort(ip, port))
	if err != nil {
		return unreachable(err)
	}
	connection.Close()
	return finding{passed, false, "connected"}
}

// unreachable tells a refused connection, which leaves no doubt, from others that may be the network's fault.
func unreachable(err error) finding {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return finding{refused, false, err.Error()}
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return finding{failed, true, err.Error()}
	}
	return finding{failed, false, err.Error()}
}

// userAgent is what HTTP checks call themselves (Nacos: HttpClientManager, ProcessorHttpClientFactory).
const userAgent = "VIPServer"

// checkHTTP asks for a path and looks at the status alone (Nacos: HttpHealthCheckProcessor). Nacos keeps the setting
// expectedResponseCode and goes by 200 all the same; here it counts.
func (p *Prober) checkHTTP(ctx context.Context, settings registry.HealthChecker, ip string, port int) finding {
	target, err := (&url.URL{Scheme: "http", Host: hostPort(ip, port), Path: "/"}).Parse(text(settings, "path"))
	if err != nil {
		return finding{failed, false, fmt.Sprintf("the path %q of the check: %v", text(settings, "path"), err)}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return finding{failed, false, err.Error()}
	}
	request.Header.Set("User-Agent", userAgent)
	for name, value := range headers(text(settings, "headers")) {
		request.Header.Set(name, value)
		if strings.EqualFold(name, "host") {
			request.Host = value
		}
	}
	transport := &http.Transport{DialContext: p.options.Dial, DisableKeepAlives: true}
	response, err := transport.RoundTrip(request) // which follows no redirections
	if err != nil {
		return unreachable(err)
	}
	_, _ = io.CopyN(io.Discard, response.Body, 1<<16) // so that the server is not cut off in the middle of a word
	response.Body.Close()
	switch code := response.StatusCode; {
	case code == expectedCode(settings):
		return finding{passed, false, response.Status}
	case code == http.StatusServiceUnavailable, code == http.StatusFound:
		return finding{failed, true, response.Status}
	}
	return finding{refused, false, response.Status}
}

// expectedCode is the status that an HTTP check asks for.
func expectedCode(settings registry.HealthChecker) int {
	if code, err := strconv.Atoi(text(settings, "expectedResponseCode")); err == nil {
		return code
	}
	return http.StatusOK
}

// headers reads "name:value|name:value" (Nacos: Http.getCustomHeaders).
func headers(text string) map[string]string {
	list := map[string]string{}
	for _, header := range strings.Split(text, "|") {
		if name, value, found := strings.Cut(header, ":"); found && strings.TrimSpace(name) != "" {
			list[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return list
}

// text is a setting, whether it was given as text or as a number; "" if it was not given.
func text(settings registry.HealthChecker, name string) string {
	raw := settings.Settings[name]
	var value string
	if json.Unmarshal(raw, &value) == nil {
		return value
	}
	return string(raw)
}
