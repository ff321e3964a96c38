package live

import (
	"context"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/scenarios"
)

// actAs, in the environment, turns this test binary into a small program to be run on a machine.
const actAs = "MUSTER_LIVE_TEST_ACT_AS"

func TestMain(m *testing.M) {
	switch os.Getenv(actAs) {
	case "":
		os.Exit(m.Run())
	case "echo":
		serveEcho(os.Args[1])
	case "ping":
		ping(os.Args[1])
	case "flood":
		flood(os.Args[1])
	case "ready-then-sleep":
		os.Stdout.WriteString("standard output\nwithout an end")
		os.Stderr.WriteString(`{"msg":"node.ready","node":"127.0.0.1:1"}` + "\n")
		time.Sleep(time.Minute)
	case "starts-slowly":
		time.Sleep(100 * time.Millisecond)
		hangups := make(chan os.Signal, 1)
		signal.Notify(hangups, syscall.SIGHUP)
		os.Stderr.WriteString("it starts\n")
		<-hangups
		os.Stdout.WriteString("it reads again\n")
	case "dies":
		os.Stderr.WriteString("no such flag\n")
		os.Exit(2)
	}
}

// serveEcho sends every datagram back, until it is killed.
func serveEcho(address string) {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		panic(err)
	}
	buffer := make([]byte, 64)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			panic(err)
		}
		_, _ = conn.WriteTo(buffer[:n], from)
	}
}

// ping sends datagrams until one comes back, for a second, and exits with 0 if one did.
func ping(address string) {
	conn, err := net.Dial("udp", address)
	if err != nil {
		panic(err)
	}
	for range 10 {
		_, _ = conn.Write([]byte("ping"))
		_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := conn.Read(make([]byte, 64)); err == nil {
			os.Exit(0)
		}
	}
	os.Exit(1)
}

// flood sends twenty large datagrams at once, whether anybody wants them or not.
func flood(address string) {
	conn, err := net.Dial("udp", address)
	if err != nil {
		panic(err)
	}
	for range 20 {
		_, _ = conn.Write(make([]byte, 1000))
	}
}

// machinesForTest makes namespaces, or skips where that is not permitted.
func machinesForTest(t *testing.T, names ...string) *namespaces {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: network namespaces need root; run this test as root to have partitions of the live stage tested")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("SKIPPED: install iproute2 to have partitions of the live stage tested")
	}
	made, err := newNamespaces(t.Context(), names)
	if err != nil {
		t.Skip("SKIPPED: network namespaces are not permitted here; run this where root may make them (in a container: with CAP_SYS_ADMIN and CAP_NET_ADMIN): " + err.Error())
	}
	t.Cleanup(func() { require.NoError(t, made.close()) })
	return made
}

func on(t *testing.T, n *namespaces, machine, role string, arguments ...string) *exec.Cmd {
	self, err := os.Executable()
	require.NoError(t, err)
	line := n.command(machine, append([]string{self}, arguments...))
	command := exec.Command(line[0], line[1:]...)
	command.Env = append(os.Environ(), actAs+"="+role)
	return command
}

func TestCutsLastUntilHealedAndGoOneWay(t *testing.T) {
	n := machinesForTest(t, "n1", "n2", "clients")
	for _, machine := range []string{"n1", "n2"} {
		server := on(t, n, machine, "echo", n.address(machine))
		require.NoError(t, server.Start())
		t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	}
	reaches := func(from, to string) bool { return on(t, n, from, "ping", n.address(to)).Run() == nil }
	reach := func(from, to, why string) { // on a busy machine an answer may take longer than a ping waits
		t.Helper()
		require.Eventually(t, func() bool { return reaches(from, to) }, time.Minute, time.Millisecond, "%s reaches %s: %s", from, to, why)
	}
	reach("n1", "n2", "before any cut")
	reach("n2", "n1", "before any cut")

	ctx := context.Background()
	before, err := n.swallowed(ctx)
	require.NoError(t, err)
	require.NoError(t, n.cut(ctx, []scenarios.Way{{From: "n1", To: "n2"}}))
	require.False(t, reaches("n1", "n2"), "the way there is cut")
	require.False(t, reaches("n2", "n1"), "answers take the way that is cut")
	reach("clients", "n1", "it is not cut")
	reach("clients", "n2", "it is not cut")
	after, err := n.swallowed(ctx)
	require.NoError(t, err)
	require.Greater(t, after, before, "the sink counts what it swallows")

	require.NoError(t, n.cut(ctx, nil))
	reach("n1", "n2", "healed")
	reach("n2", "n1", "healed")
}

func TestNamespacesLeaveNothingBehind(t *testing.T) {
	n := machinesForTest(t, "n1", "clients")
	require.NoError(t, n.close())
	links, err := exec.Command("ip", "-o", "link").Output()
	require.NoError(t, err)
	require.NotContains(t, string(links), n.token)
	spaces, err := exec.Command("ip", "netns", "list").Output()
	require.NoError(t, err)
	require.False(t, strings.Contains(string(spaces), n.token))
}
