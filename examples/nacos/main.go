// Command nacos is a day in the life of a service registry's clients, played with the official nacos-sdk-go, unmodified, against a
// cluster of three nodes: they register, one by one and in a batch; subscribe at another node than the one that is registered at, and are
// pushed to; select; deregister; and live through the death of a node, which has to come from outside while the script waits for it.
//
// It prints what it saw, a line each, and nothing that depends on when. So it prints the same wherever it runs, if the registry is right.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

// patience is how long anything may take. What takes long takes seconds: a node that comes back first catches up with its peers.
const patience = 90 * time.Second

func main() {
	servers := flag.String("servers", "127.0.0.1:8848,127.0.0.1:8858,127.0.0.1:8868", "the three nodes of the cluster, ip:port, separated by commas")
	folder := flag.String("folder", "nacos", "folder for what the SDK logs and caches")
	flag.Parse()
	s := script{folder: *folder}
	for _, server := range strings.Split(*servers, ",") {
		config, err := parseServer(server)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		s.servers = append(s.servers, config)
	}
	if len(s.servers) != 3 {
		fmt.Fprintf(os.Stderr, "-servers names %d nodes: want 3\n", len(s.servers))
		os.Exit(2)
	}
	log.SetOutput(io.Discard) // the SDK says here where it logs to, which is up to the folder
	if err := s.play(); err != nil {
		fmt.Println("the end, too early:", err)
		os.Exit(1)
	}
	fmt.Println("the end")
}

func parseServer(text string) (constant.ServerConfig, error) {
	host, digits, err := net.SplitHostPort(text)
	port, bad := strconv.ParseUint(digits, 10, 16)
	if err = cmp.Or(err, bad); err != nil {
		return constant.ServerConfig{}, fmt.Errorf("-servers: %q: want ip:port: %w", text, err)
	}
	return *constant.NewServerConfig(host, port), nil
}

// script is a play of several clients.
type script struct {
	servers []constant.ServerConfig
	folder  string
	clients int
}

// client makes a client that knows these nodes, counted from 1.
func (s *script) client(nodes ...int) (naming_client.INamingClient, error) {
	s.clients++
	folder := filepath.Join(s.folder, strconv.Itoa(s.clients))
	config := constant.NewClientConfig(constant.WithTimeoutMs(5000), constant.WithNotLoadCacheAtStart(true), constant.WithUpdateCacheWhenEmpty(true),
		constant.WithLogDir(filepath.Join(folder, "log")), constant.WithCacheDir(filepath.Join(folder, "cache")), constant.WithLogLevel("warn"))
	var known []constant.ServerConfig
	for _, number := range nodes {
		known = append(known, s.servers[number-1])
	}
	made, err := clients.NewNamingClient(vo.NacosClientParam{ClientConfig: config, ServerConfigs: known})
	if err != nil {
		return nil, fmt.Errorf("a client of the nodes %v: %w", nodes, err)
	}
	return made, await(fmt.Sprintf("a client of the nodes %v to be connected", nodes), made.ServerHealthy)
}

// await waits for something, looking again and again.
func await(what string, true func() bool) error {
	for end := time.Now().Add(patience); !true(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("waited %v for %s", patience, what)
		}
	}
	return nil
}

// repeatedly tries something that fails for a while at first, such as a write that wants a leader.
func repeatedly(what string, try func() (bool, error)) error {
	var last error
	err := await(what, func() bool {
		ok, err := try()
		last = err
		return ok && err == nil
	})
	if err != nil {
		return errors.Join(err, last)
	}
	fmt.Println(what)
	return nil
}

// show writes instances so that they can be compared.
func show(instances []model.Instance) string {
	if len(instances) == 0 {
		return "nothing"
	}
	var texts []string
	for _, i := range instances {
		text := fmt.Sprintf("%s:%d weight %g", i.Ip, i.Port, i.Weight)
		if version := i.Metadata["version"]; version != "" {
			text += " version " + version
		}
		if !i.Ephemeral {
			text += " persistent"
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

// told is what a subscriber was told last.
type told struct{ pushes chan string }

func subscribe(client naming_client.INamingClient, service string) (*told, *vo.SubscribeParam, error) {
	t := &told{pushes: make(chan string, 1000)}
	param := &vo.SubscribeParam{ServiceName: service, SubscribeCallback: func(instances []model.Instance, err error) {
		if err != nil {
			t.pushes <- err.Error()
			return
		}
		t.pushes <- show(instances)
	}}
	return t, param, client.Subscribe(param)
}

// of waits until the subscriber is told just that.
func (t *told) of(want string) error {
	last := "not a word"
	for timeout := time.After(patience); ; {
		select {
		case last = <-t.pushes:
			if last == want {
				fmt.Println("the subscriber is told:", want)
				return nil
			}
		case <-timeout:
			return fmt.Errorf("the subscriber was told %s in %v: want %s", last, patience, want)
		}
	}
}

// listed waits until a fresh client of a node, which has nothing cached, lists just that.
func (s *script) listed(node int, service, want string) error {
	client, err := s.client(node)
	if err != nil {
		return err
	}
	defer client.CloseClient()
	var last string
	err = await("node "+strconv.Itoa(node), func() bool {
		all, err := client.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: service})
		if last = show(all); err != nil {
			last = err.Error()
		}
		return last == want || want == "nothing" && strings.Contains(last, "instance list is empty")
	})
	if err != nil {
		return fmt.Errorf("%w to list %s of %s: it lists %s", err, want, service, last)
	}
	fmt.Printf("node %d lists of %s: %s\n", node, service, want)
	return nil
}
