package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"

	"muster/nodes/auth"
	"muster/nodes/intake"
	"muster/nodes/membership"
	"muster/nodes/registry"
	"muster/nodes/rpc"
)

// settings are what the command line says.
type settings struct {
	address string
	members []string
	// membersFile is where the members are listed and read again while the node runs; "" if they are given by a flag.
	membersFile string
	data        string
	// failpoints is the file of defects that are switched on and off while the node runs; "": there is none.
	failpoints string
	// resetMembers has the list of members replace the one in the data folder.
	resetMembers bool
	profile      registry.Profile
	// healthChecks has persistent instances probed.
	healthChecks bool
	// accounts are those that the cluster begins with; nil: authentication is off.
	accounts *auth.Accounts
	// insecure has a node that others can reach do without authentication.
	insecure bool
	// metrics has Prometheus read the node.
	metrics bool
	// subscribePersistent has subscribers told of persistent services, too.
	subscribePersistent bool
	// limits of each port; sdkMost and sdkMostPerIP are those of clients' gRPC connections that are set up, 0 for none.
	limits                intake.Limits
	sdkMost, sdkMostPerIP int
	// dataMiB is how much memory, in MiB, what clients register and subscribe may take.
	dataMiB int64
	level   slog.Level
}

const usage = `registry is one node of a service registry with Nacos's open API: HTTP, gRPC, pushes over UDP.

A node alone, its data below ./data:

  registry --addr 127.0.0.1:8848 --data data

One of three; start the other two with their own --addr and --data and the same --members:

  registry --addr 127.0.0.1:8848 --members 127.0.0.1:8848,127.0.0.1:8858,127.0.0.1:8868 --data data/a

A node that other machines can reach wants --accounts, or --insecure. The file says by what members and tokens are known, and whom an empty
cluster begins with; from then on the cluster keeps its users, roles and permissions, which administrators change as in Nacos
(/nacos/v1/auth/users, …/roles, …/permissions), and the file's are not looked at again:

  {"secret_key": "(openssl rand -base64 32)", "identity": {"key": "muster-member", "value": "(a secret)"},
   "users": [{"name": "nacos", "password": "(bcrypt: htpasswd -nbB nacos PASSWORD)", "roles": ["ROLE_ADMIN"]},
             {"name": "shop", "password": "$2y$…", "roles": ["orders"]}],
   "roles": [{"name": "orders", "permissions": [{"resource": "public:DEFAULT_GROUP:naming/orders", "action": "rw"}]}]}

With --members-file instead, the members are read from a file, ip:port a line, and read again while the node runs (every 3 s, and at
once on SIGHUP): members that are added to it or taken out of it join and leave the running cluster.

Register an instance, and list the service (an instance for which nobody beats is gone after 30 s):

  curl -X POST 'http://127.0.0.1:8848/nacos/v1/ns/instance?serviceName=orders&ip=10.0.0.1&port=8080'
  curl 'http://127.0.0.1:8848/nacos/v1/ns/instance/list?serviceName=orders'

Ports, where --addr names port p: p HTTP, p+1000 and p+1001 gRPC (clients, members), p-1000 Raft. In the profile nacos1 no
clients speak gRPC.
Events go to standard error, one JSON object a line. SIGTERM ends the node in good order.

Limits, beside those of the flags; what is beyond is refused, and the node goes on:

  HTTP     header 64 KiB in 5 s, body 2 MiB in 15 s (Tomcat: maxPostSize), bodies beyond 64 KiB 128 MiB together, answer taken
           in 30 s, idle 60 s
  gRPC     message 10 MiB (Nacos), header 64 KiB, handshake 5 s, idle 30 s without a stream; a client's connection: 256 requests
           and 4 streams under way, publishes in and subscribes to 20000 services, 10000 instances in a batch; messages that
           have not come in whole 128 MiB together: the connection with most of them is closed
  accounts one password is checked at a time, 24 wait, 8 from one address
  Raft     only from members' hosts; with --accounts an introduction in 2 s, 64 at a time; a command 256 KiB
  data     an instance 256 KiB, its service's name included
  UDP      20000 subscriptions, half a minute each (Nacos); names of subscribers are looked up 16 at a time, in 2 s

Flags:
`

