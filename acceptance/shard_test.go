//go:build cluster

package acceptance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestShardsAreTheWhole: three evenkeels that share a cluster tell every series that
// one alone tells, each of them once.
func TestShardsAreTheWhole(t *testing.T) {
	t.Parallel()
	c := testbed.StartT(t, testbed.Spec{Kafka: "3.9.2", ZooKeepers: 1})
	const n = 12
	for i := range n {
		topic := fmt.Sprintf("topic-%d", i)
		must(t, c.CreateTopic(t.Context(), topic, assignment))
		must(t, c.Produce(t.Context(), topic, 0, 5))
		must(t, c.CommitOffset(t.Context(), fmt.Sprintf("group-%d", i), topic, 0, int64(i%5)))
	}
	flags := []string{"--zookeeper.servers=" + c.ZooKeeperConnect(), "--poll.interval=1s", "--poll.timeout=1s"}
	whole := start(t, flags...)
	var shards []*program
	for i := range 3 {
		shards = append(shards, start(t, append(flags, fmt.Sprintf("--shard=%d/3", i))...))
	}
	whole.await("three shards are the whole", time.Minute, func() error {
		want, err := shared(whole)
		if err != nil {
			return err
		}
		if lags := count(want, "kafka_consumergroup_lag{"); lags != n {
			return fmt.Errorf("%d lags, want %d", lags, n)
		}
		got := map[string]float64{}
		for i, p := range shards {
			share, err := shared(p)
			if err != nil {
				return err
			}
			for series, value := range share {
				if _, twice := got[series]; twice {
					return fmt.Errorf("%s is told by shard %d and by another", series, i)
				}
				got[series] = value
			}
		}
		if !maps.Equal(want, got) {
			return fmt.Errorf("they differ: %v", differences(want, got))
		}
		return nil
	})
}

// shared returns what a program tells of the cluster, without what is another number
// each time.
func shared(p *program) (map[string]float64, error) {
	s, err := p.scrape()
	if err != nil {
		return nil, err
	}
	told := map[string]float64{}
	for series, value := range s.values {
		switch {
		case !strings.HasPrefix(series, "kafka_") && !strings.HasPrefix(series, "zk_"):
			continue
		case strings.HasPrefix(series, "kafka_broker_response_seconds"), strings.HasPrefix(series, "zk_"), strings.Contains(series, "__consumer_offsets"):
			value = 0 // that it is told counts
		}
		told[series] = value
	}
	return told, nil
}

func count(series map[string]float64, prefix string) (n int) {
	for s := range series {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

func differences(want, got map[string]float64) (all []string) {
	for series, value := range want {
		if v, there := got[series]; !there || v != value {
			all = append(all, fmt.Sprintf("%s is %v there, and %v (%v) in the shards", series, value, v, there))
		}
	}
	for series := range got {
		if _, there := want[series]; !there {
			all = append(all, series+" is in a shard alone")
		}
	}
	slices.Sort(all)
	return all[:min(len(all), 10)]
}
