package openapi

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"muster/nodes/loader"
	"muster/nodes/rpc"
)

// loaderPath is that of version 2, whose answers come without an envelope.
const loaderPath = "/v2/core/loader/"

// connectionJSON is a connection as operators see it (Nacos: core/remote/Connection).
type connectionJSON struct {
	Traced    bool              `json:"traced"`
	Abilities map[string]bool   `json:"abilityTable"`
	Meta      metaJSON          `json:"metaInfo"`
	Connected bool              `json:"connected"`
	Labels    map[string]string `json:"labels"`
	App       appJSON           `json:"appLabels"`
}

// metaJSON is what is known of a connection (Nacos: core/remote/ConnectionMeta).
type metaJSON struct {
	Type       string            `json:"connectType"`
	IP         string            `json:"clientIp"`
	Remote     string            `json:"remoteIp"`
	RemotePort int               `json:"remotePort"`
	LocalPort  int               `json:"localPort"`
	Version    string            `json:"version"`
	ID         string            `json:"connectionId"`
	Created    string            `json:"createTime"`
	LastActive int64             `json:"lastActiveTime"`
	AppName    string            `json:"appName"`
	Tenant     *string           `json:"tenant"`
	Labels     map[string]string `json:"labels"`
	TLS        bool              `json:"tlsProtected"`
	Cluster    bool              `json:"clusterSource"`
	Tag        *string           `json:"tag"`
	SDK        bool              `json:"sdkSource"`
	App        appJSON           `json:"appLabels"`
}

type appJSON struct {
	Version string  `json:"ClientVersion"`
	Name    *string `json:"AppName"`
}

// connectionShown describes a connection. Its id holds when and from where it came.
func (s *Server) connectionShown(c *rpc.Connection) connectionJSON {
	since, remote, _ := strings.Cut(c.ID, "_")
	remote, _, _ = strings.Cut(remote, "_")
	created, _ := strconv.ParseInt(since, 10, 64) // an id of the server's making
	app := appJSON{Version: c.ClientVersion}
	name := "-"
	if given, stated := c.Labels["AppName"]; stated {
		app.Name, name = &given, given
	}
	_, text, _ := net.SplitHostPort(s.options.Self)
	return connectionJSON{
		Abilities: map[string]bool{}, Connected: true, Labels: c.Labels, App: app, Meta: metaJSON{
			Type: "GRPC", IP: c.IP, Remote: remote, RemotePort: c.Port, LocalPort: number0(text) + rpc.SDKOffset, Version: c.ClientVersion, ID: c.ID,
			Created: time.UnixMilli(created).UTC().Format("2006-01-02T15:04:05.000-07:00"), LastActive: c.Heard().UnixMilli(), AppName: name,
			Labels: c.Labels, Cluster: c.Labels["source"] == "cluster", SDK: c.IsSDK(), App: app,
		},
	}
}

// connections is GET /v2/core/loader/current: this node's connections by their ids.
func (s *Server) connections(*request) (answer, *failure) {
	shown := map[string]connectionJSON{}
	for _, c := range s.options.Loader.Connections() {
		shown[c.ID] = s.connectionShown(c)
	}
	return shown, nil
}

// resetClient is GET /v2/core/loader/reloadClient: a client is asked to connect elsewhere. Whether it is one of this node's, and does,
// is not told.
func (s *Server) resetClient(r *request) (answer, *failure) {
	id, failed := r.oldNeed("connectionId")
	if failed != nil {
		return nil, failed
	}
	s.options.Loader.Reset(r.Context(), id, r.raw("redirectAddress"))
	return "success", nil
}

// remainClients is GET /v2/core/loader/reloadCurrent: all clients of this node but that many are asked to connect elsewhere.
func (s *Server) remainClients(r *request) (answer, *failure) {
	if !r.has("count") {
		return nil, r.restFailure("Required request parameter 'count' for method parameter type Integer is not present")
	}
	count, err := parseJavaInt(compact(r.raw("count")))
	if err != nil {
		return nil, r.restFailure("Failed to convert value of type 'java.lang.String' to required type 'java.lang.Integer'; " +
			"nested exception is java.lang.NumberFormatException: " + err.Error())
	}
	s.options.Loader.Remain(count, r.raw("redirectAddress"))
	return "success", nil
}

// balance is GET /v2/core/loader/smartReloadCluster: members with many clients send some to those with few.
func (s *Server) balance(r *request) (answer, *failure) {
	factor, failed := r.loaderFactor()
	if failed != nil {
		return nil, failed
	}
	if !s.options.Loader.Balance(r.Context(), factor) {
		return "fail", nil
	}
	return "Ok", nil
}

// loaderFactor is by how much members may differ from the average.
func (r *request) loaderFactor() (float64, *failure) {
	text := r.optional("loaderFactor", "")
	if text == "" {
		return loader.DefaultFactor, nil
	}
	factor, err := parseJavaDouble(text)
	if err != nil || factor-factor != 0 {
		return 0, r.restFailure(numberError(text).Error())
	}
	return factor, nil
}

// loads is GET /v2/core/loader/cluster: how many connections each member has.
func (s *Server) loads(r *request) (answer, *failure) {
	loads, all := s.options.Loader.Loads(r.Context())
	type line struct {
		Address string            `json:"address"`
		Metric  map[string]string `json:"metric"`
	}
	lines, total, least, most := []line{}, 0, 0, 0
	for i, load := range loads {
		lines = append(lines, line{load.Address, load.Metrics()})
		total += load.SDK
		most = max(most, load.SDK)
		if i == 0 || load.SDK < least {
			least = load.SDK
		}
	}
	average := loader.Average(loads)
	return struct {
		Total     int    `json:"total"`
		Min       int    `json:"min"`
		Average   int    `json:"avg"`
		Max       int    `json:"max"`
		Members   int    `json:"memberCount"`
		Metrics   int    `json:"metricsCount"`
		Threshold double `json:"threshold"`
		Detail    []line `json:"detail"`
		Completed bool   `json:"completed"`
	}{total, least, average, most, len(s.options.Members()), len(loads), double(float64(average) * 1.1), lines, all}, nil
}

// tableLoader lists the paths of version 2 that move connections.
func (s *Server) tableLoader() map[string]map[string]route {
	get := func(handle func(*request) (answer, *failure)) map[string]route {
		return map[string]route{http.MethodGet: {handle: handle}}
	}
	move := func(handle func(*request) (answer, *failure)) map[string]route {
		return map[string]route{http.MethodGet: {handle: handle, writes: true}}
	}
	return map[string]map[string]route{
		loaderPath + "current":            get(s.connections),
		loaderPath + "cluster":            get(s.loads),
		loaderPath + "reloadClient":       move(s.resetClient),
		loaderPath + "reloadCurrent":      move(s.remainClients),
		loaderPath + "smartReloadCluster": move(s.balance),
	}
}