// parseFlags reads the command line and the files that it names. After an error, or a question for help, everything there is to say has been
// written to out.
func parseFlags(arguments []string, out io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("registry", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // it would answer each mistake with all flags there are
	var members, accounts string
	flags.StringVar(&s.address, "addr", "127.0.0.1:8848", "this node's `ip:port`, by which its members know it")
	flags.StringVar(&members, "members", "", "all members, this one too, as `ip:port,ip:port,…` (default: this node alone)")
	flags.StringVar(&s.membersFile, "members-file", "", "`file` with all members, ip:port a line, # before comments; read again while the node runs")
	flags.StringVar(&s.data, "data", "data", "`folder` for Raft's log and snapshots; one node's own")
	flags.StringVar(&s.failpoints, "failpoints", "", "`file` of failpoints, a line name=term each, read now and at each SIGHUP: the node is broken on purpose")
	flags.BoolVar(&s.resetMembers, "reset-members", false, "have the list of members replace the one in the data folder: when a majority has lost its\n"+
		"addresses; stop all nodes first, and start each once with it")
	profile := flags.String("profile", string(registry.Nacos2), "the `generation` of Nacos to be like: nacos1 (1.4: HTTP and UDP, each instance ephemeral or\n"+
		"persistent by itself) or nacos2 (2.5: gRPC too, services ephemeral or persistent as a whole); all members alike")
	flags.BoolVar(&s.healthChecks, "health-checks", true, "probe persistent instances over the network, as the settings of their clusters say")
	flags.StringVar(&accounts, "accounts", "", "`file` of the tokens' key, the members' identity and the first users, the same at all members: authentication is on")
	flags.BoolVar(&s.insecure, "insecure", false, "do without authentication where others than this machine can connect")
	flags.BoolVar(&s.metrics, "metrics", false, "answer Prometheus at /nacos/actuator/prometheus")
	flags.BoolVar(&s.subscribePersistent, "subscribe-persistent", true, "push persistent services to their subscribers, too, as Nacos 2.5 does")
	flags.IntVar(&s.limits.All, "connections", intake.DefaultAll, "`most` connections at each port; more wait to be taken in")
	flags.IntVar(&s.limits.PerAddress, "connections-per-address", intake.DefaultPerAddress, "`most` connections from one IP address at each port; more are closed at once")
	flags.IntVar(&s.sdkMost, "sdk-connections", 0, "`most` gRPC connections that clients set up; more are asked to go to another node (0: no limit but that of the port)")
	flags.IntVar(&s.sdkMostPerIP, "sdk-connections-per-address", 0, "`most` of them from one IP address (0: no limit but that of the port)")
	flags.Int64Var(&s.dataMiB, "data-limit", registry.DefaultBytes>>20, "memory in `MiB` that what clients register and subscribe may take, roughly; more is refused")
	flags.TextVar(&s.level, "log-level", slog.LevelInfo, "`least` of DEBUG, INFO, WARN and ERROR to log")
	err := flags.Parse(arguments)
	if err == nil {
		s.profile = registry.Profile(*profile)
		err = s.complete(members, accounts, flags.Args())
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		flags.SetOutput(out)
		flags.PrintDefaults()
	case err != nil:
		fmt.Fprintf(out, "registry: %v; see registry --help\n", err)
	}
	return s, err
}

// complete checks the settings and fills in what follows from others, and from files.
func (s *settings) complete(members, accounts string, rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("argument %q: want flags only", rest[0])
	}
	if err := checkAddress("--addr", s.address); err != nil {
		return err
	}
	if accounts != "" {
		read, err := auth.ReadAccounts(accounts)
		if err != nil {
			return fmt.Errorf("--accounts: %w", err)
		}
		s.accounts = &read
	}
	if err := s.checkAccess(); err != nil {
		return err
	}
	if s.profile != registry.Nacos1 && s.profile != registry.Nacos2 {
		return fmt.Errorf("--profile: %q; want %s or %s", s.profile, registry.Nacos1, registry.Nacos2)
	}
	if s.data == "" {
		return fmt.Errorf("--data: empty; want a folder")
	}
	if err := s.checkLimits(); err != nil {
		return err
	}
	name := "--members"
	s.members = []string{s.address}
	switch {
	case members != "" && s.membersFile != "":
		return errors.New("--members and --members-file: both; want one of them")
	case s.membersFile != "":
		listed, err := membership.ReadList(s.membersFile)
		if err != nil {
			return fmt.Errorf("--members-file: %w", err)
		}
		name, s.members = "--members-file "+s.membersFile, listed
	case members != "":
		s.members = strings.Split(members, ",")
	}
	return s.checkMembers(name)
}

// checkAccess makes sure that nobody opens a node to the world by mistake.
func (s *settings) checkAccess() error {
	host, _, err := net.SplitHostPort(s.address)
	if err != nil || s.accounts != nil || s.insecure || host == "localhost" || net.ParseIP(host).IsLoopback() {
		return err
	}
	return fmt.Errorf("--addr %s can be reached from other machines, and authentication is off: want --accounts with a file of users, "+
		"or --insecure where the network keeps strangers out", s.address)
}

// checkLimits makes sure that limits leave room for something.
func (s *settings) checkLimits() error {
	for _, limit := range []struct {
		flag         string
		value, least int64
	}{
		{"--connections", int64(s.limits.All), 1}, {"--connections-per-address", int64(s.limits.PerAddress), 1},
		{"--sdk-connections", int64(s.sdkMost), 0}, {"--sdk-connections-per-address", int64(s.sdkMostPerIP), 0}, {"--data-limit", s.dataMiB, 1},
	} {
		if limit.value < limit.least || limit.value > mostLimit {
			return fmt.Errorf("%s: %d; want %d to %d", limit.flag, limit.value, limit.least, mostLimit)
		}
	}
	return nil
}

// mostLimit is the most that a limit may be: 2^30, which is none.
const mostLimit = 1 << 30

// checkMembers checks the list that a flag of that name gave.
func (s *settings) checkMembers(name string) error {
	for i, member := range s.members {
		if err := checkAddress(name, member); err != nil {
			return err
		}
		if slices.Contains(s.members[:i], member) {
			return fmt.Errorf("%s: %s twice; want each member once", name, member)
		}
	}
	if !slices.Contains(s.members, s.address) {
		return fmt.Errorf("%s: %s is not among them; want this node's own --addr listed too", name, s.address)
	}
	return nil
}

// checkAddress makes sure that an address and its three other ports can be listened on.
func checkAddress(name, address string) error {
	host, text, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return fmt.Errorf("%s: %q; want ip:port, for example 127.0.0.1:8848", name, address)
	}
	port, err := strconv.Atoi(text)
	if err != nil || port+rpc.RaftOffset < 1 || port+rpc.ClusterOffset > 65535 {
		return fmt.Errorf("%s: port %q of %q; want a number from %d to %d", name, text, address, 1-rpc.RaftOffset, 65535-rpc.ClusterOffset)
	}
	return nil
}
