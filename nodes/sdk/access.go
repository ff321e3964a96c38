package sdk

import (
	"context"
	"errors"
	"net"
	"strings"

	"muster/model"
	"muster/nodes/auth"
	"muster/nodes/rpc"
)

// refuses says whether the caller may not do that with the service, and the result that tells so (Nacos: RemoteRequestAuthFilter).
func (h handlers) refuses(ctx context.Context, service named, action auth.Action) (rpc.Result, bool) {
	if !h.options.Auth.On() {
		return rpc.Result{}, false
	}
	resource := auth.Resource{Namespace: text(service.Namespace), Group: text(service.Group), Service: text(service.Service)}
	if resource.Group == "" {
		resource.Group = model.DefaultGroup
	}
	err := h.options.Auth.Permit(ctx, credentials(rpc.CallerOf(ctx)), action, resource)
	if err == nil {
		return rpc.Result{}, false
	}
	code := rpc.CodeServer
	var refusal auth.Refusal
	if errors.As(err, &refusal) {
		code = rpc.CodeForbidden
	}
	return rpc.Result{ResultCode: rpc.ResultFail, ErrorCode: code, Message: err.Error()}, true
}

// credentials are what a request shows in its headers.
func credentials(caller rpc.Caller) auth.Credentials {
	headers := caller.Headers
	token, borne := strings.CutPrefix(headers["Authorization"], "Bearer ")
	if !borne {
		token = headers["accessToken"]
	}
	return auth.Credentials{Token: token, Name: headers["username"], Password: headers["password"], From: host(caller.Address)}
}

// host is an address without its port.
func host(address net.Addr) string {
	if address == nil {
		return ""
	}
	ip, _, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	return ip
}
