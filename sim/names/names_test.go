package names_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"muster/sim/names"
)

func at(text string) netip.Addr { return netip.MustParseAddr(text) }

// ask asks a question and returns what is answered to it.
func ask(t *testing.T, table *names.Table, name string, kind dnsmessage.Type, failing bool) dnsmessage.Message {
	t.Helper()
	question := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 77, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}},
	}
	packed, err := question.Pack()
	require.NoError(t, err)
	answer, err := table.Answer(packed, failing)
	require.NoError(t, err)
	require.LessOrEqual(t, len(answer), 1232, "what Go's resolver takes in a datagram")
	var m dnsmessage.Message
	require.NoError(t, m.Unpack(answer))
	require.Equal(t, uint16(77), m.ID)
	require.True(t, m.Response)
	require.Equal(t, question.Questions, m.Questions)
	return m
}

func TestAnswers(t *testing.T) {
	var table names.Table
	require.NoError(t, table.Set("n1", at("10.0.0.1")))
	require.NoError(t, table.Set("Registry.Example.", at("10.0.0.1"), at("10.0.0.2")))
	for _, test := range []struct {
		name string
		kind dnsmessage.Type
		code dnsmessage.RCode
		want []string
	}{
		{"n1.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, []string{"10.0.0.1"}},
		{"N1.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, []string{"10.0.0.1"}},
		{"registry.example.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, []string{"10.0.0.1", "10.0.0.2"}},
		{"n1.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, nil},
		{"n1.", dnsmessage.TypeSRV, dnsmessage.RCodeSuccess, nil},
		{"n1.", dnsmessage.TypeTXT, dnsmessage.RCodeSuccess, nil},
		{"n1.", dnsmessage.TypeMX, dnsmessage.RCodeSuccess, nil},
		{"n2.", dnsmessage.TypeA, dnsmessage.RCodeNameError, nil},
		{"example.", dnsmessage.TypeA, dnsmessage.RCodeNameError, nil},
		{".", dnsmessage.TypeA, dnsmessage.RCodeNameError, nil},
		{"1.0.0.10.in-addr.arpa.", dnsmessage.TypePTR, dnsmessage.RCodeSuccess, []string{"n1.", "registry.example."}},
		{"1.0.0.10.in-addr.arpa.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, nil},
		{"9.0.0.10.in-addr.arpa.", dnsmessage.TypePTR, dnsmessage.RCodeNameError, nil},
		{"x.in-addr.arpa.", dnsmessage.TypePTR, dnsmessage.RCodeNameError, nil},
	} {
		t.Run(test.name+" "+test.kind.String(), func(t *testing.T) {
			m := ask(t, &table, test.name, test.kind, false)
			require.Equal(t, test.code, m.RCode)
			var got []string
			for _, r := range m.Answers {
				switch body := r.Body.(type) {
				case *dnsmessage.AResource:
					got = append(got, netip.AddrFrom4(body.A).String())
				case *dnsmessage.PTRResource:
					got = append(got, body.PTR.String())
				}
			}
			require.Equal(t, test.want, got)
		})
	}
	failed := ask(t, &table, "n1.", dnsmessage.TypeA, true)
	require.Equal(t, dnsmessage.RCodeServerFailure, failed.RCode)
	require.Empty(t, failed.Answers)
}

func TestNamesComeAndGo(t *testing.T) {
	var table names.Table
	require.NoError(t, table.Set("n1", at("10.0.0.1")))
	past := table.Clone()
	require.NoError(t, table.Set("n1", at("10.0.0.9")))
	require.NoError(t, table.Set("n2", at("10.0.0.2")))
	require.Equal(t, []netip.Addr{at("10.0.0.9")}, table.Addresses("N1."))
	require.Equal(t, []string{"n1"}, table.Names(at("10.0.0.9")))
	require.Empty(t, table.Names(at("10.0.0.1")))
	require.NoError(t, table.Set("n1"))
	require.NoError(t, table.Set("n1"), "twice")
	require.Empty(t, table.Addresses("n1"))
	require.Equal(t, []netip.Addr{at("10.0.0.1")}, past.Addresses("n1"), "the clone has not moved")
	require.Empty(t, past.Addresses("n2"))
}

func TestSetRefuses(t *testing.T) {
	var table names.Table
	for name, want := range map[string]string{
		"":                        "1 to 253",
		".":                       "1 to 253",
		strings.Repeat("a.", 130): "1 to 253",
		"a..b":                    "between dots",
		strings.Repeat("a", 64):   "1 to 63",
		"a b":                     "letters, digits",
		"ü":                       "letters, digits",
	} {
		require.ErrorContains(t, table.Set(name, at("10.0.0.1")), want, "%q", name)
		require.Empty(t, table.Addresses(name))
	}
	require.ErrorContains(t, table.Set("n1", at("::1")), "IPv4")
	require.ErrorContains(t, table.Set("n1", netip.Addr{}), "IPv4")
	require.ErrorContains(t, table.Set("n1", at("0.0.0.0")), "IPv4")
	var many []netip.Addr
	for i := range byte(33) {
		many = append(many, netip.AddrFrom4([4]byte{10, 0, 1, i}))
	}
	require.ErrorContains(t, table.Set("n1", many...), "32 at most")
	require.NoError(t, table.Set(strings.Repeat("a", 63)+".b", many[:32]...))
	require.Len(t, ask(t, &table, strings.Repeat("a", 63)+".b.", dnsmessage.TypeA, false).Answers, 32)
}

// TestLongNamesFit: an address with many long names still has an answer.
func TestLongNamesFit(t *testing.T) {
	var table names.Table
	for i := range 10 {
		long := strings.Repeat(strings.Repeat("a", 60)+".", 3) + fmt.Sprintf("%050d", i)
		require.NoError(t, table.Set(long, at("10.0.0.1")))
	}
	require.Len(t, ask(t, &table, "1.0.0.10.in-addr.arpa.", dnsmessage.TypePTR, false).Answers, 4)
}

func FuzzAnswer(f *testing.F) {
	var table names.Table
	require.NoError(f, table.Set("n1", at("10.0.0.1")))
	question := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName("n1."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}}
	packed, err := question.Pack()
	require.NoError(f, err)
	f.Add(packed)
	f.Add([]byte("not DNS"))
	f.Fuzz(func(t *testing.T, question []byte) {
		answer, err := table.Answer(question, false)
		if err != nil {
			require.Nil(t, answer)
			return
		}
		var m dnsmessage.Message
		require.NoError(t, m.Unpack(answer))
		require.True(t, m.Response)
	})
}
