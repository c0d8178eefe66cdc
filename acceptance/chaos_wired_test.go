//go:build cluster && chaos

package acceptance

import (
	"fmt"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// wired is a cluster that evenkeel reaches through wires only, and whose brokers
// reach ZooKeeper through others.
var wired = &bed{
	name: "wired",
	spec: func(kafka string) testbed.Spec {
		return testbed.Spec{Kafka: kafka, OneJVM: kafka[0] < '4', Brokers: 3, Wires: true, ZooKeeperWires: kafka[0] < '4'}
	},
	config: func(s *scene) string {
		listener := ""
		if name := s.c.WireListener(); name != "" {
			listener = "      listener: " + name + "\n"
		}
		if s.kraft() {
			return fmt.Sprintf("    kafka:\n      brokers: [%s]\n%s", strings.Join(s.c.WiredBootstrap(), ", "), listener)
		}
		kafka := ""
		if listener != "" {
			kafka = "    kafka:\n" + listener
		}
		return fmt.Sprintf("    zookeeper: {servers: [%s]}\n%s", s.c.WiredZooKeeperConnect(), kafka)
	},
}

// wiresTo are those between evenkeel and some brokers.
func (s *scene) wiresTo(brokers ...int) (all []*testbed.Wire) {
	for _, id := range brokers {
		all = append(all, s.c.Wire(id))
	}
	return all
}

// wiresToZooKeeper are those between evenkeel and the ensemble.
func (s *scene) wiresToZooKeeper() (all []*testbed.Wire) {
	for i := range s.c.ZooKeepers() {
		all = append(all, s.c.ZooKeeperWire(i))
	}
	return all
}

// ail does something to wires, which end mends.
func (s *scene) ail(wires []*testbed.Wire, how func(*testbed.Wire)) {
	s.undo = func() {
		for _, w := range wires {
			w.Mend()
		}
	}
	s.struck()
	for _, w := range wires {
		how(w)
	}
}

// outOfSight is what is true of brokers that run, and that evenkeel cannot reach: the
// cluster goes on with them.
func (s *scene) outOfSight(status string, within time.Duration, brokers ...int) []claim {
	var claims []claim
	for _, id := range brokers {
		claims = append(claims, is(brokerSeries("kafka_broker_up", id)+" 0", within))
		if len(brokers) < len(s.c.Brokers()) || !s.kraft() {
			claims = append(claims, is(fmt.Sprintf(`kafka_broker_status{broker="%d",status="%s"} 1`, id, status), within),
				is(brokerSeries("kafka_broker_registered", id)+" 1", 0), is("kafka_offline_partitions 0", 0))
		}
	}
	return append(claims, noOutage(s)...)
}

var brokerCut = fault{
	name: "network_to_a_broker_cut", bed: wired,
	shows: "`kafka_broker_up` 0, registered, nothing offline",
	begin: func(s *scene) []claim {
		s.ail(s.wiresTo(1), (*testbed.Wire).Cut)
		return s.outOfSight("timeout", aPoll(), 1)
	},
	end: (*scene).undone,
}

var allCut = fault{
	name: "network_to_all_brokers_cut", bed: wired, recovers: afterController,
	shows: "`kafka_cluster_reachable` 0, nothing offline",
	begin: func(s *scene) []claim {
		s.ail(s.wiresTo(0, 1, 2), (*testbed.Wire).Cut)
		return append([]claim{is("kafka_cluster_reachable 0", aPoll())}, s.outOfSight("timeout", aPoll(), 0, 1, 2)...)
	},
	end: (*scene).undone,
}

var zooKeeperCut = fault{
	name: "network_to_zookeeper_cut", bed: wired, on: withZooKeeper,
	shows: "every `zk_up` 0, nothing of what stands in the registry",
	begin: func(s *scene) []claim {
		s.ail(s.wiresToZooKeeper(), (*testbed.Wire).Cut)
		claims := []claim{is("!zk_ensemble_has_quorum", aPoll())}
		for _, w := range s.wiresToZooKeeper() {
			claims = append(claims, is(fmt.Sprintf("zk_up{zk_server=%q} 0", w.Addr()), aPoll()))
		}
		return append(claims, s.noRegistry()...)
	},
	end: (*scene).undone,
}
