//go:build cluster && large

package acceptance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/rebalance"
	"github.com/evenkeel/evenkeel/testbed"
)

// largeTopic is how many partitions broker 0 leads, and loses.
const largeTopic = 2000

// TestTwoThousandPartitions gives 2,000 partitions back by the default batches, and then
// by one big election, and tells how long it takes to produce meanwhile. docs/rebalance.md
// has what it measured.
func TestTwoThousandPartitions(t *testing.T) {
	for _, kafka := range []string{"1.1.1", "4.4.0"} {
		t.Run(kafka, func(t *testing.T) { twoThousandPartitions(t, kafka) })
	}
}

func twoThousandPartitions(t *testing.T, kafka string) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: kafka, Brokers: 3, BrokerOptions: []string{"-Xmx1g"}})
	var wide [][]int32
	for i := range int32(largeTopic) {
		wide = append(wide, []int32{0, 1 + i%2})
	}
	must(t, c.CreateTopic(ctx, "test", wide))
	ps := startStopwatch(ctx, t, c)
	<-time.After(20 * time.Second) // brokers compile what they are asked for
	calm := ps.since(time.Now().Add(-10 * time.Second))

	p := startKeeping(t, c, "mode: auto, persist_for: 1s, settle: 5s, broker_left: 2s, cooldown: 1s, max_registrations_per_hour: 60, ping_pong: {times: 100}")
	misplace(ctx, t, c, p)
	p.shows("all of them are back", 8*time.Minute, `evenkeel_rebalance_runs_total{result="success"} 1`, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`)
	e, err := p.elections()
	must(t, err)
	run := e.Runs[0]
	if run.Counts[rebalance.CameBack] != largeTopic || run.Batches != largeTopic/50 || len(run.Partitions) != largeTopic {
		t.Errorf("the run: %d batches, %v, %d partitions", run.Batches, run.Counts, len(run.Partitions))
	}
	t.Logf("%s: calm: %s", kafka, calm)
	t.Logf("%s: %d batches in %.0f s: %s", kafka, run.Batches, run.Seconds, ps.between(run.Started, run.Ended))
	p.stop()

	watching := startKeeping(t, c, "mode: off")
	misplace(ctx, t, c, watching)
	watching.shows("they could be given back", 3*time.Minute, fmt.Sprintf(`kafka_not_preferred_partitions{electable="true"} %d`, largeTopic),
		`kafka_under_replicated_partitions{reason="lagging"} 0`)
	begun := time.Now()
	must(t, c.ElectPreferred(ctx, "test"))
	watching.shows("all of them are back", 3*time.Minute, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`)
	ended := time.Now()
	t.Logf("%s: one election in %.1f s: %s", kafka, ended.Sub(begun).Seconds(), ps.between(begun, ended))
}

// stopwatch produces to any partitions, one message after the other by each of some
// producers, and notes how long each takes.
type stopwatch struct {
	mu   sync.Mutex
	took []lap
}

type lap struct {
	ended time.Time
	took  time.Duration
}

func startStopwatch(ctx context.Context, t *testing.T, c *testbed.Cluster) *stopwatch {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V1_1_0_0
	conf.Producer.RequiredAcks = sarama.WaitForAll
	conf.Producer.Return.Successes = true
	conf.Producer.Retry.Max = 100
	conf.Producer.Retry.Backoff = 20 * time.Millisecond
	conf.Producer.Partitioner = sarama.NewManualPartitioner
	s := &stopwatch{}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	t.Cleanup(func() { cancel(); wg.Wait() })
	for range 10 {
		producer, err := sarama.NewSyncProducer(c.Bootstrap(), conf)
		must(t, err)
		wg.Go(func() {
			defer producer.Close()
			for ctx.Err() == nil {
				s.lap(producer)
				select {
				case <-ctx.Done():
				case <-time.After(20 * time.Millisecond): // a steady load, well below what brokers bear
				}
			}
		})
	}
	return s
}

func (s *stopwatch) lap(producer sarama.SyncProducer) {
	begun := time.Now()
	_, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "test", Partition: rand.Int32N(largeTopic), Value: sarama.StringEncoder("lap")})
	took := time.Since(begun)
	if err != nil {
		took = time.Minute // as long as anybody waits
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, lap{time.Now(), took})
}

func (s *stopwatch) since(from time.Time) string { return s.between(from, time.Now()) }

// between tells of what ended in a stretch of time.
func (s *stopwatch) between(from, to time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []time.Duration
	slow := 0
	for _, l := range s.took {
		if l.ended.Before(from) || l.ended.After(to) {
			continue
		}
		if all = append(all, l.took); l.took > 100*time.Millisecond {
			slow++
		}
	}
	if len(all) == 0 {
		return "nothing was produced"
	}
	slices.Sort(all)
	at := func(share float64) time.Duration {
		return all[int(share*float64(len(all)-1))].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("%d messages, half within %v, 99 %% within %v, all within %v, %d took more than 100 ms", len(all), at(0.5), at(0.99), at(1), slow)
}
