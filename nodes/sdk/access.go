package sdk

import (
	"context"

	"muster/model"
	"muster/nodes/auth"
	"muster/nodes/rpc"
)

// refuses says whether the caller may not do that with the service, and the result that tells so (Nacos: RemoteRequestAuthFilter).
func (h handlers) refuses(ctx context.Context, service named, action auth.Action) (rpc.Result, bool) {
	if !h.options.Auth.On() {
		return rpc.Result{}, false
	}
	headers := rpc.CallerOf(ctx).Headers
	who := auth.Credentials{Token: headers["accessToken"], Name: headers["username"], Password: headers["password"]}
	resource := auth.Resource{Namespace: text(service.Namespace), Group: text(service.Group), Service: text(service.Service)}
	if resource.Namespace == "" && service.Namespace != nil { // one of its own, which is not the public one
		resource.Namespace = "\"\""
	}
	if resource.Group == "" {
		resource.Group = model.DefaultGroup
	}
	if err := h.options.Auth.Permit(who, action, resource); err != nil {
		return rpc.Result{ResultCode: rpc.ResultFail, ErrorCode: rpc.CodeForbidden, Message: err.Error()}, true
	}
	return rpc.Result{}, false
}
