//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestGroupsThroughAnOutage kills a broker that coordinates some groups and leads some
// partitions. Nothing is written or committed meanwhile, so a number is right only as
// it was before.
func TestGroupsThroughAnOutage(t *testing.T) {
	t.Parallel()
	groupsThroughAnOutage(t, "4.4.0")
}

const outageGroups = 9

func groupsThroughAnOutage(t *testing.T, release string) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: release, Brokers: 3})
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0, 1, 2}, {1, 2, 0}, {2, 0, 1}}))
	for p := range int32(3) {
		must(t, c.Produce(ctx, "test", p, 10))
		for g := range outageGroups {
			must(t, c.CommitOffset(ctx, fmt.Sprintf("group-%d", g), "test", p, int64(g)))
		}
	}
	must(t, c.ElectPreferred(ctx, "test"))
	must(t, c.ElectPreferred(ctx, "__consumer_offsets"))
	var all, names []string
	for g := range outageGroups {
		name := fmt.Sprintf("group-%d", g)
		names = append(names, name)
		for partition := range 3 {
			all = append(all, lagOf(name, partition, 10-g))
		}
		all = append(all, fmt.Sprintf(`kafka_consumergroup_lag_sum{consumergroup=%q,topic="test"} %d`, name, 3*(10-g)))
	}
	p := startOn(t, c, "{interval: 500ms, timeout: 5s}", "{watch: ["+strings.Join(names, ", ")+"]}")
	before := p.shows("every group", 30*time.Second, append(all, part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_leader", 1, 1))...)
	const victim = 1
	var theirs, others int
	for g := range outageGroups {
		if before.values[fmt.Sprintf(`kafka_consumergroup_coordinator{consumergroup="group-%d"}`, g)] == victim {
			theirs++
		} else {
			others++
		}
	}
	t.Logf("broker %d coordinates %d groups, the others %d", victim, theirs, others)

	must(t, c.Broker(victim).Kill())
	var during []samples
	p.await("all is as before, but for the broker", 90*time.Second, func() error {
		s, err := p.scrape()
		if err != nil {
			return err
		}
		during = append(during, s)
		return s.lacks(append(all, `kafka_broker_up{broker="1"} 0`, part("kafka_topic_partition_leader", 1, 2))...)
	})
	absent, sums := 0, 0
	for _, s := range during {
		for _, w := range all {
			series, _, _ := strings.Cut(w, "} ")
			value, there := s.values[series+"}"]
			if there && value != before.values[series+"}"] {
				t.Errorf("%s} is %v in the outage, %v before", series, value, before.values[series+"}"])
			}
			if !there {
				absent++
				if strings.HasPrefix(w, "kafka_consumergroup_lag_sum") {
					sums++
				}
			}
		}
		// What the others coordinate, in the partitions that others lead, is always there.
		for g := range outageGroups {
			name := fmt.Sprintf("group-%d", g)
			if before.values[fmt.Sprintf("kafka_consumergroup_coordinator{consumergroup=%q}", name)] != victim {
				if err := s.lacks(lagOf(name, 0, 10-g), lagOf(name, 2, 10-g)); err != nil {
					t.Errorf("after %v: %v", s.at.Sub(during[0].at), err)
				}
			}
		}
	}
	if absent == 0 || sums == 0 {
		t.Errorf("%d series and %d sums were unknown in %d samples: the outage was not seen", absent, sums, len(during))
	}
	t.Logf("%d samples in %v; %d times a series was unknown", len(during), during[len(during)-1].at.Sub(during[0].at), absent)
}
