//go:build cluster

package acceptance

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// published are the queries of dashboards and rules that others wrote for kafka_exporter's
// metrics, by source/title/how, as they stand there. What docs/dashboards.md promises is
// that they go on working.
var published = map[string]string{
	// Grafana's dashboard 7589: kafka_exporter_overview.json in danielqsj/kafka_exporter.
	"7589/Message in per second/A":      `sum(rate(kafka_topic_partition_current_offset{instance="$instance", topic=~"$topic"}[1m])) by (topic)`,
	"7589/Lag by Consumer Group/A":      `sum(kafka_consumergroup_lag{instance="$instance",topic=~"$topic"}) by (consumergroup, topic) `,
	"7589/Message in per minute/A":      `sum(delta(kafka_topic_partition_current_offset{instance=~'$instance', topic=~"$topic"}[5m])/5) by (topic)`,
	"7589/Message consume per minute/A": `sum(delta(kafka_consumergroup_current_offset{instance=~'$instance',topic=~"$topic"}[5m])/5) by (consumergroup, topic)`,
	"7589/Partitions per Topic/A":       `sum by(topic) (kafka_topic_partitions{instance="$instance",topic=~"$topic"})`,
	"7589/variable job/A":               `kafka_consumergroup_current_offset`,
	"7589/variable instance/A":          `kafka_consumergroup_current_offset{job=~"$job"}`,
	"7589/variable topic/A":             `kafka_topic_partition_current_offset{instance='$instance',topic!='__consumer_offsets',topic!='--kafka'}`,

	// Its first version, without variables, in the same repository.
	"7589 first/Offset per Topic/A":     `sum(rate(kafka_topic_partition_current_offset{topic!="__consumer_offsets"}[1m])) by (topic)`,
	"7589 first/Lag per Topic, Group/A": `sum(kafka_consumergroup_lag) by (consumergroup, topic) `,
	"7589 first/Partitions per Topic/A": `sum by(topic) (kafka_topic_partitions{topic!="__consumer_offsets"})`,

	// A descendant: kafka-mixin/dashboards/kafka-overview.json there. Its two first panels ask
	// for kafka_consumer_lag_millis and kafka_consumergroup_uncommitted_offsets, which a fork
	// of kafka_exporter has and danielqsj's has not.
	"mixin/Rate of messages in/A":    `sum(delta(kafka_topic_partition_current_offset{instance=~'$instance', topic=~"$topic"}[5m])/5) by (topic)`,
	"mixin/Messages consumed/A":      `sum(delta(kafka_consumergroup_current_offset{instance=~"$instance",consumergroup=~"$consumergroup",topic=~"$topic"}[5m])/5) by (consumergroup, topic, partition)`,
	"mixin/Last offset consumed/A":   `sum(kafka_consumergroup_current_offset{instance=~"$instance",topic=~"$topic",consumergroup=~"$consumergroup"}) by (consumergroup, topic, partition) `,
	"mixin/variable consumergroup/A": `kafka_consumergroup_members`,

	// Another: strimzi-kafka-exporter.json of strimzi/strimzi-kafka-operator. Left out are its
	// two panels on kafka_cluster_partition_atminisr and _underminisr, which Kafka's own JMX
	// exporter has, and the variables that it fills from kafka_exporter_build_info.
	"strimzi/Topics/A":                 `count(kafka_topic_partitions{topic=~"$topic"})`,
	"strimzi/Partitions/A":             `sum(kafka_topic_partitions{topic=~"$topic"})`,
	"strimzi/Replicas/A":               `sum(kafka_topic_partition_replicas{topic=~"$topic"})`,
	"strimzi/In Sync Replicas/A":       `sum(kafka_topic_partition_in_sync_replica{topic=~"$topic"})`,
	"strimzi/Under Replicated/A":       `sum(kafka_topic_partition_under_replicated_partition{topic=~"$topic"})`,
	"strimzi/Not on preferred node/A":  `sum(kafka_topic_partition_leader_is_preferred{topic=~"$topic"} < bool 1)`,
	"strimzi/Messages in per second/A": `sum(rate(kafka_topic_partition_current_offset{topic=~"$topic"}[1m])) by (topic)`,
	"strimzi/Consumed per second/A":    `sum(delta(kafka_consumergroup_current_offset{consumergroup=~"$consumergroup",topic=~"$topic"}[1m])/60) by (consumergroup, topic)`,
	"strimzi/Lag by Consumer Group/A":  `sum(kafka_consumergroup_lag{consumergroup=~"$consumergroup",topic=~"$topic"}) by (consumergroup, topic) `,
	"strimzi/Consumer Group Offsets/A": `sum(kafka_consumergroup_current_offset{consumergroup=~"$consumergroup",topic=~"$topic"}) by (consumergroup,partition,topic)`,
	"strimzi/Consumer Group Lag/A":     `sum(kafka_consumergroup_lag{consumergroup=~"$consumergroup",topic=~"$topic"}) by (consumergroup,partition,topic)`,
	"strimzi/Number of Partitions/A":   `sum(kafka_topic_partitions{topic=~"$topic"}) by (topic)`,
	"strimzi/Latest Offsets/A":         `sum(kafka_topic_partition_current_offset{topic=~"$topic"}) by (partition,topic)`,
	"strimzi/Oldest Offsets/A":         `sum(kafka_topic_partition_oldest_offset{topic=~"$topic"}) by (partition,topic)`,
}

