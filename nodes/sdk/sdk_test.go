package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/anypb"

	"muster/model"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

var orders = model.Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: "orders"}

// newHandlers has handlers whose Raft group agrees to anything at once. Requests outside of a server come from the connection of no
// name, which is set up.
func newHandlers() handlers {
	state := registry.New(registry.Options{})
	state.Connect(registry.Connection{})
	return handlers{Options{Registry: state, Log: slog.New(slog.DiscardHandler), Propose: func(_ context.Context, command registry.Command) error {
		text, err := command.Encode()
		if err != nil {
			return err
		}
		refusal, _ := state.ApplyCommand(text).(error)
		return refusal
	}}}
}

// ask decodes a request and has it answered.
func ask[Request, Response any](t *testing.T, answer func(context.Context, *Request) (Response, error), body string) (string, error) {
	request := new(Request)
	require.NoError(t, json.Unmarshal([]byte(body), request))
	response, err := answer(t.Context(), request)
	encoded, encodeErr := rpc.Encode(response)
	require.NoError(t, encodeErr)
	return string(encoded.GetBody().GetValue()), err
}

const ofOrders = `"namespace":"public","groupName":"DEFAULT_GROUP","serviceName":"orders"`

func TestRegister(t *testing.T) {
	h := newHandlers()
	body, err := ask(t, h.instance, `{`+ofOrders+`,"type":"registerInstance","instance":{"ip":"10.1.0.1","port":"80"}}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"resultCode":200,"errorCode":0,"success":true,"type":"registerInstance"}`, body)
	hosts := h.options.Registry.FreshView(orders).Hosts
	require.Len(t, hosts, 1)
	require.Equal(t, registry.Host{Published: &registry.Published{InstanceID: "10.1.0.1#80#null#DEFAULT_GROUP@@orders", IP: "10.1.0.1", Port: 80,
		Weight: 1, Healthy: true, Enabled: true, Cluster: "DEFAULT"}, Ephemeral: true}, *hosts[0])

	// Whatever service an instance names is in its id.
	_, err = ask(t, h.instance, `{`+ofOrders+`,"type":"registerInstance","instance":{"ip":"10.1.0.1","port":"80","clusterName":"a","serviceName":"bills"}}`)
	require.NoError(t, err)
	require.Equal(t, "10.1.0.1#80#a#bills", h.options.Registry.FreshView(orders).Hosts[0].InstanceID)

	_, err = ask(t, h.batch, `{`+ofOrders+`,"type":"batchRegisterInstance","instances":[{"ip":"a"},{"ip":"b","clusterName":"c_1"}]}`)
	require.NoError(t, err)
	require.Len(t, h.options.Registry.FreshView(orders).Hosts, 2)
	_, err = ask(t, h.persistent, `{`+ofOrders+`,"type":"registerInstance","instance":{"ip":"a"}}`)
	require.Equal(t, &rpc.Error{Code: 400, Message: "errCode: 400, errMsg: Current service DEFAULT_GROUP@@orders is ephemeral service, " +
		"can't register persistent instance. "}, err)
	_, err = ask(t, h.instance, `{`+ofOrders+`,"type":"deregisterInstance","instance":{}}`)
	require.NoError(t, err)
	require.Empty(t, h.options.Registry.FreshView(orders).Hosts)
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       rpc.Error
	}{
		{"no type", `{` + ofOrders + `,"instance":{}}`, rpc.Error{Code: 500, Message: nullType}},
		{"another type", `{` + ofOrders + `,"type":"x","instance":{}}`, rpc.Error{Code: 400, Message: "Unsupported request type x"}},
		{"no instance", `{` + ofOrders + `,"type":"registerInstance"}`, rpc.Error{Code: 400, Message: "Instance can not be null."}},
		{"no service", `{"groupName":"g","type":"registerInstance"}`, rpc.Error{Code: 500, Message: "Param 'serviceName' is illegal, serviceName is blank"}},
		{"no group", `{"serviceName":"s","type":"registerInstance"}`, rpc.Error{Code: 500, Message: "Param 'groupName' is illegal, groupName is blank"}},
		{"no namespace", `{"groupName":"g","serviceName":"s","type":"registerInstance","instance":{}}`, rpc.Error{Code: 500}},
		{"cluster", `{` + ofOrders + `,"type":"registerInstance","instance":{"clusterName":"a_b"}}`,
			rpc.Error{Code: 400, Message: "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: a_b)"}},
		{"times", `{` + ofOrders + `,"type":"registerInstance","instance":{"metadata":{"preserved.heart.beat.timeout":"1"}}}`,
			rpc.Error{Code: 400, Message: "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'."}},
		{"weight", `{` + ofOrders + `,"type":"registerInstance","instance":{"weight":"NaN"}}`,
			rpc.Error{Code: 400, Message: "errCode: 400, errMsg: want a finite number as weight, not NaN "}},
		{"generator", `{` + ofOrders + `,"type":"registerInstance","instance":{"metadata":{"preserved.instance.id.generator":"x"}}}`,
			rpc.Error{Code: 500, Message: "The InstanceIdGenerator type is not found "}},
	} {
		h := newHandlers()
		_, err := ask(t, h.instance, test.body)
		require.Equal(t, &test.want, err, test.name)
		require.Empty(t, h.options.Registry.Services("public"), test.name)
	}
	h := newHandlers()
	body, err := ask(t, h.instance, `{`+ofOrders+`,"type":"registerInstance","instance":{"port":65536}}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"resultCode":500,"errorCode":400,"success":false,
		"message":"Param check invalid:Param 'port' is illegal, the value should be between 0 and 65535."}`, body)
	body, err = ask(t, h.query, `{`+ofOrders+`,"udpPort":-1}`)
	require.NoError(t, err)
	require.Contains(t, body, "Param 'port' is illegal")
	for given, want := range map[string]rpc.Error{
		``:                                {Code: 500, Message: nullType},
		`,"type":"x"`:                     {Code: 400, Message: "Unsupported request type x"},
		`,"type":"` + batchRegister + `"`: {Code: 500, Message: nullInstances},
	} {
		_, err = ask(t, h.batch, `{`+ofOrders+given+`}`)
		require.Equal(t, &want, err, given)
	}
	h.options.Registry.Disconnect("")
	_, err = ask(t, h.subscribe, `{`+ofOrders+`,"subscribe":true}`)
	require.Equal(t, &rpc.Error{Code: -401,
		Message: "errCode: -401, errMsg: Client [] connection already disconnect, can't register ephemeral instance. "}, err)
}

