//go:build cluster

package acceptance

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// plain is the cluster of most faults, with all servers in processes of their own.
var plain = &bed{name: "plain", spec: func(kafka string) testbed.Spec {
	return testbed.Spec{Kafka: kafka}
}}

// What evenkeel promises.
const (
	// atOnce is for what ends connections: a killed process.
	atOnce = time.Second
	// session is how long a cluster of the testbed takes to notice a lost broker, at
	// most: 3 s, and what ZooKeeper's ticks and the controller add.
	session = 6 * time.Second
)

// aPoll is for what only the next poll at the interval finds, which waits for its
// timeout.
func aPoll() time.Duration { return 2**faultInterval + sampleEvery }

// asItComesBack is how often a broker that is killed may be told to refuse: before it
// is out of the registry, and when it is in it again before its port is open.
const asItComesBack = 2

var brokerKilled = fault{
	name: "broker_killed", bed: plain, quick: []string{"0.9.0.1", "4.4.0"}, runs: 3, begins: asItComesBack,
	shows: "`kafka_broker_up` 0",
	begin: func(s *scene) []claim {
		b := s.follower()
		s.kill(b)
		return s.down(b, atOnce)
	},
	end: (*scene).reviveStruck,
}

var brokerFrozen = fault{
	name: "broker_frozen", bed: plain, quick: []string{"0.9.0.1", "4.4.0"}, runs: 3,
	shows: "`kafka_broker_up` 0",
	begin: func(s *scene) []claim {
		b := s.follower()
		s.freeze(b)
		return s.down(b, aPoll())
	},
	end: (*scene).thawStruck,
}

var controllerKilled = fault{
	name: "controller_killed", bed: plain, quick: []string{"4.4.0"}, runs: 2, recovers: afterController, begins: asItComesBack,
	shows: "`kafka_broker_up` 0; with ZooKeeper, the new controller",
	begin: func(s *scene) []claim {
		b := s.controller()
		s.kill(b)
		return s.down(b, atOnce)
	},
	end: (*scene).reviveStruck,
}

var allKilled = fault{
	name: "all_brokers_killed", bed: plain, quick: []string{"0.9.0.1"}, runs: 2, recovers: afterController, begins: asItComesBack,
	shows: "`kafka_cluster_reachable` 0, every `kafka_broker_up` 0",
	begin: func(s *scene) []claim {
		s.kill(s.c.Brokers()...)
		return s.allDown(atOnce)
	},
	end: (*scene).reviveStruck,
}

func init() { declare(&brokerKilled, &brokerFrozen, &controllerKilled, &allKilled) }

// allDown is what is true when no broker answers.
func (s *scene) allDown(within time.Duration) []claim {
	claims := []claim{is("kafka_cluster_reachable 0", within), ifAny("kafka_brokers 0", within), is("!kafka_consumergroup_current_offset", aPoll()), is("!kafka_consumergroup_lag", aPoll())}
	for _, b := range s.c.Brokers() {
		claims = append(claims, is(brokerSeries("kafka_broker_up", b.ID())+" 0", within))
	}
	return claims
}

// down is what is true of a broker that does not answer any more, while others do.
func (s *scene) down(b *testbed.Server, within time.Duration) []claim {
	claims := []claim{
		is(brokerSeries("kafka_broker_up", b.ID())+" 0", within),
		is(fmt.Sprintf(`kafka_broker_status{broker="%d",status="alive"} 0`, b.ID()), within),
		ifAny(fmt.Sprintf("kafka_brokers %d", len(s.c.Brokers())-1), within),
		is(brokerSeries("kafka_broker_registered", b.ID())+" 0", session+afterController()),
		is("kafka_cluster_reachable 1", 0),
		never("kafka_cluster_reachable 0"),
	}
	for _, other := range s.c.Brokers() {
		if other != b {
			claims = append(claims, never(brokerSeries("kafka_broker_registered", other.ID())+" 0"))
		}
	}
	return claims
}

func (s *scene) controller() *testbed.Server {
	b, err := s.c.Controller(s.ctx)
	must(s.t, err)
	return b
}

// follower returns a broker that is not the controller.
func (s *scene) follower() *testbed.Server {
	controller := s.controller()
	for _, b := range s.c.Brokers() {
		if b != controller {
			return b
		}
	}
	panic("a cluster of one broker")
}

// afterController is how long after the return of a controller without ZooKeeper
// what brokers tell is not believed: their session of 3 s, and two polls; and then
// there are two polls as ever.
func afterController() time.Duration { return 3*time.Second + 4**faultInterval + sampleEvery }
