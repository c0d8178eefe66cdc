package exporter

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/metrics"
	"github.com/evenkeel/evenkeel/rebalance"
)

var update = flag.Bool("update", false, "write docs/metrics.md anew")

// metricsPreface stands before the tables of docs/metrics.md.
const metricsPreface = `# Metrics

This page is made from the declarations in the code (` + "`make update`" + `); a test holds it.

What holds for all of them:

- **Unknown is absent.** A value that could not be read in the last poll has no series: it is never 0, never -1, never the value of the poll before. 0 means that evenkeel looked and found none. A sum of which one part is unknown is unknown. Counters count what was seen; they stay while there is nothing to see.
- **All of it is one snapshot**, that of the poll which ended at ` + "`evenkeel_poll_timestamp_seconds`" + `. A snapshot older than three intervals and a timeout is not shown any more; only ` + "`evenkeel_*`" + ` is.
- **Known things keep their series.** A broker is known while it stands in an assignment or in the registry, and for 24 hours after; it always has ` + "`kafka_broker_status`" + `. A configured ZooKeeper server always has ` + "`zk_up`, `zk_server_mode` and `zk_server_status`" + `.
- **The cluster's word and evenkeel's view are two things.** ` + "`kafka_broker_registered`" + `, leaders and ISR are what the cluster says; ` + "`kafka_broker_status`" + ` and ` + "`kafka_leader_unreachable_partitions`" + ` tell what evenkeel can reach.
- Every series of a cluster carries ` + "`kafka_cluster`" + `, the name in the configuration. It is left out of the tables.
- Topics that are being deleted are left out. ` + "`topics.include` and `topics.exclude`" + ` narrow the series of single topics and partitions, never the counts over the whole cluster.
- ` + "`kafka_log_truncations_total`" + `, which has a series for each topic, is there only while the topics could be read.
- ` + "`kafka_leader_unreachable_partitions`" + ` is absent while a leader has no address at which it could be asked.
- A topic that is marked for deletion is left out while the mark is younger than five minutes, or while no partition of it has a leader. Where ` + "`delete.topic.enable`" + ` is off, Kafka 0.9 leaves the mark for ever and the topic goes on living, so it is shown again.
- ` + "`kafka_broker_up`" + ` is absent also for a registered broker whose registration names no address that evenkeel could ask.
- A log whose end went backwards counts as truncated when a reading three seconds later or more confirms it: after a clean election a new leader may know an older high watermark for a moment.
- While a reassignment runs on a release before 2.4, which does not record which replicas are new, those of its targets that are not in the ISR yet count as being added.
- Where only brokers tell the state of partitions, it counts while an active controller is confirmed. Otherwise leaders, ISRs, registrations and all sums of them are absent, and for some polls after the controller's return; ` + "`kafka_active_controllers`" + ` is 0 only when most brokers answer and none of them finds a controller. Where no release like this one could confirm it, what brokers tell is shown as it stands, and ` + "`evenkeel_limited{what=\"controller_unconfirmed\"}`" + ` is 1.
- The reason ` + "`log_dir_offline`" + ` and ` + "`kafka_broker_offline_replicas`" + ` are there only where the cluster tells of failed log directories. Elsewhere such a replica counts as lagging.
- What needs ` + "`min.insync.replicas`" + ` is absent where that is not known: the series of a topic for that topic, the sums if it is not known of any one topic. It is read again every five minutes.
- ` + "`kafka_quorum_*`" + ` and the collector ` + "`quorum`" + ` are there only for clusters in KRaft. ` + "`kafka_broker_is_controller`" + ` is 0 for every broker where the active controller is a process of its own.
- A fenced broker is known to the controller and serves nobody: it counts as not registered. It has the status ` + "`fenced`" + ` from Kafka 4.0 on; before that it is ` + "`unregistered`" + `.
- ` + "`evenkeel_permission`" + ` is what the brokers tell of the user's privileges, and absent where they tell nothing. A topic that the user may not DESCRIBE is not there at all; counts are over what is visible.
- On Kafka 0.9 a group is listed only while it has members. One that evenkeel has seen before goes on being shown, with 0 members, until its last commit has expired.

`

// TestMetricsPageIsUpToDate holds docs/metrics.md against the declarations.
func TestMetricsPageIsUpToDate(t *testing.T) {
	var b strings.Builder
	b.WriteString(metricsPreface)
	declared := 0
	for _, c := range collectors.All() {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", c.Name, c.Help)
		writeTable(&b, c.Families)
		declared += len(c.Families)
	}
	b.WriteString("## evenkeel itself\n\nOf each cluster:\n\n")
	writeTable(&b, collectors.Families()[declared:])
	b.WriteString("Of the rebalancer of each cluster, see [rebalance.md](rebalance.md):\n\n| name | type | labels | meaning |\n|---|---|---|---|\n")
	for _, d := range rebalance.Declarations() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", d.Name, d.Type, strings.Join(d.Labels, ", "), d.Help)
	}
	b.WriteString("\nOf alerts, where evenkeel evaluates them, see [alerts.md](alerts.md):\n\n| name | type | labels | meaning |\n|---|---|---|---|\n")
	for _, m := range alertMetrics {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.name, m.kind, strings.Join(m.labels, ", "), m.help)
	}
	b.WriteString("\nOf the process, beside the usual `go_*` and `process_*`:\n\n| name | meaning |\n|---|---|\n")
	gathered, err := newExporter(t, twoClusters, Options{}).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range gathered {
		if strings.HasPrefix(f.GetName(), "evenkeel_") && !strings.HasPrefix(f.GetName(), "evenkeel_rebalance_") {
			fmt.Fprintf(&b, "| %s | %s |\n", f.GetName(), f.GetHelp())
		}
	}
	path := filepath.Join("..", "docs", "metrics.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(page), b.String()); diff != "" {
		t.Errorf("docs/metrics.md is out of date (make update; -page +code):\n%s", diff)
	}
}

func writeTable(b *strings.Builder, families []*metrics.Family) {
	b.WriteString("| name | type | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range families {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", f.Name, f.Type, strings.Join(f.Labels, ", "), f.Help)
	}
	b.WriteString("\n")
}
