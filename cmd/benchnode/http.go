package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"muster/model"
)

// httpConn is one connection to the HTTP API, kept alive. It is for one goroutine.
type httpConn struct {
	conn   net.Conn
	reader *bufio.Reader
	host   string
}

func dialHTTP(ctx context.Context, address string) (*httpConn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &httpConn{conn, bufio.NewReader(conn), address}, nil
}

// ask sends a request below /nacos/v1/ns and returns the answer's body, of a success.
func (c *httpConn) ask(method, path, query string) ([]byte, error) {
	const head = "%s /nacos/v1/ns/%s?%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: benchnode\r\nContent-Length: 0\r\n\r\n"
	if _, err := fmt.Fprintf(c.conn, head, method, path, query, c.host); err != nil {
		return nil, fmt.Errorf("send a request: %w", err)
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s?%s: %s: %s", method, path, query, answer.Status, body)
	}
	return body, nil
}

// register registers an instance.
func (c *httpConn) register(service model.Service, i model.Instance) error {
	query := url.Values{
		"serviceName": {service.Name}, "groupName": {service.Group}, "namespaceId": {service.Namespace},
		"ip": {i.IP}, "port": {strconv.Itoa(i.Port)}, "ephemeral": {strconv.FormatBool(i.Ephemeral)},
	}
	_, err := c.ask(http.MethodPost, "instance", query.Encode())
	return err
}

// query lists a service.
func (c *httpConn) query(service model.Service) ([]byte, error) {
	query := url.Values{"serviceName": {service.GroupedName()}, "namespaceId": {service.Namespace}}
	return c.ask(http.MethodGet, "instance/list", query.Encode())
}

func (c *httpConn) Close() error { return c.conn.Close() }
