package openapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"muster/model"
)

// Controllers of version 2 leave it to Spring to read their parameters, which Spring does in two ways that fail in different
// words: one by one (@RequestParam, here parameters), or as the fields of a form, whose gaps Nacos finds itself (here bindForm).

// javaType is the type of a parameter, by its name without its package.
type javaType string

const (
	javaString  javaType = "String"
	javaInteger javaType = "Integer"
	javaDouble  javaType = "Double"
	javaFloat   javaType = "Float"
	javaBoolean javaType = "Boolean"
	javaBool    javaType = "boolean"
	javaList    javaType = "List"
)

// full is the name with its package.
func (t javaType) full() string {
	if t == javaBool {
		return string(t)
	}
	return "java.lang." + string(t)
}

// accepts returns Java's exception if a text does not convert to the type.
func (t javaType) accepts(text string) error {
	text = compact(text)
	if text == "" {
		return nil
	}
	var err error
	switch t {
	case javaInteger:
		_, err = parseJavaInt(text)
	case javaDouble, javaFloat:
		_, err = parseJavaDouble(text)
	case javaBoolean, javaBool:
		if _, known := springBool(text); !known {
			return errors.New("java.lang.IllegalArgumentException: Invalid boolean value [" + text + "]")
		}
	}
	if err != nil {
		return fmt.Errorf("java.lang.NumberFormatException: %w", err)
	}
	return nil
}

// compact takes all blanks out of a text, as Spring does before it converts one.
func compact(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return -1
		}
		return c
	}, text)
}

// springBool reads a boolean (Spring: StringToBooleanConverter); false if the text is none.
func springBool(text string) (value, known bool) {
	switch strings.ToLower(text) {
	case "true", "on", "yes", "1":
		return true, true
	case "false", "off", "no", "0":
		return false, true
	}
	return false, false
}

// parameters reads parameters one by one. The first that is missing or of the wrong type is kept, and all later ones are blank.
type parameters struct {
	r      *request
	failed *failure
}

func (r *request) parameters() *parameters { return &parameters{r: r} }

// need reads a parameter that must be there.
func (p *parameters) need(name string, t javaType) string {
	problem := ""
	switch {
	case p.failed != nil:
		return ""
	case !p.r.has(name):
		problem = "not present"
	case t != javaString && compact(p.r.raw(name)) == "":
		problem = "present but converted to null"
	default:
		return p.convert(name, t)
	}
	p.failed = missing(fmt.Sprintf("Required request parameter '%s' for method parameter type %s is %s", name, t, problem)).bySpring()
	return ""
}

// convert is a parameter that its type accepts.
func (p *parameters) convert(name string, t javaType) string {
	value, source, err := p.r.convertible(name, t)
	if err != nil {
		problem := fmt.Sprintf("Failed to convert value of type '%s' to required type '%s'; nested exception is %v", source, t.full(), err)
		p.failed = thrown(problem).bySpring()
		return ""
	}
	return value
}

// may reads a parameter; the default where it is absent or empty.
func (p *parameters) may(name string, t javaType, otherwise string) string {
	if p.failed != nil || p.r.raw(name) == "" {
		return otherwise
	}
	return p.convert(name, t)
}

// text is a parameter that must be there.
func (p *parameters) text(name string) string { return p.need(name, javaString) }

// whole is a number that must be there.
func (p *parameters) whole(name string) int { return number0(compact(p.need(name, javaInteger))) }

// wholeOr is a number, or the default.
func (p *parameters) wholeOr(name, otherwise string) int {
	return number0(compact(p.may(name, javaInteger, otherwise)))
}

// flagOr is a boolean, or the default.
func (p *parameters) flagOr(name string, otherwise bool) bool {
	if value, known := springBool(compact(p.may(name, javaBoolean, ""))); known {
		return value
	}
	return otherwise
}

func missing(text string) *failure { return plain(http.StatusBadRequest, text).as(codeMissing) }

// blankName refuses a service without a name (Nacos: NamingUtils.getGroupedName).
func blankName() *failure {
	return plain(http.StatusBadRequest, "Param 'serviceName' is illegal, serviceName is blank").as(codeInvalid)
}

// thrown is an exception that no controller expected.
func thrown(text string) *failure {
	return &failure{status: http.StatusInternalServerError, text: text, form: formThrown}
}

// bindForm refuses a form some of whose fields do not convert, in the order in which they came (Spring: BindException).
func (r *request) bindForm(form string, fields map[string]javaType) *failure {
	var problems []string
	for _, name := range r.names {
		t, typed := fields[name]
		if !typed {
			continue
		}
		value, source, err := r.convertible(name, t)
		if err == nil {
			continue
		}
		codes := strings.Join([]string{"typeMismatch." + form + "." + name, "typeMismatch." + name, "typeMismatch." + t.full(), "typeMismatch"}, ",")
		problems = append(problems, fmt.Sprintf("Field error in object '%[1]s' on field '%[2]s': rejected value [%[3]s]; codes [%[4]s]; "+
			"arguments [org.springframework.context.support.DefaultMessageSourceResolvable: codes [%[1]s.%[2]s,%[2]s]; arguments []; "+
			"default message [%[2]s]]; default message [Failed to convert property value of type '%[7]s' to required type "+
			"'%[5]s' for property '%[2]s'; nested exception is %[6]v]", form, name, value, codes, t.full(), err, source))
	}
	if len(problems) == 0 {
		return nil
	}
	head := fmt.Sprintf("org.springframework.validation.BeanPropertyBindingResult: %d errors\n", len(problems))
	return thrown(head + strings.Join(problems, "\n")).bySpring()
}

// requireFields refuses a form that lacks one of its fields, in this order. Blank is as good as absent.
func (r *request) requireFields(fields ...formField) *failure {
	absent := slices.IndexFunc(fields, func(f formField) bool { return strings.TrimSpace(r.raw(f.name)) == "" })
	if absent < 0 {
		return nil
	}
	return missing(fmt.Sprintf("Required parameter '%s' type %s is not present", fields[absent].name, fields[absent].kind))
}

// formField is a field that a form must have.
type formField struct {
	name string
	kind javaType
}

// flag is a boolean of a form that was bound, or the default.
func (r *request) flag(name string, otherwise bool) bool {
	if value, known := springBool(compact(r.raw(name))); known {
		return value
	}
	return otherwise
}

// composite is the service of a bare name and a group; anything behind another @@ in the name is lost (Nacos:
// NamingUtils.getGroupedName, and getServiceName of it).
func (r *request) composite(name string) (service model.Service) {
	service.Namespace = r.namespace()
	parts := splitJava(r.optional("groupName", model.DefaultGroup)+"@@"+name, "@@")
	service.Group = parts[0]
	if len(parts) > 1 {
		service.Name = parts[1]
	}
	return service
}
