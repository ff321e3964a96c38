package jackson

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is a Java type that Jackson reads JSON as.
type Type struct {
	// Class is its name in messages.
	Class string
	// Fields are the members of an object; others are skipped.
	Fields map[string]*Type
	// Element is what a list or a map holds; nil of anything else.
	Element *Type

	scalar bool
	list   bool
}

// The types of members.
var (
	TextType    = &Type{Class: "java.lang.String", scalar: true}
	IntType     = &Type{Class: "int", scalar: true}
	DoubleType  = &Type{Class: "double", scalar: true}
	BooleanType = &Type{Class: "boolean", scalar: true}
	TextsType   = &Type{Class: "java.util.LinkedHashMap<java.lang.String,java.lang.String>", Element: TextType}
)

// ListOf is a List of something.
func ListOf(element *Type) *Type {
	return &Type{Class: "java.util.ArrayList<" + element.Class + ">", Element: element, list: true}
}

// value reads a value of a type; nil is any.
func (r *reader) value(as *Type) *Problem {
	t, problem := r.next()
	if problem != nil {
		return problem
	}
	return r.rest(t, as)
}

// rest reads what follows a value's first token.
func (r *reader) rest(t token, as *Type) *Problem {
	object, array := t.name == "START_OBJECT", t.name == "START_ARRAY"
	switch {
	case t.name == "VALUE_NULL":
		return nil
	case object && (as == nil || !as.scalar && !as.list):
		return r.object(as)
	case array && (as == nil || as.list):
		return r.array(as)
	case as == nil:
		return nil
	case object || array:
		return r.mismatch(t, as)
	case as.scalar:
		return r.scalarOf(t, as)
	}
	return r.notConstructed(t, as)
}

// object reads an object's members.
func (r *reader) object(as *Type) *Problem {
	for first := true; ; first = false {
		more, problem := r.more(first)
		if !more {
			return problem
		}
		name, problem := r.key()
		if problem != nil {
			return problem
		}
		if problem := r.member(name, as); problem != nil {
			return problem
		}
	}
}

// member reads a member's value. Jackson names the member in what goes wrong behind the value's first token; of a text, all but the
// opening quote is behind it, except in maps.
func (r *reader) member(name string, as *Type) *Problem {
	var wanted *Type
	if as != nil {
		if wanted = as.Fields[name]; as.Element != nil {
			wanted = as.Element
		}
	}
	text := r.text[r.at] == '"'
	t, problem := r.next()
	switch {
	case problem != nil && (wanted == nil || !text || as.Element != nil):
		return problem
	case problem == nil:
		problem = r.rest(t, wanted)
	}
	if wanted == nil {
		return problem
	}
	return problem.within(bare(as.Class) + `["` + name + `"]`)
}

// array reads a list's items.
func (r *reader) array(as *Type) *Problem {
	for i := 0; ; i++ {
		more, problem := r.more(i == 0)
		if !more {
			return problem
		}
		text := r.text[r.at] == '"'
		t, problem := r.next()
		if problem != nil && !text {
			return problem
		}
		var wanted *Type
		if as != nil {
			wanted = as.Element
		}
		if problem == nil {
			problem = r.rest(t, wanted)
		}
		if problem != nil {
			if as == nil {
				return problem
			}
			return problem.within(bare(as.Class) + "[" + strconv.Itoa(i) + "]")
		}
	}
}

// bare is a class without what it is of.
func bare(class string) string {
	class, _, _ = strings.Cut(class, "<")
	return class
}

// mapping is a problem of a value that is JSON, but of another type.
func (r *reader) mapping(class string, t token, format string, arguments ...any) *Problem {
	return &Problem{Class: class, Text: fmt.Sprintf(format, arguments...), place: r.place(t.start)}
}

func (r *reader) mismatch(t token, as *Type) *Problem {
	return r.mapping(typeException, t, "Cannot deserialize value of type `%s` from %s (token `JsonToken.%s`)", as.Class, t.kind, t.name)
}

// scalarOf holds a scalar against the type of scalars that it should be.
func (r *reader) scalarOf(t token, as *Type) *Problem {
	text := strings.TrimSpace(t.text)
	why := ""
	switch {
	case as == TextType:
		return nil
	case t.name == "VALUE_STRING" && text == "":
		return nil
	case as == BooleanType:
		switch {
		case t.name == "VALUE_NUMBER_FLOAT":
			return r.mismatch(t, as)
		case t.name != "VALUE_STRING" || strings.Contains(" true True TRUE false False FALSE ", " "+text+" "):
			return nil
		}
		why = `only "true"/"True"/"TRUE" or "false"/"False"/"FALSE" recognized`
	case t.name == "VALUE_TRUE" || t.name == "VALUE_FALSE":
		return r.mismatch(t, as)
	case as == DoubleType:
		if _, err := strconv.ParseFloat(text, 64); err == nil || t.name != "VALUE_STRING" {
			return nil
		}
		why = "not a valid `double` value (as String to convert)"
	case t.name != "VALUE_STRING":
		if whole(text) {
			return nil
		}
		problem := r.broken("Numeric value (%s) out of range of int (-2147483648 - 2147483647)", text)
		problem.Class, problem.place = rangeException, r.place(r.at)
		return problem
	default:
		if _, err := strconv.ParseInt(text, 10, 32); err == nil {
			return nil
		}
		why = "not a valid `int` value"
		if _, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > 9 {
			why = "Overflow: numeric value (" + text + ") out of range of int (-2147483648 -2147483647)"
		}
	}
	return r.mapping(formatException, t, "Cannot deserialize value of type `%s` from String \"%s\": %s", as.Class, t.text, why)
}

// notConstructed is a scalar in the place of an object or a list.
func (r *reader) notConstructed(t token, as *Type) *Problem {
	what := ""
	switch {
	case t.name == "VALUE_STRING" && strings.TrimSpace(t.text) == "" && as.Element == nil:
		return r.mapping(formatException, t,
			"Cannot coerce empty String (\"\") to `%s` value (but could if coercion was enabled using `CoercionConfig`)", as.Class)
	case t.name == "VALUE_STRING" && strings.TrimSpace(t.text) == "":
		return r.mapping(formatException, t,
			"Cannot coerce empty String (\"\") to element of `%s` (but could if coercion was enabled using `CoercionConfig`)", as.Class)
	case as.list || as.Element != nil && t.name != "VALUE_STRING":
		return r.mismatch(t, as)
	case t.name == "VALUE_STRING":
		what = "String-argument constructor/factory method to deserialize from String value ('" + t.text + "')"
	case t.name == "VALUE_NUMBER_INT":
		what = "int/Int-argument constructor/factory method to deserialize from Number value (" + t.text + ")"
	case t.name == "VALUE_NUMBER_FLOAT":
		what = "double/Double-argument constructor/factory method to deserialize from Number value (" + t.text + ")"
	default:
		what = "boolean/Boolean-argument constructor/factory method to deserialize from boolean value (" + t.text + ")"
	}
	return r.mapping(typeException, t, "Cannot construct instance of `%s` (although at least one Creator exists): no %s", bare(as.Class), what)
}
