//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

var assignment = [][]int32{{0, 1}, {1, 0}}

func TestStory(t *testing.T) {
	t.Parallel()
	story(t, "0.9.0.1")
}

// story plays the story that evenkeel was made for on a release, and judges every
// sample of /metrics taken throughout against what the registry said during the
// very poll that the sample shows.
func story(t *testing.T, kafka string) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: kafka, Chroot: "/kafka"})
	must(t, c.CreateTopic(ctx, "test", assignment))
	truths := record(t, c, assignment)
	p := start(t, "--zookeeper.servers="+c.ZooKeeperConnect(), "--poll.interval=1s", "--poll.timeout=1s", "--cluster.name=story")
	judge := watch(t, p, truths)

	must(t, c.Produce(ctx, "test", 0, 10))
	must(t, c.CommitOffset(ctx, "story", "test", 0, 4))
	consumer, err := c.StartConsumer(ctx, "members", "test")
	must(t, err)
	p.shows("a healthy cluster", 30*time.Second,
		"kafka_cluster_reachable 1", "kafka_brokers 2", "kafka_brokers_expected 2", "kafka_active_controllers 1",
		"kafka_offline_partitions 0", "zk_ensemble_servers 3", "zk_ensemble_leaders 1", "zk_ensemble_has_quorum 1", "zk_ensemble_serving_voters 3",
		`kafka_broker_up{broker="0"} 1`, `kafka_broker_status{broker="0",status="alive"} 1`,
		`kafka_broker_leaders{broker="0"} `+"3", // one of "test", two of the four of __consumer_offsets
		part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_leader", 1, 1),
		part("kafka_topic_partition_leader_is_preferred", 0, 1), part("kafka_topic_partition_in_sync_replica", 0, 2),
		part("kafka_topic_partition_current_offset", 0, 10), part("kafka_topic_partition_oldest_offset", 0, 0),
		`kafka_under_replicated_partitions{reason="broker_down"} 0`, `kafka_under_replicated_partitions{reason="lagging"} 0`,
		`kafka_not_preferred_partitions{electable="true"} 0`, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`,
		`kafka_consumergroup_members{consumergroup="members"} 1`, `kafka_consumergroup_lag_sum{consumergroup="members",topic="test"} 0`,
		`evenkeel_collector_success{collector="isr"} 1`, `evenkeel_collector_success{collector="lag"} 1`,
	)
	if kafka == "0.9.0.1" {
		p.shows("what the registry tells of the release", time.Second, `kafka_cluster_info{cluster_id="",mode="zookeeper",version="0.9"} 1`)
	}
	must(t, consumer.Stop())
	p.shows("a group whose members are gone keeps its offsets", 30*time.Second,
		`kafka_consumergroup_members{consumergroup="members"} 0`, `kafka_consumergroup_lag_sum{consumergroup="members",topic="test"} 0`)

	must(t, c.Broker(0).Kill())
	judge.killed(0)
	p.shows("broker 0 is dead", 30*time.Second,
		"kafka_brokers 1", "kafka_brokers_expected 2", `kafka_broker_up{broker="0"} 0`, `kafka_broker_registered{broker="0"} 0`,
		`kafka_broker_status{broker="0",status="unregistered"} 1`, `!kafka_broker_response_seconds{broker="0"}`,
		part("kafka_topic_partition_leader", 0, 1), part("kafka_topic_partition_leader", 1, 1),
		part("kafka_topic_partition_in_sync_replica", 0, 1), part("kafka_topic_partition_in_sync_replica", 1, 1),
		part("kafka_topic_partition_replicas", 0, 2), part("kafka_topic_partition_replicas", 1, 2),
		part("kafka_topic_partition_under_replicated_partition", 0, 1), part("kafka_topic_partition_leader_is_preferred", 0, 0),
		`kafka_under_replicated_partitions{reason="broker_down"} 6`, `kafka_under_replicated_partitions{reason="lagging"} 0`,
		`kafka_not_preferred_partitions{electable="false"} 3`, `kafka_not_preferred_partitions{electable="true"} 0`,
		`kafka_broker_leader_imbalance_ratio{broker="0"} 1`, `kafka_broker_out_of_sync_replicas{broker="0"} 6`,
		`kafka_isr_shrinks_total{broker="0"} 6`, "kafka_leader_elections_total 3", "kafka_unclean_leader_elections_total 0",
		"kafka_offline_partitions 0", `kafka_broker_stop_would_offline_partitions{broker="1"} 6`,
	)

	must(t, c.Broker(0).Start(ctx))
	judge.returned(0)
	p.shows("broker 0 is back and leads nothing", 60*time.Second,
		"kafka_brokers 2", `kafka_broker_up{broker="0"} 1`, `kafka_broker_status{broker="0",status="alive"} 1`,
		part("kafka_topic_partition_in_sync_replica", 0, 2), part("kafka_topic_partition_leader", 0, 1), part("kafka_topic_partition_leader", 1, 1),
		`kafka_broker_leader_imbalance_ratio{broker="0"} 1`, `kafka_broker_leader_imbalance_ratio{broker="1"} 0`,
		`kafka_not_preferred_partitions{electable="true"} 3`, `kafka_not_preferred_partitions{electable="false"} 0`,
		`kafka_under_replicated_partitions{reason="broker_down"} 0`, `kafka_isr_expands_total{broker="0"} 6`, "kafka_log_truncations_total{topic=\"test\"} 0",
	)
	must(t, c.ElectPreferred(ctx, "test", 0))
	p.shows("its partition of \"test\" is led by broker 0 again", 30*time.Second,
		part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_leader_is_preferred", 0, 1),
		"kafka_leader_elections_total 4", `kafka_not_preferred_partitions{electable="true"} 2`)
	for p := range 4 {
		must(t, c.ElectPreferred(ctx, "__consumer_offsets", int32(p)))
	}
	s := p.shows("leadership is where it belongs", 30*time.Second,
		`kafka_broker_leader_imbalance_ratio{broker="0"} 0`, `kafka_not_preferred_partitions{electable="true"} 0`,
		`kafka_consumergroup_current_offset{consumergroup="members",partition="0",topic="test"} 10`, "!kafka_leader_imbalance_since_timestamp_seconds")
	if _, there := s.values["evenkeel_poll_timestamp_seconds"]; !there {
		t.Error("the poll's time is not told")
	}
	judge.end()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// judge holds every sample against the truth.
type judge struct {
	t       *testing.T
	p       *program
	truths  *recorder
	cancel  context.CancelFunc
	done    chan struct{}
	samples []samples
	alive   map[int][]span // when each broker's process did not run
}

type span struct{ from, to time.Time }

// watch begins to take a sample every 200 ms.
func watch(t *testing.T, p *program, truths *recorder) *judge {
	ctx, cancel := context.WithCancel(context.Background())
	j := &judge{t: t, p: p, truths: truths, cancel: cancel, done: make(chan struct{}), alive: map[int][]span{}}
	go func() {
		defer close(j.done)
		for ctx.Err() == nil {
			if s, err := p.scrape(); err == nil {
				j.samples = append(j.samples, s)
			} else {
				t.Errorf("scrape: %v", err)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { cancel(); <-j.done })
	return j
}

func (j *judge) killed(broker int)   { j.alive[broker] = append(j.alive[broker], span{from: time.Now()}) }
func (j *judge) returned(broker int) { j.alive[broker][len(j.alive[broker])-1].to = time.Now() }

// clockSlack is what two readings of the clock in two processes, and the rounding
// of a metric to milliseconds, may differ.
const clockSlack = 20 * time.Millisecond

// end stops sampling and judges: each value must have been true at some moment of
// the poll that the sample shows.
func (j *judge) end() {
	j.cancel()
	<-j.done
	j.truths.stop()
	judged := map[string]int{}
	for _, s := range j.samples {
		if s.took > 500*time.Millisecond {
			j.t.Errorf("a scrape took %v", s.took)
		}
		finished, told := s.values["evenkeel_poll_timestamp_seconds"]
		if !told {
			continue // before the first poll has ended
		}
		to := time.UnixMilli(int64(finished*1000 + 0.5)).Add(clockSlack)
		from := to.Add(-time.Duration(s.values["evenkeel_poll_duration_seconds"]*float64(time.Second)) - 2*clockSlack)
		j.judgeSample(s, from, to, judged)
	}
	for _, series := range []string{"kafka_offline_partitions", `kafka_broker_up{broker="0"}`, `kafka_topic_partition_leader{partition="0",topic="test"}`} {
		if judged[series] < 20 {
			j.t.Errorf("%s was judged %d times only", series, judged[series])
		}
	}
}

func (j *judge) judgeSample(s samples, from, to time.Time, judged map[string]int) {
	possible := map[string]map[float64]bool{}
	for _, v := range j.truths.between(from, to) {
		for series, value := range v.expectations(assignment) {
			if possible[series] == nil {
				possible[series] = map[float64]bool{}
			}
			possible[series][value] = true
		}
	}
	for id := range 2 {
		dead := false
		for _, gap := range j.alive[id] {
			dead = dead || from.After(gap.from) && to.Before(gap.to)
		}
		if series := fmt.Sprintf(`kafka_broker_up{broker="%d"}`, id); dead {
			possible[series] = map[float64]bool{0: true}
		} else if up, there := s.values[series]; there && up == 0 && len(j.alive[id]) == 0 {
			j.t.Errorf("%v: %s is 0, yet it was never down", s.at, series)
		}
		judged[fmt.Sprintf(`kafka_broker_up{broker="%d"}`, id)]++
	}
	for series, values := range possible {
		got, there := s.values[series]
		if !there {
			continue // absent is no lie
		}
		judged[series]++
		if whole := series == "kafka_offline_partitions" || len(series) > 33 && series[:33] == "kafka_under_replicated_partitions"; whole {
			continue // counts over all topics are judged at the story's steps
		}
		if !values[got] {
			j.t.Errorf("%v: %s is %v, which was not true between %v and %v: %v", s.at, series, got, from, to, values)
		}
	}
}
