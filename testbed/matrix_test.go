//go:build matrix

package testbed

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEveryRelease starts every Kafka release of the table, on its ZooKeeper,
// and loses and regains a broker on each.
func TestEveryRelease(t *testing.T) {
	for _, kafka := range KafkaReleases() {
		t.Run(kafka, func(t *testing.T) {
			c := startTimed(t, Spec{Kafka: kafka})
			ctx := t.Context()
			check := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			check(c.CreateTopic(ctx, "test", [][]int32{{0, 1}, {1, 0}}))
			check(c.Produce(ctx, "test", 0, 10))
			check(c.CommitOffset(ctx, "assigned", "test", 0, 5))
			consumer, err := c.StartConsumer(ctx, "readers", "test")
			check(err)
			if kafka != "0.9.0.1" { // one topic only
				check(c.CreateTopic(ctx, "other.one", [][]int32{{1, 0}}))
				second, err := c.StartConsumer(ctx, "readers", "test", "other.one")
				check(err)
				check(second.Stop())
			}
			check(c.Broker(0).Kill())
			check(c.AwaitTopic(ctx, "test", func(p []Partition) bool { return p[0].Leader == 1 }))
			check(c.Broker(0).Start(ctx))
			check(c.AwaitTopic(ctx, "test", func(p []Partition) bool { return len(p[0].ISR) == 2 && len(p[1].ISR) == 2 }))
			check(c.ElectPreferred(ctx, "test", 0))
			check(c.AwaitTopic(ctx, "test", func(p []Partition) bool { return p[0].Leader == 0 }))
			check(consumer.Stop())
			check(c.Broker(1).Restart(ctx))
			check(c.DeleteTopic(ctx, "test"))

			check(c.CreateTopic(ctx, "left", [][]int32{{0, 1}}))
			_, err = c.StartConsumer(ctx, "left", "left")
			check(err)
			_, err = c.StartProducer(ctx, "left", 20)
			check(err)
			start := time.Now()
			check(c.Stop())
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("with a consumer and a producer left running the cluster took %v to stop", d)
			}
		})
	}
}

// TestEveryZooKeeper starts those ZooKeeper releases that no Kafka release is
// paired with, and the AdminServer and the one JVM of those that are.
func TestEveryZooKeeper(t *testing.T) {
	for _, zookeeper := range ZooKeeperReleases() {
		for _, spec := range []Spec{{OneJVM: true}, {AdminServer: true}} {
			if spec.AdminServer && strings.HasPrefix(zookeeper, "3.4.") {
				continue // has none
			}
			spec.ZooKeeper, spec.ZooKeeperOnly = zookeeper, true
			name := zookeeper + "-admin-server"
			if spec.OneJVM {
				name = zookeeper + "-one-jvm"
			}
			t.Run(name, func(t *testing.T) { tryEnsemble(t, spec) })
		}
	}
}

func tryEnsemble(t *testing.T, spec Spec) {
	c := startTimed(t, spec)
	leader, err := c.ZooKeeperLeader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	children, _, err := c.ZK().Children("/")
	if err != nil || !slices.Contains(children, "zookeeper") {
		t.Errorf("children of the root: %v, %v", children, err)
	}
	if spec.OneJVM {
		return
	}
	body, err := get("http://" + leader.AdminAddr() + "/commands/monitor")
	if err != nil || !strings.Contains(body, "znode_count") {
		t.Errorf("the AdminServer of %s answers %.200q, %v", leader.Name(), body, err)
	}
	if err := leader.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := leader.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func startTimed(t *testing.T, spec Spec) *Cluster {
	t.Helper()
	start := time.Now()
	c := StartT(t, spec)
	t.Logf("whole after %.1f s", time.Since(start).Seconds())
	return c
}

func get(url string) (string, error) {
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