// publishedRules are alerting rules on the same metrics: Strimzi's three (examples/metrics),
// those of awesome-prometheus-alerts, and those of kafka_exporter's chart.
const publishedRules = `groups:
- name: strimzi
  rules:
  - alert: UnderReplicatedPartition
    expr: kafka_topic_partition_under_replicated_partition > 0
    for: 10s
    annotations: {description: 'Topic  {{ $labels.topic }} has {{ $value }} under-replicated partition {{ $labels.partition }}'}
  - alert: TooLargeConsumerGroupLag
    expr: kafka_consumergroup_lag > 1000
    for: 10s
    annotations: {description: 'Consumer group {{ $labels.consumergroup}} lag is too big ({{ $value }}) on topic {{ $labels.topic }}/partition {{ $labels.partition }}'}
  - alert: NoMessageForTooLong
    expr: changes(kafka_topic_partition_current_offset[10m]) == 0
    for: 10s
    annotations: {description: 'There is no messages in topic {{ $labels.topic}}/partition {{ $labels.partition }} for 10 minutes'}
- name: strimzi, earlier releases
  rules:
  - alert: NoMessageForTooLong
    expr: changes(kafka_topic_partition_current_offset{topic!="__consumer_offsets"}[10m]) == 0
    for: 10s
- name: awesome-prometheus-alerts
  rules:
  - alert: KafkaTopicsReplicas
    expr: 'sum(kafka_topic_partition_in_sync_replica) by (topic) < 3'
    for: 0m
  - alert: KafkaConsumersGroup
    expr: 'sum(kafka_consumergroup_lag) by (consumergroup) > 50'
    for: 1m
- name: alertrules.kafkaExporter
  rules:
  - record: isr_partition_difference
    expr: kafka_topic_partition_in_sync_replica{topic!="__consumer_offsets",topic!="__samza_*"} - kafka_topic_partition_replicas{topic!="__consumer_offsets",topic!="__samza_*"}
  - alert: Kafka_partition_leader_change_rapidly
    expr: rate(kafka_topic_partition_leader{topic!="__consumer_offsets",topic!="__samza_*"}[5m]) > 0
    for: 5m
  - alert: kafka_broker_unavailable
    expr: kafka_brokers < 3
    for: 5m
`

// compatQueries returns what was published for kafka_exporter: queries with one value for
// each variable, as Grafana puts it in, and rules without what they are compared to. In a
// healthy cluster with traffic each has an answer.
func compatQueries(t *testing.T, instance string) map[string]string {
	t.Helper()
	one := strings.NewReplacer("$instance", instance, "$job", "evenkeel", "$topic", "(test)", "$consumergroup", "readers")
	queries := map[string]string{}
	for name, expr := range published {
		queries[name] = one.Replace(expr)
	}
	exprs := parser.NewParser(parser.Options{})
	groups, errs := rulefmt.Parse([]byte(publishedRules), false, model.UTF8Validation, exprs, slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil {
		return queries
	}
	for _, g := range groups.Groups {
		for _, rule := range g.Rules {
			tree, err := exprs.ParseExpr(rule.Expr)
			must(t, err)
			if compared, ok := tree.(*parser.BinaryExpr); ok && compared.Op.IsComparisonOperator() {
				tree = compared.LHS
			}
			queries[g.Name+"/"+rule.Alert+rule.Record+"/rule"] = tree.String()
		}
	}
	return queries
}

// TestCompatQueries holds what can be held of them without a cluster: TestDashboards asks
// them.
func TestCompatQueries(t *testing.T) {
	queries := compatQueries(t, "evenkeel:9308")
	if want := len(published) + 9; len(queries) != want {
		t.Errorf("%d queries, want %d", len(queries), want)
	}
	for name, expr := range queries {
		if strings.Count(name, "/") != 2 || strings.Contains(expr, "$") {
			t.Errorf("%s: %s: its name or a variable", name, expr)
		}
		if _, err := parser.NewParser(parser.Options{}).ParseExpr(expr); err != nil {
			t.Errorf("%s: %s: %v", name, expr, err)
		}
		for _, threshold := range []string{"> 0", "> 1000", "== 0", "> 50"} {
			if strings.Contains(name, "/rule") && strings.Contains(expr, threshold) {
				t.Errorf("%s still has its threshold: %s", name, expr)
			}
		}
	}
}