func TestPages(t *testing.T) {
	h := newHandlers()
	for _, name := range []string{"a", "b", "c"} {
		_, err := ask(t, h.instance, `{"namespace":"public","groupName":"g","serviceName":"`+name+`","type":"registerInstance","instance":{}}`)
		require.NoError(t, err)
	}
	for _, test := range []struct{ page, names string }{
		{`"pageNo":1,"pageSize":2`, `["a","b"]`}, {`"pageNo":2,"pageSize":2`, `["c"]`}, {`"pageNo":9,"pageSize":2`, `[]`},
		{`"pageNo":-1,"pageSize":2`, `["a","b"]`}, {`"pageNo":1,"pageSize":0`, `[]`}, {`"pageNo":2147483647,"pageSize":2147483647`, `[]`},
	} {
		body, err := ask(t, h.list, `{"namespace":"public","groupName":"g",`+test.page+`}`)
		require.NoError(t, err)
		require.JSONEq(t, `{"resultCode":200,"errorCode":0,"success":true,"count":3,"serviceNames":`+test.names+`}`, body, test.page)
	}
	_, err := ask(t, h.list, `{"namespace":"public","groupName":"g","pageSize":-1}`)
	require.Equal(t, &rpc.Error{Code: 500, Message: "fromIndex(0) > toIndex(-1)"}, err)
}

// A registration that is read quickly is read as encoding/json reads it.
func FuzzPlainRegistration(f *testing.F) {
	for _, body := range plainRegistrations {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"instance":{"Port":1,"ports":2},"instance":{"weight":null},"TYPE":"x","type":1}`))
	f.Add([]byte(`{"instance":{"metadata":{"a":"b"},"metadata":{"c":1}},"namespace":"ü"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var got, want InstanceRequest
		if !got.ReadPlain(body) {
			require.Zero(t, got)
			return
		}
		require.NoError(t, json.Unmarshal(body, &want), "%s", body)
		require.Equal(t, want, got)
	})
}

