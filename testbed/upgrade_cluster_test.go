//go:build cluster

package testbed

import "testing"

// protocols are the settings for one round of a rolling upgrade.
func protocols(version string) map[string]string {
	return map[string]string{"inter.broker.protocol.version": version, "log.message.format.version": version}
}

// TestUpgrade takes a cluster from 0.9 to 0.10.2 while it is used.
func TestUpgrade(t *testing.T) {
	c := begin(t, Spec{OneJVM: true})
	upgrade(t, c, "0.10.2.2", protocols("0.9.0.1"), protocols("0.10.2"))
}

// upgrade gives each broker another release, with the settings of one round
// after the other, and uses the cluster in between.
func upgrade(t *testing.T, c *Cluster, release string, rounds ...map[string]string) {
	t.Helper()
	ctx := t.Context()
	from, _ := c.Releases()
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0, 1}, {1, 0}}))
	for round, properties := range rounds {
		for id := range c.Brokers() {
			must(t, c.Upgrade(ctx, id, release, properties))
			must(t, c.AwaitTopic(ctx, "test", whole))
			must(t, c.Produce(ctx, "test", 0, 10))
			want := release
			if round == 0 && id == 0 {
				want = from
			}
			if oldest, _ := c.Releases(); oldest != want {
				t.Errorf("round %d, broker %d: the oldest release is %s, want %s", round, id, oldest, want)
			}
		}
	}
	consumer, err := c.StartConsumer(ctx, "readers", "test")
	must(t, err)
	must(t, consumer.Stop())
}
