//go:build cluster

package acceptance

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestBesideKafkasOwnBalancer lets the brokers elect preferred leaders as well, every few
// seconds: the two do not fight.
func TestBesideKafkasOwnBalancer(t *testing.T) {
	for _, kafka := range []string{"2.4.1", "4.4.0"} {
		t.Run(kafka, func(t *testing.T) {
			t.Parallel()
			besideKafkasOwnBalancer(t, kafka)
		})
	}
}

func besideKafkasOwnBalancer(t *testing.T, kafka string) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: kafka, Brokers: 3, OneJVM: kafka[0] < '4', Properties: map[string]string{
		"auto.leader.rebalance.enable": "true", "leader.imbalance.check.interval.seconds": "5",
	}})
	must(t, c.CreateTopic(ctx, "test", forty()))
	p := startKeeping(t, c, stepwise)
	for range 2 {
		misplace(ctx, t, c, p)
		p.shows("the leaders are back", 2*time.Minute, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`, `kafka_not_preferred_partitions{electable="true"} 0`,
			"evenkeel_rebalance_run_in_progress 0", `evenkeel_rebalance_partitions_total{result="failed"} 0`, `evenkeel_rebalance_partitions_total{result="not_available"} 0`)
	}
	before := p.shows("a quiet cluster", time.Minute, "evenkeel_rebalance_run_in_progress 0")
	p.polls(20)
	after := p.shows("it is quiet still", 10*time.Second, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`, `evenkeel_rebalance_blocked{reason="ping_pong"} 0`)
	for _, series := range []string{"kafka_leader_elections_total", `evenkeel_rebalance_runs_total{result="success"}`, `evenkeel_rebalance_runs_total{result="partial"}`} {
		if before.values[series] != after.values[series] {
			t.Errorf("%s went from %v to %v while nothing happened", series, before.values[series], after.values[series])
		}
	}
	page, err := p.get("/")
	must(t, err)
	if !strings.Contains(page, "auto.leader.rebalance.enable=true") {
		t.Error("the page does not say that the brokers elect by themselves")
	}
}
