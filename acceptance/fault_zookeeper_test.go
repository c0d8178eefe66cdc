//go:build cluster

package acceptance

import (
	"fmt"
)

var quorumLost = fault{
	name: "zookeeper_quorum_killed", bed: plain, on: withZooKeeper, quick: []string{"0.9.0.1"}, runs: 2,
	shows: "`zk_ensemble_has_quorum` 0, and nothing of what stands in the registry",
	begin: func(s *scene) []claim {
		gone := s.c.ZooKeepers()[:2]
		s.kill(gone...)
		claims := append([]claim{is("zk_ensemble_has_quorum 0", aPoll())}, s.noRegistry()...)
		for _, z := range gone {
			claims = append(claims, is(fmt.Sprintf("zk_up{zk_server=%q} 0", z.Addr()), aPoll()), is(mode(z, "unreachable"), aPoll()))
		}
		return append(claims, is(mode(s.c.ZooKeeper(2), "not_serving"), aPoll()))
	},
	end: (*scene).reviveStruck,
}

func init() { declare(&quorumLost) }

// noRegistry is what is true while the registry cannot be read: what it said last is
// no news any more, and the brokers go on.
func (s *scene) noRegistry() []claim {
	claims := append(noOutage(s), is("kafka_cluster_reachable 1", 0))
	for _, family := range []string{
		"kafka_offline_partitions", "kafka_broker_registered", "kafka_active_controllers", "kafka_under_replicated_partitions",
		"kafka_topic_partition_in_sync_replica", "kafka_topic_partition_leader", "kafka_consumergroupzookeeper_current_offset",
	} {
		claims = append(claims, is("!"+family, aPoll()))
	}
	return claims
}
