//go:build cluster && chaos

package acceptance

import (
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// apart is a cluster without ZooKeeper whose controllers are processes of their own.
var apart = &bed{name: "controllers", spec: func(kafka string) testbed.Spec {
	return testbed.Spec{Kafka: kafka, Controllers: 3, Brokers: 2}
}}

// How long it takes until a new controller is active, and evenkeel believes the
// brokers again. To a frozen one the brokers go on forwarding what they are asked,
// until their controller.socket.timeout.ms of 30 s.
const (
	controllerReplaced       = 20 * time.Second
	frozenControllerReplaced = 45 * time.Second
)

func init() {
	on := []string{"4.4.0"}
	declare(
		&fault{
			name: "active_controller_killed", bed: apart, on: on, recovers: afterController, hold: controllerReplaced + 5*time.Second,
			shows: "no outage, and an active controller again",
			begin: func(s *scene) []claim {
				s.kill(s.controller())
				return s.controllerMoves(controllerReplaced)
			},
			end: (*scene).reviveStruck,
		},
		&fault{
			name: "active_controller_frozen", bed: apart, on: on, recovers: afterController, hold: frozenControllerReplaced + 5*time.Second,
			shows: "no outage, and an active controller again",
			begin: func(s *scene) []claim {
				s.freeze(s.controller())
				return s.controllerMoves(frozenControllerReplaced)
			},
			end: (*scene).thawStruck,
		},
		&fault{
			name: "all_controllers_killed", bed: apart, on: on, recovers: afterController,
			shows: "`kafka_active_controllers` 0, no leaders, no ISR",
			begin: func(s *scene) []claim {
				s.kill(s.c.Controllers()...)
				return s.controllersGone()
			},
			end: (*scene).reviveStruck,
		},
		&fault{
			name: "all_controllers_frozen", bed: apart, on: on, recovers: afterController,
			shows: "`kafka_active_controllers` 0, no leaders, no ISR",
			begin: func(s *scene) []claim {
				s.freeze(s.c.Controllers()...)
				return s.controllersGone()
			},
			end: (*scene).thawStruck,
		},
	)
}

// controllerMoves is what is true after the loss of one controller of three.
func (s *scene) controllerMoves(within time.Duration) []claim {
	claims := []claim{is("kafka_active_controllers 1", within), is("kafka_cluster_reachable 1", 0)}
	for _, c := range noOutage(s) {
		if c.want != "kafka_active_controllers 0" { // there is none for a moment
			claims = append(claims, c)
		}
	}
	return claims
}

// controllersGone is what is true without a controller: the brokers go on, and tell
// what they knew last.
func (s *scene) controllersGone() []claim {
	claims := []claim{is("kafka_active_controllers 0", 2*aPoll()), is("kafka_cluster_reachable 1", 0)}
	for _, c := range noOutage(s) {
		if c.want != "kafka_active_controllers 0" {
			claims = append(claims, c)
		}
	}
	for _, family := range []string{
		"kafka_offline_partitions", "kafka_broker_registered", "kafka_under_replicated_partitions",
		"kafka_topic_partition_in_sync_replica", "kafka_topic_partition_leader",
	} {
		claims = append(claims, is("!"+family, 2*aPoll()))
	}
	return claims
}