// plainRegistrations are as the SDKs for Go and for Java send them.
var plainRegistrations = []string{
	`{"module":"naming","namespace":"public","serviceName":"orders","groupName":"DEFAULT_GROUP","headers":{"app":"unknown"},"requestId":"",` +
		`"type":"registerInstance","instance":{"instanceId":"","ip":"10.1.0.1","port":80,"weight":1,"healthy":true,"enabled":true,` +
		`"ephemeral":true,"clusterName":"DEFAULT","serviceName":"DEFAULT_GROUP@@orders","metadata":{"zone":"a"},"instanceHeartBeatInterval":0,` +
		`"ipDeleteTimeout":0,"instanceHeartBeatTimeOut":0}}`,
	`{"headers":{},"namespace":"public","serviceName":"orders","groupName":"DEFAULT_GROUP","type":"deregisterInstance","instance":{"ip":"10.1.0.1",` +
		`"port":80,"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"","metadata":{},"instanceIdGenerator":"simple"},` +
		`"module":"naming"}`,
}

func TestRegistrationsOfSDKsArePlain(t *testing.T) {
	for _, body := range plainRegistrations {
		var got, want InstanceRequest
		require.True(t, got.ReadPlain([]byte(body)))
		require.NoError(t, json.Unmarshal([]byte(body), &want))
		require.Equal(t, want, got)
	}
	// No field is taken for a foreign one, which would be left out.
	for within, fields := range map[string]reflect.Type{
		`{"%s":1}`: reflect.TypeFor[InstanceRequest](), `{"%s": 1}`: reflect.TypeFor[named](), `{"instance":{"%s":1}}`: reflect.TypeFor[instance](),
	} {
		for i := range fields.NumField() {
			if name := fields.Field(i).Tag.Get("json"); name != "" {
				require.False(t, new(InstanceRequest).ReadPlain(fmt.Appendf(nil, within, strings.ToUpper(name))), name)
			}
		}
	}
}

func FuzzRequests(f *testing.F) {
	f.Add([]byte(`{` + ofOrders + `,"type":"registerInstance","instance":{"ip":"10.1.0.1","port":80,"metadata":{"k":"v"}}}`))
	f.Add([]byte(`{` + ofOrders + `,"type":"batchRegisterInstance","instances":[{"ip":"a"},{}]}`))
	f.Add([]byte(`{` + ofOrders + `,"subscribe":true,"clusters":"c1,c2"}`))
	f.Add([]byte(`{"namespace":"","groupName":null,"pageNo":-9,"pageSize":"7","cluster":[],"healthyOnly":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		h := newHandlers()
		answerFuzzed(t, h.instance, body)
		answerFuzzed(t, h.persistent, body)
		answerFuzzed(t, h.batch, body)
		answerFuzzed(t, h.query, body)
		answerFuzzed(t, h.list, body)
		answerFuzzed(t, h.subscribe, body)
	})
}

// answerFuzzed answers a request if its body can be read: with an error, or with what can be written.
func answerFuzzed[Request, Response any](t *testing.T, answer func(context.Context, *Request) (Response, error), body []byte) {
	request := new(Request)
	if json.Unmarshal(body, request) != nil {
		return
	}
	if response, err := answer(t.Context(), request); err == nil {
		encoded, err := rpc.Encode(response)
		require.NoError(t, err)
		require.True(t, json.Valid(encoded.GetBody().GetValue()))
	}
}

func TestObjectsOfABatch(t *testing.T) {
	for text, want := range map[string]int{
		``: 0, `{}`: 1, `{"a":[{},{"b":{}}]}`: 4, `{"a":"{{{"}`: 1, `{"a":"\"{","b":{}}`: 2, `{"a":"\\"},{`: 2, `"\`: 0,
	} {
		require.Equal(t, want, objects([]byte(text)), text)
	}
	request := new(BatchInstanceRequest)
	require.NoError(t, request.Bound([]byte(`{"instances":[`+strings.Repeat(`{"metadata":{}},`, maxBatch)+`{}]}`)))
	require.ErrorContains(t, request.Bound([]byte(`{"instances":[`+strings.Repeat(`{},`, 5*maxBatch)+`{}]}`)), "want at most 10000 instances in a batch")
	refused, err := answered(t, strings.Repeat(`{},`, 5*maxBatch)+`{}`)
	require.NoError(t, err)
	require.Contains(t, refused, "want at most 10000 instances in a batch")
}

// answered is what a node answers to a batch.
func answered(t *testing.T, instances string) (string, error) {
	server := rpc.NewServer(slog.New(slog.DiscardHandler))
	rpc.Handle(server, newHandlers().batch)
	answer, err := server.Answer(t.Context(), &rpc.Payload{
		Metadata: &rpc.Metadata{Type: rpc.TypeName(BatchInstanceRequest{})}, Body: &anypb.Any{Value: []byte(`{"instances":[` + instances + `]}`)},
	})
	return string(answer.GetBody().GetValue()), err
}
