package openapi

import (
	"net/http"

	"muster/nodes/auth"
)

// accountWords are one version's.
type accountWords struct {
	// need is a text that must be there, number a number.
	need   func(r *request, name string) (string, *failure)
	number func(r *request, name string) (int, *failure)
	// done says that something was done, shown answers with a value; each in an envelope, if the version has one for such.
	done, shown func(value any) answer
	// refused says why accounts were not changed.
	refused func(text string) *failure
	// adminExists says that there is an administrator.
	adminExists answer
}

// wordsOne are those of version 1 (Nacos 2.5: UserController, RoleController, PermissionController).
var wordsOne = accountWords{
	need: (*request).oldNeed,
	number: func(r *request, name string) (int, *failure) {
		if !r.has(name) {
			return 0, r.restFailure("Required request parameter '" + name + "' for method parameter type int is not present")
		}
		text := compact(r.raw(name))
		number, err := parseJavaInt(text)
		if err != nil {
			failed := conversion("int", "java.lang.NumberFormatException: "+err.Error(), err.Error())
			failed.text = javaEscaper.Replace(failed.text)
			return 0, failed
		}
		return number, nil
	},
	done:        func(value any) answer { return result(value) },
	shown:       func(value any) answer { return value },
	refused:     func(text string) *failure { return plain(http.StatusBadRequest, "caused: "+text+";") },
	adminExists: restResult{Code: http.StatusConflict, Data: auth.ErrAdminExists.Error()},
}

// wordsThree are those of version 3 (Nacos 3.0: UserControllerV3, RoleControllerV3, PermissionControllerV3).
var wordsThree = accountWords{
	need: func(r *request, name string) (string, *failure) {
		p := r.parameters()
		return p.text(name), p.failed
	},
	number: func(r *request, name string) (int, *failure) {
		p := r.parameters()
		return p.whole(name), p.failed
	},
	done:        func(value any) answer { return success(value) },
	shown:       func(value any) answer { return success(value) },
	refused:     func(text string) *failure { return plain(http.StatusBadRequest, text).as(codeInvalid) },
	adminExists: envelope{Code: http.StatusConflict, Message: auth.ErrAdminExists.Error() + "."},
}
