package sdk

import (
	"context"
	"errors"
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
	err := h.options.Auth.Permit(ctx, credentials(rpc.CallerOf(ctx).Headers), action, resource)
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
func credentials(headers map[string]string) auth.Credentials {
	token, borne := strings.CutPrefix(headers["Authorization"], "Bearer ")
	if !borne {
		token = headers["accessToken"]
	}
	return auth.Credentials{Token: token, Name: headers["username"], Password: headers["password"]}
}
