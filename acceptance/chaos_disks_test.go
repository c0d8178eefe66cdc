//go:build cluster && chaos

package acceptance

import (
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// disks is a cluster whose brokers have two disks each, small ones. The topic has so
// many partitions that each disk holds some.
var disks = &bed{
	name: "disks",
	spec: func(kafka string) testbed.Spec {
		return testbed.Spec{Kafka: kafka, OneJVM: kafka[0] < '4', LogDirs: 2, LogDirBytes: 32 << 20}
	},
	furnish: func(s *scene) {
		must(s.t, s.c.CreateTopic(s.ctx, "test", slices.Repeat([][]int32{{0, 1}, {1, 0}}, 3)))
		must(s.t, s.c.Produce(s.ctx, "test", 0, 10))
	},
}

// diskNoticed is how long a broker may take to see that a disk has failed, and the
// cluster to say so.
const diskNoticed = 15 * time.Second

func init() {
	survive := []string{"2.8.2", "3.9.2", "4.4.0"}
	// The recorder does not tell why a replica is out of sync.
	unlike := []string{"kafka_under_replicated_partitions"}
	declare(
		&fault{
			name: "one_of_two_disks_failed", bed: disks, on: survive, unlike: unlike, recovers: afterController, begins: 2,
			shows: "`kafka_broker_offline_replicas`, `kafka_under_replicated_partitions{reason=\"log_dir_offline\"}`",
			begin: func(s *scene) []claim {
				b := s.follower()
				s.undo = func() { must(s.t, b.MendDisk(1)); must(s.t, b.Restart(s.ctx)) }
				s.victims = []*testbed.Server{b}
				s.distrust()
				s.struck()
				must(s.t, b.FailDisk(1))
				return s.diskLost(b)
			},
			end: (*scene).undone,
		},
		&fault{
			name: "one_of_two_disks_full", bed: disks, on: survive, unlike: unlike, recovers: afterController, begins: 2,
			shows: "`kafka_broker_offline_replicas`, `kafka_under_replicated_partitions{reason=\"log_dir_offline\"}`",
			begin: func(s *scene) []claim {
				b := s.follower()
				s.undo = func() { must(s.t, b.FreeDisk(1)); must(s.t, b.Restart(s.ctx)) }
				s.victims = []*testbed.Server{b}
				s.distrust()
				s.struck()
				must(s.t, b.FillDisk(1))
				return s.diskLost(b)
			},
			end: (*scene).undone,
		},
		&fault{
			name: "disk_full_and_the_broker_ends", bed: disks, unlike: unlike, recovers: afterController,
			shows: "`kafka_broker_up` 0",
			begin: func(s *scene) []claim {
				b := s.follower()
				s.undo = func() {
					for dir := range 2 {
						must(s.t, b.FreeDisk(dir))
					}
					must(s.t, b.Start(s.ctx))
				}
				s.victims = []*testbed.Server{b}
				s.distrust()
				for dir := range 2 {
					must(s.t, b.FillDisk(dir))
				}
				s.p.await("the broker ends", time.Minute, func() error {
					if b.Running() {
						return fmt.Errorf("%s runs", b.Name())
					}
					return nil
				})
				s.struck()
				return s.down(b, atOnce)
			},
			end: (*scene).undone, begins: 2,
		},
	)
}

// diskLost is what is true of a broker that goes on with another disk.
func (s *scene) diskLost(b *testbed.Server) []claim {
	return []claim{
		is(brokerSeries("kafka_broker_offline_replicas", b.ID())+" >0", diskNoticed),
		is(`kafka_under_replicated_partitions{reason="log_dir_offline"} >0`, diskNoticed),
		is(brokerSeries("kafka_broker_up", b.ID())+" 1", 0), is("kafka_cluster_reachable 1", 0),
	}
}
