//go:build cluster

package acceptance

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestMayItBeRestarted asks before each step of a rolling restart, as a script does.
func TestMayItBeRestarted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: "4.4.0", Brokers: 3, Controllers: 1})
	must(t, c.CreateTopicWith(ctx, "strict", [][]int32{{0, 1, 2}, {1, 2, 0}}, map[string]string{"min.insync.replicas": "2"}))
	must(t, c.CreateTopic(ctx, "pair", [][]int32{{0, 1}}))
	p := start(t, "--kafka.brokers="+strings.Join(c.Bootstrap(), ","), "--poll.interval=1s")
	ask := func(code int, broker string, says ...string) {
		t.Helper()
		got, out, errs := run(t, "check", "--restart="+broker, "--log.level=error", "--kafka.brokers="+strings.Join(c.Bootstrap(), ","))
		for _, what := range says {
			if got != code || !strings.Contains(out+errs, what) {
				t.Errorf("--restart=%s: status %d, want %d; it does not say %q:\n%s%s", broker, got, code, what, out, errs)
			}
		}
	}
	p.shows("all is in sync", time.Minute, `kafka_under_replicated_partitions{reason="lagging"} 0`, `kafka_under_replicated_partitions{reason="broker_down"} 0`)
	quorum := dashboardQueries(t)
	maps.DeleteFunc(quorum, func(name, expr string) bool { return !ofQuorum(name, expr) || !strings.HasSuffix(name, "/all") })
	startPrometheus(t, p.url, "http://"+freeAddress(t), "1s", nil).answers(t, quorum, time.Minute)

	ask(0, "0", "broker 0 of default: yes")
	ask(3, "7", "knows no broker 7")
	ask(3, "first", "is not the id of a broker")
	must(t, c.Broker(2).Kill())
	p.shows("the broker is gone, and its replicas are out", time.Minute, `kafka_broker_registered{broker="2"} 0`, `kafka_under_replicated_partitions{reason="broker_down"} >1`, "kafka_at_min_isr_partitions >1")
	ask(2, "0", "broker 0 of default: no", "strict-0", "strict-1", "acks=all would fail")
	ask(0, "2", "broker 2 of default: yes, it is not registered")
	must(t, c.Broker(1).Kill())
	p.shows("another one is gone", time.Minute, `kafka_broker_registered{broker="1"} 0`)
	ask(2, "0", "would be offline", "pair-0")
	must(t, c.Broker(1).Start(ctx))
	must(t, c.Broker(2).Start(ctx))
	p.shows("all is in sync again", 2*time.Minute, `kafka_under_replicated_partitions{reason="lagging"} 0`, `kafka_under_replicated_partitions{reason="broker_down"} 0`)
	ask(0, "0", "broker 0 of default: yes")
}
