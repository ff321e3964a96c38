package openapi

import (
	"cmp"
	"slices"
	"strings"

	"muster/nodes/membership"
)

// A parameter may be given several times. What counts then depends on who reads it: under version 1 Nacos keeps the values as a set, in
// whatever order that has, and takes the first; Spring joins texts with commas, and of all other types takes the first.

// inSets puts the values of each parameter into the order of a Java HashSet of them, once each.
func (r *request) inSets() {
	for name, values := range r.values {
		if len(values) > 1 {
			r.values[name] = inHashSet(values)
		}
	}
}

// leastBuckets is how many buckets a java.util.HashMap begins with; it has more once three quarters as many elements are in it.
const leastBuckets = 16

// inHashSet returns texts in the order in which a java.util.HashSet made of them lists them.
func inHashSet(texts []string) []string {
	var set []string
	in := make(map[string]bool, len(texts)) // somebody may send very many
	for _, text := range texts {
		if !in[text] {
			in[text] = true
			set = append(set, text)
		}
	}
	buckets := uint32(leastBuckets)
	for int(buckets)*3/4 < len(set) {
		buckets *= 2
	}
	bucket := func(text string) uint32 {
		hash := uint32(membership.JavaHash(text))
		return (hash ^ hash>>16) & (buckets - 1)
	}
	slices.SortStableFunc(set, func(a, b string) int { return cmp.Compare(bucket(a), bucket(b)) })
	return set
}

// joined is a parameter as Spring gives it to whoever wants a text.
func (r *request) joined(name string) string { return strings.Join(r.values[name], ",") }

// convertible is a parameter that is to be converted to a type: the first of its values, which then stands for all, or else all of them.
// source is what Spring says that it converts.
func (r *request) convertible(name string, t javaType) (value, source string, err error) {
	const one, several = "java.lang.String", "java.lang.String[]"
	values := r.values[name]
	switch {
	case len(values) < 2:
		return r.raw(name), one, t.accepts(r.raw(name))
	case t == javaString || t == javaList:
		return r.joined(name), several, nil
	case t.accepts(values[0]) == nil:
		r.values[name] = values[:1]
		return values[0], one, nil
	}
	return r.joined(name), several, t.accepts(r.joined(name))
}
