//go:build unix

package mysqltest

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

// realServer is a MariaDB or MySQL server in a process of its own.
type realServer struct {
	at      *net.TCPAddr
	process *exec.Cmd
	ended   chan struct{}
	// admin has all rights. There is also a user "watcher", password "secret", who may log in and no more.
	admin *sql.DB
}

// serverProgram finds a server that is installed. Debian keeps it where only root's PATH leads.
func serverProgram(t *testing.T) string {
	for _, name := range []string{"mariadbd", "mysqld", "/usr/sbin/mariadbd", "/usr/sbin/mysqld"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("SKIPPED: neither mariadbd nor mysqld is installed (Debian: apt-get install mariadb-server), so that the MySQL check was held against no real server")
	return ""
}

// serveReal runs a server on an empty folder until the test ends. Its tables are made by its own installer where there is one, as with
// MariaDB, and by --initialize-insecure else.
func serveReal(t *testing.T) *realServer {
	program := serverProgram(t)
	folder := t.TempDir()
	data, log, socket := filepath.Join(folder, "data"), filepath.Join(folder, "log"), filepath.Join(folder, "socket")
	var asRoot []string
	if os.Getuid() == 0 {
		asRoot = []string{"--user=root"} // or it refuses to run
	}
	install := exec.Command(program, append([]string{"--no-defaults", "--initialize-insecure", "--datadir=" + data}, asRoot...)...)
	if installer, err := exec.LookPath("mariadb-install-db"); err == nil {
		install = exec.Command(installer, append([]string{"--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--datadir=" + data}, asRoot...)...)
	}
	text, err := install.CombinedOutput()
	require.NoError(t, err, "%s", text)

	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &realServer{at: free.Addr().(*net.TCPAddr), ended: make(chan struct{})}
	require.NoError(t, free.Close())
	s.process = exec.Command(program, append([]string{"--no-defaults", "--datadir=" + data, "--socket=" + socket, "--log-error=" + log,
		"--pid-file=" + filepath.Join(folder, "pid"), "--bind-address=127.0.0.1", "--skip-name-resolve", fmt.Sprintf("--port=%d", s.at.Port),
		"--innodb-buffer-pool-size=8M"}, asRoot...)...)
	require.NoError(t, s.process.Start())
	go func() { _ = s.process.Wait(); close(s.ended) }()
	t.Cleanup(s.kill)
	s.admin, err = sql.Open("mysql", fmt.Sprintf("root@unix(%s)/", socket))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.admin.Close() }) // which complains where the server was killed
	if !s.answers() {
		text, _ := os.ReadFile(log)
		require.FailNow(t, "the server does not answer", "%s", text)
	}
	s.do(t, "create user watcher@'%' identified by 'secret'")
	return s
}

// answers waits until the server takes queries; false if it never does.
func (s *realServer) answers() bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if s.admin.Ping() == nil {
			return true
		}
	}
	return false
}

func (s *realServer) do(t *testing.T, query string) {
	_, err := s.admin.Exec(query)
	require.NoError(t, err, query)
}

// kill ends the process as a crash would.
func (s *realServer) kill() {
	_ = s.process.Process.Signal(syscall.SIGKILL)
	<-s.ended
}

func TestRealServer(t *testing.T) {
	s := serveReal(t)
	as := func(user, password, command string) string {
		return fmt.Sprintf(`{"user":%q,"pwd":%q,"cmd":%q}`, user, password, command)
	}
	turns := func(why string, health func() bool, want bool) {
		t.Helper()
		require.Eventually(t, func() bool { return health() == want }, patience, 10*time.Millisecond, why)
	}
	turns("a wrong password", checked(t, s.at, true, as("watcher", "wrong", "select 1")), false)
	turns("a stranger", checked(t, s.at, true, as("stranger", "secret", "select 1")), false)
	turns("a query that fails", checked(t, s.at, true, as("watcher", "secret", "select nonsense from nowhere")), false)

	asked, other := checked(t, s.at, false, as("watcher", "secret", master)), checked(t, s.at, false, as("watcher", "secret", "select 1"))
	turns("it takes writes", asked, true)
	turns("it answers", other, true)
	s.do(t, "set global read_only = 1")
	turns("it takes no writes", asked, false)
	require.True(t, other(), "another command does not ask")
	s.do(t, "set global read_only = 0")
	turns("it takes writes again", asked, true)

	s.kill()
	turns("it was killed", asked, false)
	turns("it was killed", other, false)
}
