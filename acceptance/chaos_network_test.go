//go:build cluster && chaos

package acceptance

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

func init() {
	declare(&brokerCut, withReload(brokerCut), &allCut, withReload(allCut), &zooKeeperCut, withReload(zooKeeperCut))
	declare(
		&fault{
			name: "network_to_all_brokers_but_one_cut", bed: wired,
			shows: "`kafka_broker_up` 0 of these, registered, nothing offline",
			begin: func(s *scene) []claim {
				s.ail(s.wiresTo(0, 1), (*testbed.Wire).Cut)
				return s.outOfSight("timeout", aPoll(), 0, 1)
			},
			end: (*scene).undone,
		},
		&fault{
			name: "network_to_everything_cut", bed: wired, on: withZooKeeper,
			shows: "`kafka_cluster_reachable` 0, every `zk_up` 0, nothing offline",
			begin: func(s *scene) []claim {
				s.ail(append(s.wiresTo(0, 1, 2), s.wiresToZooKeeper()...), (*testbed.Wire).Cut)
				return append([]claim{is("kafka_cluster_reachable 0", aPoll()), never("zk_ensemble_has_quorum 0")}, noOutage(s)...)
			},
			end: (*scene).undone,
		},
		&fault{
			name: "connections_to_a_broker_refused", bed: wired,
			shows: "`kafka_broker_up` 0, registered, nothing offline",
			begin: func(s *scene) []claim {
				s.ail(s.wiresTo(1), (*testbed.Wire).Refuse)
				return s.outOfSight("refused", atOnce, 1)
			},
			end: (*scene).undone,
		},
		&fault{
			name: "connections_reset", bed: wired,
			shows: "nothing: they are made anew",
			begin: func(s *scene) []claim {
				s.ail(append(s.wiresTo(0, 1, 2), s.wiresToZooKeeper()...), (*testbed.Wire).Reset)
				var claims []claim
				for _, b := range s.c.Brokers() {
					claims = append(claims, is(brokerSeries("kafka_broker_up", b.ID())+" 1", 0))
				}
				return append(claims, append(noOutage(s), is("kafka_cluster_reachable 1", 0))...)
			},
			end: (*scene).undone,
		},
		&fault{
			name: "broker_slow", bed: wired,
			shows: "`kafka_broker_response_seconds`, all else as it is",
			begin: func(s *scene) []claim {
				s.ail(s.wiresTo(1), func(w *testbed.Wire) { w.Delay(150 * time.Millisecond) })
				return append([]claim{is(brokerSeries("kafka_broker_response_seconds", 1)+" >0.14", aPoll())}, s.undisturbed()...)
			},
			end: (*scene).undone,
		},
		&fault{
			name: "broker_slower_than_the_timeout", bed: wired,
			shows: "`kafka_broker_up` 0, registered, nothing offline",
			begin: func(s *scene) []claim {
				s.ail(s.wiresTo(1), func(w *testbed.Wire) { w.Delay(2 * *faultInterval) })
				return s.outOfSight("timeout", aPoll(), 1)
			},
			end: (*scene).undone,
		},
		&fault{
			name: "answers_of_a_broker_trickle", bed: wired,
			shows: "nothing false: the broker up or timed out, registered, nothing offline",
			begin: func(s *scene) []claim {
				s.ail(s.wiresTo(1), func(w *testbed.Wire) { w.Trickle(20) })
				return append([]claim{is("kafka_cluster_reachable 1", 0)}, noOutage(s)...)
			},
			end: (*scene).undone, begins: 3,
		},
		&fault{
			name: "zookeeper_slow", bed: wired, on: withZooKeeper,
			shows: "nothing false",
			begin: func(s *scene) []claim {
				s.ail(s.wiresToZooKeeper(), func(w *testbed.Wire) { w.Delay(100 * time.Millisecond) })
				return append([]claim{is("kafka_cluster_reachable 1", 0)}, noOutage(s)...)
			},
			end: (*scene).undone, begins: 3,
		},
		&fault{
			name: "network_between_a_broker_and_zookeeper_cut", bed: wired, on: withZooKeeper, recovers: afterController,
			shows: "`kafka_broker_status` unregistered, though it answers",
			begin: func(s *scene) []claim {
				id := s.follower().ID()
				s.ail(s.c.ZooKeeperWiresOf(id), (*testbed.Wire).Cut)
				return []claim{
					is(brokerSeries("kafka_broker_registered", id)+" 0", session+aPoll()), is(brokerSeries("kafka_broker_up", id)+" 0", session+aPoll()),
					is(fmt.Sprintf(`kafka_broker_status{broker="%d",status="unregistered"} 1`, id), session+aPoll()),
					is("kafka_cluster_reachable 1", 0),
				}
			},
			end: (*scene).undone,
		},
		&fault{
			name: "network_between_all_brokers_and_zookeeper_cut", bed: wired, on: withZooKeeper, recovers: afterController,
			shows: "every `kafka_broker_registered` 0, all partitions offline, though all brokers answer",
			begin: func(s *scene) []claim {
				var wires []*testbed.Wire
				claims := []claim{is("kafka_offline_partitions >0", session+aPoll()), is("kafka_cluster_reachable 1", 0), is("kafka_active_controllers 0", session+aPoll())}
				for _, b := range s.c.Brokers() {
					wires = append(wires, s.c.ZooKeeperWiresOf(b.ID())...)
					claims = append(claims, is(brokerSeries("kafka_broker_registered", b.ID())+" 0", session+aPoll()))
				}
				s.ail(wires, (*testbed.Wire).Cut)
				return claims
			},
			end: (*scene).undone,
		},
	)
}
