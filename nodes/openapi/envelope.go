package openapi

import "net/http"

// The codes of version 2 (Nacos: api/model/v2/ErrorCode). A code that a failure has none of is codeServer.
const (
	codeMissing          = 10000
	codeDenied           = 10001
	codeInvalid          = 20002
	codeUnknown          = 20004
	codeWeight           = 21001
	codeMetadata         = 21002
	codeInstanceUnknown  = 21003
	codeInstance         = 21004
	codeSelector         = 21006
	codeServiceExists    = 21007
	codeServiceUnknown   = 21008
	codeServiceDelete    = 21009
	codeNamespace        = 22000
	codeNamespaceUnknown = 22001
	codeState            = 23000
	codeServer           = 30000
)

var codeNames = map[int]string{
	codeMissing:          "parameter missing",
	codeDenied:           "access denied",
	codeInvalid:          "parameter validate error",
	codeUnknown:          "resource not found",
	codeWeight:           "weight error",
	codeMetadata:         "instance metadata error",
	codeInstanceUnknown:  "instance not found",
	codeInstance:         "instance error",
	codeSelector:         "selector error",
	codeServiceExists:    "service already exist",
	codeServiceUnknown:   "service not exist",
	codeServiceDelete:    "service delete failure",
	codeNamespace:        "illegal namespace",
	codeNamespaceUnknown: "namespace not exist",
	codeState:            "illegal state",
	codeServer:           "server error",
}

// envelope is what most answers of version 2 come in (Nacos: api/model/v2/Result).
type envelope struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

func success(data any) envelope { return envelope{Message: "success", Data: data} }

// successJSON puts an answer that is encoded already into an envelope.
func successJSON(data []byte) rawJSON {
	b := append(make([]byte, 0, len(data)+48), `{"code":0,"message":"success","data":`...)
	return append(append(b, data...), '}')
}

// as says what version 2 calls a failure.
func (f *failure) as(code int) *failure {
	f.code = code
	return f
}

// bySpring says that Spring refused a request that no controller saw: to a client that takes no JSON it is a bad one.
func (f *failure) bySpring() *failure {
	f.bare = http.StatusBadRequest
	return f
}

// inResult is a controller's failure as version 2 tells it. What filters refuse stays as it is. A client that takes no JSON is told of an
// exception of Nacos's as of any that nobody handled.
func (f *failure) inResult() *failure {
	if f != nil && f.form == formPlain {
		told := *f
		told.form = formResult
		if told.bare == 0 {
			told.bare = http.StatusInternalServerError
		}
		return &told
	}
	return f
}
