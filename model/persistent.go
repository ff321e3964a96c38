package model

import (
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// PersistentService is the executable specification of one persistent service: what a single correct machine would hold of it.
// Its state is the set of its instances by key. Register adds an instance or replaces what it said before; Deregister takes it
// off, and succeeds also when it is not there; Update hands the instance over to the operator. A list shows every instance
// that is enabled, with its weight and metadata. Health is no part of it: health checks change it whenever they like.
//
// After an Update the specification says only whether the instance may be listed, not as what: the operator's metadata lies
// over the published one and outlives the instance for a while (facts of Nacos 2.x: InstanceUtil.updateInstanceMetadata,
// ExpiredMetadataInfo).
//
// A PersistentService is a value: After returns a new one and leaves the old as it was. The zero value is the service before
// anybody registered.
type PersistentService struct {
	entries []entry // sorted by key; each key once
	hash    uint64  // of all entries, so that states can be told apart fast
}

// entry is what is known of one key.
type entry struct {
	key InstanceKey
	// content is weight and metadata in a canonical form.
	content string
	// registered: the instance is there. An entry that is not registered is kept only for being operated.
	registered bool
	// enabled: a list shows it.
	enabled bool
	// operated: an operator wrote over it, so a list may show anything of it, or hide it.
	operated bool
	// digest of key and content, made once since states are hashed far more often than made.
	digest uint64
}

// Write is an operation that changes a PersistentService, ready to be applied any number of times.
type Write struct {
	call  Call
	entry entry
}

// NewWrite makes a write of Register, Deregister or Update. Any other call changes nothing.
func NewWrite(call Call, instance Instance) Write {
	return Write{call: call, entry: entryOf(instance)}
}

// Key of the instance that it writes.
func (w Write) Key() InstanceKey { return w.entry.key }

// Known says whether it is known what a list shows of the instance once the write has taken effect.
func (w Write) Known() bool { return w.call == Register || w.call == Deregister }

// Shows is what a list shows of the instance after a write that is Known, and before any other: weight and metadata, or "" for
// nothing. See Listing.Shows.
func (w Write) Shows() string {
	if w.call != Register || !w.entry.enabled {
		return ""
	}
	return w.entry.content
}

// String is "register 10.0.0.1:80#DEFAULT weight 1 {version: "2"}".
func (w Write) String() string {
	if w.call != Register {
		return fmt.Sprintf("%s %s", w.call, w.entry.key)
	}
	return fmt.Sprintf("%s %s", w.call, w.entry)
}

// After is the service once the write has taken effect.
func (s PersistentService) After(w Write) PersistentService {
	at, found := s.find(w.entry.key)
	var old entry
	if found {
		old = s.entries[at]
	}
	changed := old
	switch w.call {
	case Register:
		changed = w.entry
		changed.operated = old.operated
	case Deregister:
		changed = entry{key: old.key, operated: old.operated}
	case Update:
		changed.key, changed.operated = w.entry.key, true
	default:
		return s
	}
	if found && changed == old {
		return s
	}
	keep := changed.registered || changed.operated
	next := PersistentService{hash: s.hash, entries: make([]entry, 0, len(s.entries)+1)}
	next.entries = append(next.entries, s.entries[:at]...)
	if found {
		next.hash ^= old.sum()
		at++
	}
	if keep {
		next.hash ^= changed.sum()
		next.entries = append(next.entries, changed)
	}
	next.entries = append(next.entries, s.entries[at:]...)
	return next
}

// Allows says whether the service, as it is, may be listed so.
func (s PersistentService) Allows(l Listing) bool {
	if l.twice {
		return false
	}
	listed := l.entries
	for _, e := range s.entries {
		if len(listed) > 0 && compareKeys(listed[0].key, e.key) < 0 {
			return false // lists what is not there
		}
		shown := len(listed) > 0 && listed[0].key == e.key
		switch {
		case shown && !e.registered:
			return false
		case e.operated:
		case shown != e.enabled:
			return false
		case shown && listed[0].content != e.content:
			return false
		}
		if shown {
			listed = listed[1:]
		}
	}
	return len(listed) == 0
}

// Equal says whether two services are in the same state.
func (s PersistentService) Equal(other PersistentService) bool {
	return s.hash == other.hash && slices.Equal(s.entries, other.entries)
}

// Hash is equal for equal states.
func (s PersistentService) Hash() uint64 { return s.hash }

// String lists the instances, for people.
func (s PersistentService) String() string {
	var texts []string
	for _, e := range s.entries {
		if e.registered {
			texts = append(texts, e.String())
		}
	}
	if len(texts) == 0 {
		return "no instances"
	}
	return strings.Join(texts, ", ")
}

// find is where a key is or belongs.
func (s PersistentService) find(key InstanceKey) (at int, found bool) {
	return slices.BinarySearchFunc(s.entries, key, func(e entry, key InstanceKey) int { return compareKeys(e.key, key) })
}

// Listing is what a list of a service showed, in a form that compares fast.
type Listing struct {
	entries []entry
	twice   bool // an instance stands in it twice: no state is listed so
}

// NewListing takes a list's answer.
func NewListing(instances []Instance) Listing {
	var l Listing
	for _, instance := range instances {
		l.entries = append(l.entries, entryOf(instance))
	}
	sort.Slice(l.entries, func(i, j int) bool {
		a, b := l.entries[i], l.entries[j]
		if order := compareKeys(a.key, b.key); order != 0 {
			return order < 0
		}
		return a.content < b.content
	})
	for i := 1; i < len(l.entries); i++ {
		l.twice = l.twice || l.entries[i].key == l.entries[i-1].key
	}
	return l
}

// Shows is what the listing shows of an instance: weight and metadata, or "" if it does not list it.
func (l Listing) Shows(key InstanceKey) string {
	at, found := slices.BinarySearchFunc(l.entries, key, func(e entry, key InstanceKey) int { return compareKeys(e.key, key) })
	if !found {
		return ""
	}
	return l.entries[at].content
}

// Only is the listing as far as one instance is concerned.
func (l Listing) Only(key InstanceKey) Listing {
	var only Listing
	for _, e := range l.entries {
		if e.key == key {
			only.twice = only.twice || len(only.entries) > 0
			only.entries = append(only.entries, e)
		}
	}
	return only
}

// Keys of the listed instances, sorted.
func (l Listing) Keys() []InstanceKey {
	var keys []InstanceKey
	for _, e := range l.entries {
		keys = append(keys, e.key)
	}
	return slices.Compact(keys)
}

// String lists the instances, for people.
func (l Listing) String() string {
	if len(l.entries) == 0 {
		return "nothing"
	}
	texts := make([]string, len(l.entries))
	for i, e := range l.entries {
		texts[i] = e.String()
	}
	return strings.Join(texts, ", ")
}

// entryOf is a registered instance as an entry.
func entryOf(i Instance) entry {
	e := entry{key: i.Key(), content: contentOf(i), registered: true, enabled: i.Enabled}
	h := fnv.New64a()
	_, _ = io.WriteString(h, e.key.String()+" "+e.content) // a hash never fails to write
	e.digest = h.Sum64()
	return e
}

// contentOf writes weight and metadata in a canonical form.
func contentOf(i Instance) string {
	text := "weight " + strconv.FormatFloat(i.Weight, 'g', -1, 64)
	if len(i.Metadata) == 0 {
		return text
	}
	names := make([]string, 0, len(i.Metadata))
	for name := range i.Metadata {
		names = append(names, name)
	}
	sort.Strings(names)
	for at, name := range names {
		names[at] = name + ": " + strconv.Quote(i.Metadata[name])
	}
	return text + " {" + strings.Join(names, ", ") + "}"
}

func (e entry) String() string {
	text := e.key.String() + " " + e.content
	if !e.enabled {
		text += " disabled"
	}
	if e.operated {
		text += " as the operator says"
	}
	return text
}

// sum is the entry's share of a state's hash.
func (e entry) sum() uint64 {
	flags := uint64(1)
	for _, flag := range []bool{e.registered, e.enabled, e.operated} {
		flags <<= 1
		if flag {
			flags |= 1
		}
	}
	return (e.digest + flags) * 0x9e3779b97f4a7c15 // the golden ratio's bits, so that near sums land far apart
}

func compareKeys(a, b InstanceKey) int {
	if order := strings.Compare(a.IP, b.IP); order != 0 {
		return order
	}
	if a.Port != b.Port {
		return a.Port - b.Port
	}
	return strings.Compare(a.Cluster, b.Cluster)
}
