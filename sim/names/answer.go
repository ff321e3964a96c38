package names

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// timeToLive is how many seconds an answer may be kept. Go's resolver keeps none.
const timeToLive = 1

// Answer answers a question in DNS: A with a name's addresses, PTR with an address's names. Of other types, AAAA, SRV, TXT and MX among
// them, there is nothing, and names that are unknown do not exist (NXDOMAIN). With failing, it answers that the server has failed
// (SERVFAIL).
func (t *Table) Answer(question []byte, failing bool) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(question)
	if err != nil {
		return nil, fmt.Errorf("reading a question in DNS: %w", err)
	}
	asked, err := parser.Question()
	if err != nil {
		return nil, fmt.Errorf("reading a question in DNS: %w", err)
	}
	if header.Response {
		return nil, fmt.Errorf("a question about %s in DNS that is marked as an answer", asked.Name)
	}
	answers, code := t.resources(asked)
	if failing {
		answers, code = nil, dnsmessage.RCodeServerFailure
	}
	message := dnsmessage.Message{
		Header: dnsmessage.Header{ID: header.ID, Response: true, RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
			RCode: code},
		Questions: []dnsmessage.Question{asked},
		Answers:   answers,
	}
	packed, err := message.Pack()
	if err != nil {
		return nil, fmt.Errorf("answering a question about %s in DNS: %w", asked.Name, err)
	}
	return packed, nil
}

// resources are what there is to be said in answer to a question.
func (t *Table) resources(q dnsmessage.Question) ([]dnsmessage.Resource, dnsmessage.RCode) {
	var answers []dnsmessage.Resource
	add := func(body dnsmessage.ResourceBody) {
		answers = append(answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: timeToLive},
			Body:   body,
		})
	}
	if address, ok := reversed(q.Name.String()); ok {
		names := t.Names(address)
		if len(names) == 0 {
			return nil, dnsmessage.RCodeNameError
		}
		for _, name := range names[:min(len(names), 4)] { // more would not be sure to fit
			if pointer, err := dnsmessage.NewName(name + "."); err == nil && q.Type == dnsmessage.TypePTR {
				add(&dnsmessage.PTRResource{PTR: pointer})
			}
		}
		return answers, dnsmessage.RCodeSuccess
	}
	addresses := t.Addresses(q.Name.String())
	if len(addresses) == 0 {
		return nil, dnsmessage.RCodeNameError
	}
	if q.Type == dnsmessage.TypeA {
		for _, a := range addresses {
			add(&dnsmessage.AResource{A: a.As4()})
		}
	}
	return answers, dnsmessage.RCodeSuccess
}

// reversed reads the address out of the name under which its names are looked up: 1.0.0.10.in-addr.arpa. for 10.0.0.1.
func reversed(name string) (netip.Addr, bool) {
	digits, found := strings.CutSuffix(strings.ToLower(name), ".in-addr.arpa.")
	if !found {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(digits)
	if err != nil || !a.Is4() {
		return netip.Addr{}, false
	}
	b := a.As4()
	return netip.AddrFrom4([4]byte{b[3], b[2], b[1], b[0]}), true
}
