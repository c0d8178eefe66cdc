//go:build cluster && chaos

package acceptance

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// deletable is a cluster whose topics can be deleted, on every release.
var deletable = &bed{name: "topics", spec: func(kafka string) testbed.Spec {
	return testbed.Spec{Kafka: kafka, OneJVM: kafka[0] < '4', Properties: map[string]string{"delete.topic.enable": "true"}}
}}

// counts are the families that count partitions. While a topic is being deleted,
// evenkeel leaves out what the recorder counts.
func counts() []string {
	var all []string
	for series := range maps.Keys(countSeries) {
		family, _, _ := strings.Cut(series, "{")
		all = append(all, family)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func ofTopic(metric, topic string, partition int) string {
	return fmt.Sprintf(`kafka_topic_partition_%s{partition="%d",topic="%s"}`, metric, partition, topic)
}

// delete deletes the topic of a fault.
func (s *scene) deleteAtEnd(topic string) {
	s.undo = func() { must(s.t, s.c.DeleteTopic(s.ctx, topic)) }
}

// settle waits until evenkeel shows these, before the fault strikes.
func (s *scene) settle(want ...string) {
	s.t.Helper()
	s.p.shows("what is there before the fault", 30*time.Second, want...)
}

func init() {
	declare(
		&fault{
			name: "topic_deleted_and_made_again", bed: deletable, unlike: counts(),
			shows: "the new one's end of the log; no lag, no truncation",
			begin: func(s *scene) []claim {
				const topic = "again"
				must(s.t, s.c.CreateTopic(s.ctx, topic, [][]int32{{0, 1}}))
				must(s.t, s.c.Produce(s.ctx, topic, 0, 5))
				must(s.t, s.c.CommitOffset(s.ctx, "readers", topic, 0, 3))
				end := ofTopic("current_offset", topic, 0)
				const lag = `kafka_consumergroup_lag{consumergroup="readers",partition="0",topic="again"}`
				s.settle(end+" 5", `kafka_log_truncations_total{topic="again"} 0`)
				if s.release != "0.9.0.1" { // which does not list groups without members
					s.settle(lag + " 2")
				}
				must(s.t, s.c.DeleteTopic(s.ctx, topic))
				must(s.t, s.c.CreateTopic(s.ctx, topic, [][]int32{{1, 0}}))
				must(s.t, s.c.Produce(s.ctx, topic, 0, 2))
				s.struck()
				s.deleteAtEnd(topic)
				return []claim{
					is(end+" 2", aPoll()), is(ofTopic("leader", topic, 0)+" 1", aPoll()),
					is("!"+lag, aPoll()),
					ifAny(`kafka_log_truncations_total{topic="again"} 0`, 0),
					never("kafka_offline_partitions >0"),
				}
			},
			end: (*scene).undone,
		},
		&fault{
			name: "partitions_added", bed: deletable, unlike: counts(),
			shows: "`kafka_topic_partitions`, and the new partitions' series",
			begin: func(s *scene) []claim {
				const topic = "grown"
				must(s.t, s.c.CreateTopic(s.ctx, topic, [][]int32{{0, 1}}))
				s.settle(`kafka_topic_partitions{topic="grown"} 1`)
				s.deleteAtEnd(topic)
				s.struck()
				must(s.t, s.c.AddPartitions(s.ctx, topic, [][]int32{{1, 0}, {0, 1}}))
				return []claim{
					is(`kafka_topic_partitions{topic="grown"} 3`, aPoll()),
					is(ofTopic("leader", topic, 1)+" 1", aPoll()), is(ofTopic("current_offset", topic, 2)+" 0", 2*aPoll()),
					never(`kafka_under_replicated_partitions{reason="broker_down"} >0`),
				}
			},
			end: (*scene).undone,
		},
		&fault{
			name: "reassignment_running", bed: deletable, on: []string{"2.8.2", "3.9.2", "4.4.0"},
			shows:  "`kafka_reassigning_partitions` 1, nothing under-replicated",
			unlike: append(counts(), "kafka_topic_partition_under_replicated_partition"),
			begin: func(s *scene) []claim {
				const topic = "move"
				must(s.t, s.c.CreateTopic(s.ctx, topic, [][]int32{{0}}))
				must(s.t, s.c.ProduceBytes(s.ctx, topic, 0, 4<<20))
				s.settle(`kafka_topic_partitions{topic="move"} 1`)
				s.undo = func() {
					must(s.t, s.c.FinishReassignment(s.ctx, topic))
					must(s.t, s.c.DeleteTopic(s.ctx, topic))
				}
				s.struck()
				must(s.t, s.c.StartReassignment(s.ctx, topic, 0, []int32{1}, 1))
				return []claim{
					is("kafka_reassigning_partitions 1", aPoll()),
					is(ofTopic("under_replicated_partition", topic, 0)+" 0", aPoll()),
					never(`kafka_under_replicated_partitions{reason="broker_down"} >0`), never(`kafka_under_replicated_partitions{reason="lagging"} >0`),
					never("kafka_offline_partitions >0"),
				}
			},
			end: (*scene).undone,
		},
		&fault{
			name: "partition_of_the_offsets_topic_without_a_leader", bed: lonelyOffsets, on: []string{"2.8.2", "3.9.2", "4.4.0"}, recovers: afterController, begins: asItComesBack,
			shows: "no offset and no lag of the group, rather than 0",
			begin: func(s *scene) []claim {
				const group = `{consumergroup="readers",partition="0",topic="test"}`
				s.kill(s.coordinator("readers"))
				return []claim{
					is("!kafka_consumergroup_lag"+group, aPoll()), is("!kafka_consumergroup_current_offset"+group, aPoll()),
					is(`!kafka_consumergroup_lag_sum{consumergroup="readers",topic="test"}`, aPoll()),
					never("kafka_consumergroup_lag" + group + " 0"), never("kafka_consumergroup_current_offset" + group + " 0"),
					never("kafka_cluster_reachable 0"),
				}
			},
			end: (*scene).reviveStruck,
		},
		&uncleanElection,
	)
}

// lonelyOffsets has one replica of each partition of the offsets topic.
var lonelyOffsets = &bed{name: "offsets", spec: func(kafka string) testbed.Spec {
	return testbed.Spec{Kafka: kafka, OneJVM: kafka[0] < '4', Properties: map[string]string{"offsets.topic.replication.factor": "1"}}
}}

// coordinator returns the broker that leads a group's partition of the offsets topic,
// which Kafka chooses by Java's hash of the group's name.
func (s *scene) coordinator(group string) *testbed.Server {
	partitions, err := s.c.Partitions(s.ctx, "__consumer_offsets")
	must(s.t, err)
	var hash int32
	for _, r := range group {
		hash = 31*hash + r
	}
	return s.c.Broker(int(partitions[int(hash&math.MaxInt32)%len(partitions)].Leader))
}

// reckless elects leaders that lack messages.
var reckless = &bed{name: "unclean", spec: func(kafka string) testbed.Spec {
	return testbed.Spec{Kafka: kafka, OneJVM: true, Properties: map[string]string{"unclean.leader.election.enable": "true"}}
}}

var uncleanElection = fault{
	name: "unclean_election", bed: reckless, on: withZooKeeper, unlike: groupFamilies(),
	shows: "the leader, the end of its log, `kafka_log_truncations_total`",
	begin: func(s *scene) []claim {
		first, second := s.c.Broker(0), s.c.Broker(1)
		s.kill(second)
		must(s.t, s.c.AwaitTopic(s.ctx, "test", func(p []testbed.Partition) bool { return len(p[0].ISR) == 1 && p[0].Leader == 0 }))
		must(s.t, s.c.Produce(s.ctx, "test", 0, 5))
		s.settle(ofTopic("current_offset", "test", 0) + " 15")
		must(s.t, first.Kill())
		must(s.t, second.Start(s.ctx))
		must(s.t, s.c.AwaitTopic(s.ctx, "test", func(p []testbed.Partition) bool { return p[0].Leader == 1 }))
		s.begun = time.Now()
		s.victims = []*testbed.Server{first}
		return []claim{
			is(ofTopic("current_offset", "test", 0)+" 10", aPoll()), is(ofTopic("leader", "test", 0)+" 1", aPoll()),
			is(`kafka_log_truncations_total{topic="test"} >0`, 3*aPoll()),
		}
	},
	end:    (*scene).reviveStruck,
	begins: 2,
}
