package sdk

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"muster/model"
	"muster/nodes/paramcheck"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// What Nacos's Java runtime says of a null.
const (
	nullType       = `Cannot invoke "String.hashCode()" because "<local4>" is null`
	nullInstances  = `Cannot invoke "java.util.List.iterator()" because "instances" is null`
	nullNamespace  = `Cannot invoke "Object.hashCode()" because "key" is null`
	nullDeregister = `Cannot invoke "com.alibaba.nacos.api.naming.pojo.Instance.getIp()" because the return value of ` +
		`"com.alibaba.nacos.api.naming.remote.request.InstanceRequest.getInstance()" is null`
	nullPersistent = `Cannot invoke "com.alibaba.nacos.api.naming.pojo.Instance.toInetAddr()" because "instance" is null`
)

func broken(message string) error  { return &rpc.Error{Code: rpc.CodeServer, Message: message} }
func invalid(message string) error { return &rpc.Error{Code: rpc.CodeInvalid, Message: message} }

// refusal is the result of a request that does not pass the parameter check: the answer is of its usual type.
func refusal(err error) rpc.Result {
	return rpc.Result{ResultCode: rpc.ResultFail, ErrorCode: rpc.CodeInvalid, Message: "Param check invalid:" + err.Error()}
}

// params are what is checked of a request besides instances.
func (n named) params() paramcheck.Params {
	return paramcheck.Params{Namespace: text(n.Namespace), Service: text(n.Service), Group: text(n.Group)}
}

// checkInstances checks a request with each of its instances, or alone if there are none.
func (n named) checkInstances(instances []instance) error {
	if len(instances) == 0 {
		return n.params().Check()
	}
	for _, i := range instances {
		p := n.params()
		p.IP, p.Port, p.Clusters, p.Metadata = text(i.IP), strconv.Itoa(int(i.Port)), []string{text(i.Cluster)}, i.Metadata
		if err := p.Check(); err != nil {
			return err
		}
	}
	return nil
}

// checkBatch checks a batch, whose instances may name a service, too (Nacos: BatchInstanceRequestParamExtractor).
func (r *BatchInstanceRequest) checkBatch() error {
	for _, i := range r.Instances {
		if err := (paramcheck.Params{Service: text(i.Service)}).Check(); err != nil {
			return err
		}
	}
	return r.checkInstances(r.Instances)
}

// choosing are the parameters of a request with its choice of clusters.
func (n named) choosing(clusters *string) paramcheck.Params {
	p := n.params()
	if clusters != nil {
		p.Clusters = strings.Split(*clusters, ",")
	}
	return p
}

// checkQuery checks a query, whose port is one, too (Nacos: ServiceQueryRequestParamExtractor).
func (r *ServiceQueryRequest) checkQuery() error {
	p := r.choosing(r.Cluster)
	p.Port = strconv.Itoa(int(r.UDPPort))
	return p.Check()
}

// complete says whether a service is named at all (Nacos: NamingUtils.getGroupedName).
func (n named) complete() error {
	for _, field := range []struct{ name, value string }{{"serviceName", text(n.Service)}, {"groupName", text(n.Group)}} {
		if strings.TrimSpace(field.value) == "" {
			return broken("Param '" + field.name + "' is illegal, " + field.name + " is blank")
		}
	}
	return nil
}

// inNamespace fails without a namespace, in the words of no message at all; an empty one is one of its own.
func (n named) inNamespace() error {
	if n.Namespace == nil {
		return broken("")
	}
	return nil
}

// instanceID is the instance's own id, or one made of its address, or a number if its metadata ask for that. The service in it is the one
// that the instance names, even if it is registered in another (Nacos: InstanceUtil.setInstanceIdIfEmpty).
func (i instance) instanceID(service model.Service) (string, error) {
	if i.ID != "" {
		return i.ID, nil
	}
	name := text(i.Service)
	if strings.TrimSpace(name) == "" {
		name = service.GroupedName()
	}
	suffix := "#" + orNull(i.Cluster) + "#" + name
	switch i.Metadata[registry.IDGeneratorKey] {
	case "", "simple":
		return orNull(i.IP) + "#" + strconv.Itoa(int(i.Port)) + suffix, nil
	case "snowflake":
		return strconv.FormatInt(time.Now().UnixNano(), 10) + suffix, nil
	}
	return "", broken("The InstanceIdGenerator type is not found ")
}

func orNull(value *string) string {
	if value == nil {
		return "null"
	}
	return *value
}

// legal refuses what a registration may not hold.
func (i instance) legal() error {
	if err := paramcheck.CheckInstance(i.Metadata, text(i.Cluster)); err != nil {
		return invalid(err.Error())
	}
	return nil
}

// codeDisconnected is NacosException.CLIENT_DISCONNECT.
const codeDisconnected = -401

// translated puts an error of the registry's into Nacos's words (NacosRuntimeException, whose messages end in a blank).
func translated(err error, clientID string) error {
	wrap := func(code int, message string) error {
		return &rpc.Error{Code: code, Message: "errCode: " + strconv.Itoa(code) + ", errMsg: " + message + " "}
	}
	var kind registry.KindError
	switch {
	case errors.Is(err, registry.ErrNotConnected):
		return wrap(codeDisconnected, "Client ["+clientID+"] connection already disconnect, can't register ephemeral instance.")
	case errors.As(err, &kind):
		return wrap(rpc.CodeInvalid, kind.Error())
	case errors.Is(err, registry.ErrWeight):
		return wrap(rpc.CodeInvalid, err.Error())
	case errors.Is(err, registry.ErrFull):
		return wrap(rpc.CodeFull, err.Error())
	}
	return err
}
