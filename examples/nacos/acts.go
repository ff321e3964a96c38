package main

import (
	"fmt"

	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

// play is the whole script. Each act ends when what it waits for was seen.
func (s *script) play() error {
	publisher, err := s.client(1)
	if err != nil {
		return err
	}
	defer publisher.CloseClient()
	reader, err := s.client(2)
	if err != nil {
		return err
	}
	defer reader.CloseClient()
	for _, act := range []struct {
		name string
		play func(publisher, reader naming_client.INamingClient) error
	}{
		{"one instance, registered at node 1, subscribed at node 2", s.single},
		{"a batch", s.batch},
		{"select", s.choose},
		{"persistent instances", s.persistent},
		{"node 1 dies", s.death},
	} {
		fmt.Println("—", act.name)
		if err := act.play(publisher, reader); err != nil {
			return err
		}
	}
	return nil
}

// orders is the instance that the publisher provides.
func orders(weight float64, version string) vo.RegisterInstanceParam {
	return vo.RegisterInstanceParam{Ip: "10.1.0.1", Port: 8080, ServiceName: "orders", Weight: weight, Enable: true, Healthy: true, Ephemeral: true,
		Metadata: map[string]string{"version": version}}
}

func (s *script) single(publisher, reader naming_client.INamingClient) error {
	news, wish, err := subscribe(reader, "orders")
	if err != nil {
		return fmt.Errorf("subscribe orders: %w", err)
	}
	if err := repeatedly("registered", func() (bool, error) { return publisher.RegisterInstance(orders(2, "1")) }); err != nil {
		return err
	}
	if err := news.of("10.1.0.1:8080 weight 2 version 1"); err != nil {
		return err
	}
	if err := repeatedly("updated", func() (bool, error) {
		new := orders(3, "2")
		return publisher.UpdateInstance(vo.UpdateInstanceParam{Ip: new.Ip, Port: new.Port, ServiceName: new.ServiceName, Weight: new.Weight,
			Enable: true, Healthy: true, Ephemeral: true, Metadata: new.Metadata})
	}); err != nil {
		return err
	}
	if err := news.of("10.1.0.1:8080 weight 3 version 2"); err != nil {
		return err
	}
	if err := repeatedly("deregistered", func() (bool, error) {
		return publisher.DeregisterInstance(vo.DeregisterInstanceParam{Ip: "10.1.0.1", Port: 8080, ServiceName: "orders", Ephemeral: true})
	}); err != nil {
		return err
	}
	if err := news.of("nothing"); err != nil {
		return err
	}
	if err := reader.Unsubscribe(wish); err != nil {
		return fmt.Errorf("unsubscribe orders: %w", err)
	}
	for node := 1; node <= 3; node++ {
		if err := s.listed(node, "orders", "nothing"); err != nil {
			return err
		}
	}
	return nil
}

// cartsListed is the batch as it is shown.
const cartsListed = "10.1.0.1:8081 weight 1, 10.1.0.1:8082 weight 1, 10.1.0.1:8083 weight 8"

func (s *script) batch(publisher, reader naming_client.INamingClient) error {
	news, _, err := subscribe(reader, "carts")
	if err != nil {
		return fmt.Errorf("subscribe carts: %w", err)
	}
	if err := repeatedly("registered a batch", func() (bool, error) {
		batch := vo.BatchRegisterInstanceParam{ServiceName: "carts"}
		for port, weight := range map[uint64]float64{8081: 1, 8082: 1, 8083: 8} {
			batch.Instances = append(batch.Instances, vo.RegisterInstanceParam{Ip: "10.1.0.1", Port: port, Weight: weight, Enable: true, Healthy: true, Ephemeral: true})
		}
		return publisher.BatchRegisterInstance(batch)
	}); err != nil {
		return err
	}
	if err := news.of(cartsListed); err != nil {
		return err
	}
	return s.listed(3, "carts", cartsListed)
}

// picks is how often one is chosen by weight.
const picks = 2000

func (s *script) choose(_, reader naming_client.INamingClient) error {
	healthy, err := reader.SelectInstances(vo.SelectInstancesParam{ServiceName: "carts", HealthyOnly: true})
	if err != nil {
		return fmt.Errorf("select the healthy instances of carts: %w", err)
	}
	fmt.Println("healthy:", show(healthy))
	chosen := map[uint64]int{}
	for range picks {
		one, err := reader.SelectOneHealthyInstance(vo.SelectOneHealthInstanceParam{ServiceName: "carts"})
		if err != nil {
			return fmt.Errorf("select one healthy instance of carts: %w", err)
		}
		chosen[one.Port]++
	}
	// The one of weight 8 of 10 is chosen 1600 times of 2000, give or take 18.
	heavy := chosen[8083]
	fmt.Printf("chosen by weight, each at least once: %v; the heavy one about four times of five: %v\n",
		chosen[8081] > 0 && chosen[8082] > 0, heavy > picks*7/10 && heavy < picks*9/10)
	return nil
}

func (s *script) persistent(publisher, _ naming_client.INamingClient) error {
	ledger := vo.RegisterInstanceParam{Ip: "10.1.0.9", Port: 9090, ServiceName: "ledger", Weight: 1, Enable: true, Healthy: true}
	if err := repeatedly("registered a persistent instance", func() (bool, error) { return publisher.RegisterInstance(ledger) }); err != nil {
		return err
	}
	for node := 1; node <= 3; node++ {
		if err := s.listed(node, "ledger", "10.1.0.9:9090 weight 1 persistent"); err != nil {
			return err
		}
	}
	return nil
}

func (s *script) death(publisher, reader naming_client.INamingClient) error {
	roamer, err := s.client(1, 2, 3)
	if err != nil {
		return err
	}
	defer roamer.CloseClient()
	stock := vo.RegisterInstanceParam{Ip: "10.1.0.5", Port: 8085, ServiceName: "stock", Weight: 1, Enable: true, Healthy: true, Ephemeral: true}
	if err := repeatedly("a client of all three nodes registered", func() (bool, error) { return roamer.RegisterInstance(stock) }); err != nil {
		return err
	}
	news, _, err := subscribe(reader, "orders")
	if err != nil {
		return fmt.Errorf("subscribe orders: %w", err)
	}
	fmt.Println("kill node 1 now")
	if err := await("node 1 to die", func() bool { return !publisher.ServerHealthy() }); err != nil {
		return err
	}
	fmt.Println("the publisher has lost node 1")
	if err := await("the client of all three to be connected", roamer.ServerHealthy); err != nil {
		return err
	}
	for node := 2; node <= 3; node++ {
		if err := s.listed(node, "stock", "10.1.0.5:8085 weight 1"); err != nil {
			return err
		}
	}
	if err := repeatedly("without node 1, a persistent instance was deregistered", func() (bool, error) {
		return reader.DeregisterInstance(vo.DeregisterInstanceParam{Ip: "10.1.0.9", Port: 9090, ServiceName: "ledger"})
	}); err != nil {
		return err
	}
	fmt.Println("restart node 1 now")
	if err := await("node 1 to come back", publisher.ServerHealthy); err != nil {
		return err
	}
	fmt.Println("the publisher has found node 1 again")
	for _, check := range []struct{ service, want string }{
		{"carts", cartsListed},
		{"stock", "10.1.0.5:8085 weight 1"},
		{"ledger", "nothing"},
	} {
		for node := 1; node <= 3; node++ {
			if err := s.listed(node, check.service, check.want); err != nil {
				return err
			}
		}
	}
	if err := repeatedly("registered", func() (bool, error) { return publisher.RegisterInstance(orders(5, "3")) }); err != nil {
		return err
	}
	return news.of(show([]model.Instance{{Ip: "10.1.0.1", Port: 8080, Weight: 5, Ephemeral: true, Metadata: map[string]string{"version": "3"}}}))
}
