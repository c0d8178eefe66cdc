//go:build cluster

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/rebalance"
	"github.com/evenkeel/evenkeel/testbed"
)

// hasty is a rebalancer's policy by which nothing takes minutes.
const hasty = "persist_for: 1s, settle: 2s, broker_left: 2s, cooldown: 1s, batch_pause: 200ms, max_runs_per_hour: 60, max_registrations_per_hour: 60, ping_pong: {times: 100}"

// TestLeadersComeBack plays the story that evenkeel was made for to its end, without a
// person: by the znode up to Kafka 2.1, by the API after it.
func TestLeadersComeBack(t *testing.T) {
	for _, kafka := range []string{"0.9.0.1", "1.1.1", "2.4.1", "3.9.2", "4.4.0"} {
		t.Run(kafka, func(t *testing.T) {
			t.Parallel()
			leadersComeBackIn(t, testbed.Spec{Kafka: kafka})
		})
	}
}

func leadersComeBackIn(t *testing.T, spec testbed.Spec) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := testbed.StartT(t, spec)
	must(t, c.CreateTopic(ctx, "test", assignment))
	p := startKeeping(t, c, "mode: auto, "+hasty)
	w := startWork(ctx, t, c)
	p.shows("a balanced cluster", time.Minute, `evenkeel_rebalance_mode{mode="auto"} 1`, "evenkeel_rebalance_is_leader 1",
		"evenkeel_rebalance_candidates 0", `evenkeel_rebalance_blocked{reason="paused"} 0`, part("kafka_topic_partition_leader", 0, 0))

	must(t, c.Broker(0).Kill())
	gone := "not_registered"
	if spec.Kafka[0] >= '4' {
		gone = "fenced" // its controllers know it still
	}
	p.shows("broker 0 is dead", time.Minute, part("kafka_topic_partition_leader", 0, 1), fmt.Sprintf("evenkeel_rebalance_skipped{reason=%q} >0", gone),
		"evenkeel_rebalance_candidates 0", `evenkeel_rebalance_runs_total{result="success"} 0`)
	must(t, c.Broker(0).Start(ctx))
	p.shows("its leaders are back", 2*time.Minute, part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_leader_is_preferred", 0, 1),
		`evenkeel_rebalance_runs_total{result="success"} >0`, `evenkeel_rebalance_partitions_total{result="failed"} 0`,
		`evenkeel_rebalance_partitions_total{result="restored"} >0`, `kafka_not_preferred_partitions{electable="true"} 0`,
		`kafka_broker_leader_imbalance_ratio{broker="0"} 0`, "evenkeel_rebalance_run_in_progress 0", "evenkeel_rebalance_last_run_timestamp_seconds >0")
	w.judge(ctx)
	judgeJournal(t, p)
	noElectionLeft(t, c)
	page, err := p.get("/")
	must(t, err)
	for _, want := range []string{"rebalance: auto", "success", "restored"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// startKeeping starts the program on a cluster, with a policy of its rebalancer.
func startKeeping(t *testing.T, c *testbed.Cluster, policy string) *program {
	t.Helper()
	return start(t, "--config.file="+keeping(t, c, policy))
}

// keeping writes the configuration of a cluster with a policy of its rebalancer.
func keeping(t *testing.T, c *testbed.Cluster, policy string) (file string) {
	t.Helper()
	zookeeper := ""
	if len(c.ZooKeepers()) > 0 {
		zookeeper = fmt.Sprintf("    zookeeper: {servers: [%s]}\n", c.ZooKeeperConnect())
	}
	return writeKeeping(t, c, zookeeper, policy)
}

func writeKeeping(t *testing.T, c *testbed.Cluster, zookeeper, policy string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "evenkeel.yml")
	writeConfig(t, file, fmt.Sprintf("clusters:\n  - name: c\n    kafka: {brokers: [%s]}\n%s    poll: {interval: 500ms, timeout: 3s}\n    rebalance: {%s}\n",
		strings.Join(c.Bootstrap(), ", "), zookeeper, policy))
	return file
}

// elections is what GET /api/v1/elections answers.
type elections struct {
	Runs      []rebalance.Run  `json:"runs"`
	Decisions []rebalance.Note `json:"decisions"`
}

func (p *program) elections() (e elections, err error) {
	text, err := p.get("/api/v1/elections")
	if err == nil {
		err = json.Unmarshal([]byte(text), &e)
	}
	return e, err
}

// judgeJournal holds the journal against what happened: the partition of broker 0 came
// back from broker 1.
func judgeJournal(t *testing.T, p *program) {
	t.Helper()
	e, err := p.elections()
	must(t, err)
	var outcomes []rebalance.Outcome
	for _, run := range e.Runs {
		if run.Result != rebalance.Success || run.Mode != "auto" || run.Cluster != "c" || run.Batches < 1 || run.Seconds <= 0 {
			t.Errorf("the journal has the run %+v", run)
		}
		outcomes = append(outcomes, run.Partitions...)
	}
	zero, one := int32(0), int32(1)
	back := slices.ContainsFunc(outcomes, func(o rebalance.Outcome) bool {
		return o.Topic == "test" && o.Partition == 0 && o.Before != nil && *o.Before == one && o.After != nil && *o.After == zero && o.Result == rebalance.CameBack
	})
	if !back {
		t.Errorf("the journal does not tell that test-0 came back from broker 1 to broker 0: %+v", outcomes)
	}
	if len(e.Decisions) < 2 {
		t.Errorf("the journal has the decisions %+v", e.Decisions)
	}
}

// noElectionLeft fails where an election is still written in ZooKeeper.
func noElectionLeft(t *testing.T, c *testbed.Cluster) {
	t.Helper()
	if len(c.ZooKeepers()) == 0 {
		return
	}
	there, _, err := c.ZK().Exists(c.Path("/admin/preferred_replica_election"))
	must(t, err)
	if there {
		t.Error("an election is left in ZooKeeper")
	}
}
