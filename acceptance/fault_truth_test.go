//go:build cluster

package acceptance

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/testbed"
)

// reader returns what reads the truth: the registry, or without ZooKeeper the
// metadata of the broker that is trusted at the time.
func (s *scene) reader() reader {
	if !s.kraft() {
		return readZooKeeper
	}
	var asked int32 = -1
	var read reader
	var conn *sarama.Broker
	return func(c *testbed.Cluster) (truth, error) {
		if id := s.trusted.Load(); id != asked || read == nil {
			if conn != nil {
				_ = conn.Close()
			}
			conf := sarama.NewConfig()
			conf.Version = sarama.V2_8_0_0
			conf.Net.DialTimeout, conf.Net.ReadTimeout = time.Second, time.Second
			conn = sarama.NewBroker(c.Bootstrap()[id])
			if err := conn.Open(conf); err != nil {
				return truth{}, err
			}
			asked, read = id, readMetadata(conn, conf)
		}
		v, err := read(c)
		if err != nil {
			read = nil // over a new connection the next time
		}
		return v, err
	}
}

// rest is how long nothing may move until a cluster has come to rest: what the
// registry says right after a restart may be what it said before the fault.
const rest = time.Second

// whole waits until the cluster says of itself that nothing is wrong, has leadership
// put back where it belongs, and returns from when on all was well.
func (s *scene) whole() (since time.Time) {
	s.t.Helper()
	read := s.reader()
	var asked time.Time
	s.p.await("the cluster is whole", 2*time.Minute, func() error {
		v, err := read(s.c)
		if err == nil {
			err = v.ailing(s.gone)
		}
		if err == nil {
			if since.IsZero() {
				since = v.from
			}
			if time.Since(since) > rest {
				return nil
			}
			return errors.New("it is, for some moments")
		}
		since = time.Time{}
		if errors.Is(err, errMisplaced) && time.Since(asked) > 2*time.Second {
			asked = time.Now()
			for topic := range v.misplaced() {
				err = errors.Join(err, s.c.ElectPreferred(s.ctx, topic))
			}
		}
		return err
	})
	return since
}

// errMisplaced is all that is wrong where only leadership is not where it belongs.
var errMisplaced = errors.New("others than the preferred leaders lead")

// misplaced returns how many partitions of each topic another than their preferred
// leader leads.
func (v truth) misplaced() map[string]int {
	all := map[string]int{}
	for name, p := range v.partitions {
		if p.Leader != p.replicas[0] {
			all[name.topic]++
		}
	}
	return all
}

// ailing says what is not as it is in a healthy cluster, of which some brokers are
// gone for good.
func (v truth) ailing(gone int) error {
	var errs []error
	if len(v.registered) != v.brokers-gone {
		errs = append(errs, fmt.Errorf("brokers %v are registered, of %d", v.registered, v.brokers-gone))
	}
	if v.controller == -1 {
		errs = append(errs, errors.New("there is no controller"))
	}
	for name, p := range v.partitions {
		if p.Leader < 0 || len(p.ISR) != len(p.replicas) {
			errs = append(errs, fmt.Errorf("%v: leader %d, ISR %v of %v", name, p.Leader, p.ISR, p.replicas))
		}
	}
	if misplaced := v.misplaced(); len(errs) == 0 && len(misplaced) > 0 {
		return fmt.Errorf("%w: %v", errMisplaced, misplaced)
	}
	return errors.Join(errs...)
}

// fleeting are families and endings of names whose values move by themselves, or
// that another server may take over: they are not as before after a fault.
var fleeting = []string{
	"kafka_broker_response_seconds", "kafka_broker_is_controller", "kafka_quorum_node_role", "kafka_quorum_lag_records", "kafka_quorum_leader_id",
	"kafka_quorum_leader_epoch", "kafka_quorum_high_watermark", "_total", "_timestamp_seconds",
}

// steady are the families of ZooKeeper that must be as before after a fault.
var steady = []string{"zk_up", "zk_server_status", "zk_ensemble_"}

// unlikeHealthy returns what of this sample is not as it was when all was well.
func (s *scene) unlikeHealthy(now samples) error {
	moved := now.differ(s.healthy, "kafka_")
	for _, family := range steady {
		moved = append(moved, now.differ(s.healthy, family)...)
	}
	var wrong []string
	for _, series := range moved {
		family, _, _ := strings.Cut(series, "{")
		ofOffsets := strings.HasSuffix(family, "_offset") && strings.Contains(series, `topic="__consumer_offsets"`) // grows with every commit
		if !endsWithAny(family, fleeting) && !ofOffsets {
			was, had := s.healthy.values[series]
			is, has := now.values[series]
			wrong = append(wrong, fmt.Sprintf("%s: %v (%v), was %v (%v)", series, is, has, was, had))
		}
	}
	for series, value := range now.values {
		if strings.HasPrefix(series, "evenkeel_collector_success") && value != 1 {
			wrong = append(wrong, series+" is 0")
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

func endsWithAny(name string, endings []string) bool {
	for _, ending := range endings {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// learnHealthy takes for healthy what two polls in a row show.
func (s *scene) learnHealthy() {
	s.t.Helper()
	const polled = "evenkeel_poll_timestamp_seconds"
	s.healthy = samples{}
	s.p.await("two polls show the same healthy cluster", 60*time.Second, func() error {
		now, err := s.p.scrape()
		if err == nil {
			err = now.lacks(fmt.Sprintf("kafka_brokers %d", len(s.c.Brokers())-s.gone), "kafka_offline_partitions 0", `kafka_under_replicated_partitions{reason="lagging"} 0`)
		}
		if err != nil || now.values[polled] == s.healthy.values[polled] {
			return fmt.Errorf("no other poll than %v: %w", s.healthy.values[polled], err)
		}
		err = errors.Join(s.unlikeHealthy(now), s.lacksGroups(now))
		s.healthy = now
		return err
	})
}
