package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"muster/model/run"
	"muster/nodes/intake"
	"muster/nodes/loopback"
	"muster/nodes/registry"
)

// asNode in the environment has the test binary be the node.
const asNode = "MUSTER_TEST_AS_NODE"

func TestMain(m *testing.M) {
	if os.Getenv(asNode) != "" {
		os.Exit(command(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func TestParseFlags(t *testing.T) {
	s, err := parseFlags(nil, io.Discard)
	require.NoError(t, err)
	require.Equal(t, settings{address: "127.0.0.1:8848", members: []string{"127.0.0.1:8848"}, data: "data", profile: registry.Nacos2, healthChecks: true, subscribePersistent: true,
		limits: intake.Limits{All: 8192, PerAddress: 1024}, dataMiB: registry.DefaultBytes >> 20}, s)
	s, err = parseFlags([]string{"--addr", "10.0.0.2:8848", "--members", "10.0.0.1:8848,10.0.0.2:8848", "--data", "/d", "--log-level", "debug", "--insecure"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []string{"10.0.0.1:8848", "10.0.0.2:8848"}, s.members)

	accounts := filepath.Join(t.TempDir(), "accounts.json")
	require.NoError(t, os.WriteFile(accounts, []byte(`{"secret_key":"short"}`), 0o666))
	for arguments, problem := range map[string]string{
		"--accounts nowhere/at.all":               "--accounts: read the accounts: open nowhere/at.all",
		"--accounts " + accounts:                  "secret_key: want at least 32 random bytes in Base64",
		"--addr 8848":                             "--addr: \"8848\"; want ip:port",
		"--addr :8848":                            "--addr: \":8848\"; want ip:port",
		"--addr 127.0.0.1:x":                      "--addr: port \"x\"",
		"--addr 127.0.0.1:1000":                   "want a number from 1001 to 64534",
		"--addr 127.0.0.1:65000":                  "want a number from 1001 to 64534",
		"--members 127.0.0.1:8858":                "--members: 127.0.0.1:8848 is not among them",
		"--members 127.0.0.1:8848,127.0.0.1:8848": "--members: 127.0.0.1:8848 twice",
		"--members 127.0.0.1:8848,":               "--members: \"\"; want ip:port",
		"--members-file nowhere/at.all":           "--members-file: read the list of members: open nowhere/at.all",
		"--members a:2000 --members-file x":       "--members and --members-file: both",
		"--addr 10.0.0.1:8848":                    "--addr 10.0.0.1:8848 can be reached from other machines, and authentication is off: want --accounts",
		"--data=":                                 "--data: empty",
		"--connections 0":                         "--connections: 0; want 1 to",
		"--sdk-connections=-1":                    "--sdk-connections: -1; want 0 to",
		"--data-limit 9999999999":                 "--data-limit: 9999999999; want 1 to",
		"--log-level loud":                        "flag -log-level: slog: level string \"loud\": unknown name; see registry --help\n",
		"--profile nacos3":                        "--profile: \"nacos3\"; want nacos1 or nacos2",
		"--nope":                                  "registry: flag provided but not defined: -nope; see registry --help\n",
		"start":                                   "argument \"start\"",
	} {
		var said bytes.Buffer
		_, err := parseFlags(strings.Fields(arguments), &said)
		require.Error(t, err, arguments)
		require.Contains(t, said.String(), problem, arguments)
		require.Equal(t, 1, strings.Count(said.String(), "\n"), "%s: nothing but the problem", arguments)
	}

	file := filepath.Join(t.TempDir(), "cluster.conf")
	require.NoError(t, os.WriteFile(file, []byte("127.0.0.1:8848 # this one\n127.0.0.1:8858\n"), 0o666))
	s, err = parseFlags([]string{"--members-file", file}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1:8848", "127.0.0.1:8858"}, s.members)
	_, err = parseFlags([]string{"--members-file", file, "--addr", "127.0.0.1:8868"}, io.Discard)
	require.ErrorContains(t, err, "--members-file "+file+": 127.0.0.1:8868 is not among them")

	var help bytes.Buffer
	_, err = parseFlags([]string{"--help"}, &help)
	require.ErrorIs(t, err, flag.ErrHelp)
	require.Contains(t, help.String(), "registry --addr 127.0.0.1:8848 --members 127.0.0.1:8848,127.0.0.1:8858,127.0.0.1:8868 --data data/a")
	require.Contains(t, help.String(), "-log-level")
}

// patience is how long nodes have for whatever takes them a second or two on an idle computer.
const patience = 2 * time.Minute

// process is a node that runs.
type process struct {
	*exec.Cmd
	t       *testing.T
	address string
	stderr  *bufio.Scanner
	// lines are what it has printed so far, as JSON.
	lines []map[string]any
}

func launch(t *testing.T, address, data string, environment ...string) *process {
	return launchWith(t, address, []string{"--data", data}, environment...)
}

func launchWith(t *testing.T, address string, arguments []string, environment ...string) *process {
	p := &process{t: t, address: address, Cmd: exec.Command(os.Args[0], append([]string{"--addr", address}, arguments...)...)}
	p.Env = append(append(os.Environ(), asNode+"=1"), environment...)
	pipe, err := p.StderrPipe()
	require.NoError(t, err)
	p.stderr = bufio.NewScanner(pipe)
	require.NoError(t, p.Start())
	tooLong := time.AfterFunc(patience, func() { _ = p.Process.Kill() }) // or until would wait for a node that hangs
	t.Cleanup(func() {
		tooLong.Stop()
		_ = p.Process.Kill()
		_ = p.Wait() // it may have been waited for
	})
	return p
}

// until reads events up to the named one; false if the process ended first.
func (p *process) until(event string) (map[string]any, bool) {
	for p.stderr.Scan() {
		var line map[string]any
		require.NoError(p.t, json.Unmarshal(p.stderr.Bytes(), &line), "every line is JSON: %s", p.stderr.Text())
		require.Equal(p.t, p.address, line["node"])
		p.lines = append(p.lines, line)
		if line["msg"] == event {
			return line, true
		}
	}
	return nil, false
}

// serves waits until the node answers clients.
func (p *process) serves() {
	_, found := p.until(run.EventNodeReady)
	require.True(p.t, found)
}

func (p *process) ask(method, query string) string {
	request, err := http.NewRequest(method, "http://"+p.address+"/nacos/v1/ns/instance"+query, nil)
	require.NoError(p.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	return string(body)
}

// stop ends the node by a signal and returns its exit status.
func (p *process) stop() int {
	require.NoError(p.t, p.Process.Signal(syscall.SIGTERM))
	_, said := p.until(run.EventNodeStop)
	require.True(p.t, said)
	_, more := p.until("nothing else of note")
	require.False(p.t, more)
	return p.exit()
}

func (p *process) exit() int {
	var failed *exec.ExitError
	if err := p.Wait(); errors.As(err, &failed) {
		return failed.ExitCode()
	}
	return 0
}

// freeAddress is that of a node to be started.
func freeAddress(t *testing.T) string {
	addresses, err := loopback.Addresses(1)
	require.NoError(t, err)
	return addresses[0]
}

func TestPersistentInstancesOutliveTheProcess(t *testing.T) {
	address, data := freeAddress(t), t.TempDir()
	p := launch(t, address, data)
	line, _ := p.until(run.EventNodeStart)
	require.Equal(t, []any{address}, line["members"])
	p.serves()
	require.Equal(t, "ok", p.ask("POST", "?serviceName=kept&ip=10.0.0.1&port=80&ephemeral=false&metadata=a=b"))
	require.Equal(t, "ok", p.ask("POST", "?serviceName=lost&ip=10.0.0.1&port=80"))

	second := launch(t, freeAddress(t), data)
	_, ready := second.until(run.EventNodeReady)
	require.False(t, ready)
	require.Equal(t, 1, second.exit())
	require.Contains(t, second.lines[len(second.lines)-1]["error"], data+": another process uses it")
	require.Equal(t, 0, p.stop())

	again := launch(t, address, data)
	again.serves()
	require.Contains(t, again.ask("GET", "/list?serviceName=kept&read=linearizable"), `"metadata":{"a":"b"}`)
	require.Contains(t, again.ask("GET", "/list?serviceName=lost"), `"hosts":[]`)
	require.Equal(t, 0, again.stop())
}

func TestPortsThatAreTaken(t *testing.T) {
	address := freeAddress(t)
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	taken, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(number+1001)))
	require.NoError(t, err)
	defer taken.Close()
	p := launch(t, address, t.TempDir())
	_, ready := p.until(run.EventNodeReady)
	require.False(t, ready)
	require.Equal(t, 1, p.exit())
	require.Contains(t, p.lines[len(p.lines)-1]["error"], "listen on "+taken.Addr().String()+", one of the ports of "+address)
}

func TestDefectsAreSaid(t *testing.T) {
	p := launch(t, freeAddress(t), t.TempDir(), "GO_FAILPOINTS=muster/nodes/liveness/neverExpire=return(true)")
	line, said := p.until(run.EventFailpointEnabled)
	require.True(t, said)
	require.Equal(t, "muster/nodes/liveness/neverExpire", line["name"])
	_, ready := p.until(run.EventNodeReady)
	require.True(t, ready)
	require.Equal(t, 0, p.stop())
}

func TestHangupReadsFailpointsAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "failpoints")
	p := launchWith(t, freeAddress(t), []string{"--data", t.TempDir(), "--failpoints", path})
	p.serves()
	for _, each := range []struct{ text, event string }{
		{"liveness/neverExpire=return(true)\n", run.EventFailpointEnabled},
		{"nonsense\n", "failpoints stay as they are"},
		{"", run.EventFailpointDisabled},
	} {
		require.NoError(t, os.WriteFile(path, []byte(each.text), 0o666))
		require.NoError(t, p.Process.Signal(syscall.SIGHUP))
		_, said := p.until(each.event)
		require.True(t, said, each.event)
	}
	require.Equal(t, 0, p.stop())

	require.NoError(t, os.WriteFile(path, []byte("nonsense\n"), 0o666))
	broken := launchWith(t, freeAddress(t), []string{"--data", t.TempDir(), "--failpoints", path})
	_, ready := broken.until(run.EventNodeReady)
	require.False(t, ready)
	require.Equal(t, 1, broken.exit())
}

func TestWrongFlagsExitWith2(t *testing.T) {
	c := exec.Command(os.Args[0], "--addr", "nowhere")
	c.Env = append(os.Environ(), asNode+"=1")
	var said bytes.Buffer
	c.Stderr = &said
	var failed *exec.ExitError
	require.ErrorAs(t, c.Run(), &failed)
	require.Equal(t, 2, failed.ExitCode())
	require.Contains(t, said.String(), "--addr: \"nowhere\"; want ip:port, for example 127.0.0.1:8848; see registry --help")
}
