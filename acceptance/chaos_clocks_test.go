//go:build cluster && chaos

package acceptance

import (
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// clocks is a cluster whose servers' clocks can be moved.
var clocks = &bed{name: "clocks", spec: func(kafka string) testbed.Spec {
	return testbed.Spec{Kafka: kafka, OneJVM: kafka[0] < '4', MovableClocks: true}
}}

func init() {
	move := func(name string, by time.Duration) *fault {
		return &fault{
			name: name, bed: clocks, recovers: afterController, begins: 2,
			shows: "all as it is, where the cluster does not mind",
			begin: func(s *scene) []claim {
				b := s.follower()
				s.undo = func() { must(s.t, b.MoveClock(0)) }
				s.struck()
				must(s.t, b.MoveClock(by))
				if s.release == "0.9.0.1" { // its ZooKeeper client takes the time of day for its session
					return []claim{is("kafka_cluster_reachable 1", 0)}
				}
				return s.undisturbed()
			},
			end: (*scene).undone,
		}
	}
	declare(
		move("clock_of_a_broker_an_hour_ahead", time.Hour), move("clock_of_a_broker_an_hour_behind", -time.Hour),
		&fault{
			name: "clocks_of_zookeeper_an_hour_ahead", bed: clocks, on: withZooKeeper, recovers: afterController, begins: 2,
			shows: "nothing but what the cluster makes of it",
			begin: func(s *scene) []claim {
				s.undo = func() { must(s.t, s.c.ZooKeeper(0).MoveClock(0)) }
				s.struck()
				must(s.t, s.c.ZooKeeper(0).MoveClock(time.Hour)) // of all servers: they share a process
				return []claim{is("kafka_cluster_reachable 1", 0)}
			},
			end: (*scene).undone,
		},
	)
}
