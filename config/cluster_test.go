package config

import (
	"regexp"
	"strings"
	"testing"
)

func TestFilterMatch(t *testing.T) {
	for _, tc := range []struct {
		include, exclude, name string
		want                   bool
	}{
		{".*", "", "orders", true},
		{"", "", "orders", true},
		{"rder", "", "orders", true}, // not anchored
		{"^rder", "", "orders", false},
		{".*", "rder", "orders", false},
		{"^pay", "-test$", "payments", true},
		{"^pay", "-test$", "payments-test", false},
		{"^pay", "-test$", "payments-test-2", true},
		{".*", ".*", "orders", false},
	} {
		text := minimal("    topics: {include: '" + tc.include + "', exclude: '" + tc.exclude + "'}\n" +
			"    groups: {include: '" + tc.include + "', exclude: '" + tc.exclude + "'}\n")
		c := parse(t, text).Clusters[0]
		if c.Topics.Match(tc.name) != tc.want || c.Groups.Match(tc.name) != tc.want {
			t.Errorf("%+v: topics say %v, groups say %v", tc, c.Topics.Match(tc.name), c.Groups.Match(tc.name))
		}
		if (c.Topics.Exclude == nil) != (tc.exclude == "") {
			t.Errorf("%+v: exclude is %v", tc, c.Topics.Exclude)
		}
	}
	if !(Filter{}).Match("orders") || (Filter{Exclude: regexp.MustCompile("s")}).Match("orders") {
		t.Error("a filter without include does not match what is not excluded")
	}
}

func TestEqual(t *testing.T) {
	text := minimal("    topics: {include: 'a.*b', exclude: x}\n    groups: {exclude: y}\n")
	one, other := parse(t, text).Clusters[0], parse(t, text).Clusters[0]
	one.Topics.Match(strings.Repeat("ab", 1000)) // use leaves no trace
	if !one.Equal(other) || !other.Equal(one) {
		t.Fatalf("the same text twice is not equal:\n%+v\n%+v", one, other)
	}
	for key, changed := range map[string]string{
		"name":         strings.Replace(text, "prod", "test", 1),
		"brokers":      text + "    kafka: {brokers: [k1:9092]}\n",
		"listener":     text + "    kafka: {listener: A}\n",
		"version":      text + "    kafka: {version: 3.9}\n",
		"flavour":      text + "    kafka: {flavour: protocol}\n",
		"min insync":   text + "    kafka: {min_insync_replicas: 2}\n",
		"TLS":          text + "    kafka: {tls: {enabled: true}}\n",
		"mechanism":    text + "    kafka: {sasl: {mechanism: AWS_MSK_IAM, aws: {region: eu-west-1}}}\n",
		"server TLS":   strings.Replace(text, "]}", "], tls: {enabled: true}}", 1),
		"AdminServer":  strings.Replace(text, "]}", "], admin_server_port: 0}", 1),
		"all metrics":  strings.Replace(text, "]}", "], all_metrics: true}", 1),
		"servers":      strings.Replace(text, "zk1:2181", "zk1:2182", 1),
		"more servers": strings.Replace(text, "zk1:2181", "zk1:2181, zk2:2181", 1),
		"chroot":       strings.Replace(text, "]}", "], chroot: /a}", 1),
		"interval":     text + "    poll: {interval: 16s}\n",
		"timeout":      text + "    poll: {timeout: 9s}\n",
		"include":      strings.Replace(text, "a.*b", "a.*c", 1),
		"exclude":      strings.Replace(text, "exclude: y", "exclude: ''", 1),
		"partitions":   strings.Replace(text, "exclude: y", "exclude: y, per_partition: false", 1),
		"threshold":    text + "    rebalance: {threshold: 0.2}\n",
	} {
		if one.Equal(parse(t, changed).Clusters[0]) {
			t.Errorf("another value of %s goes unnoticed", key)
		}
	}
	if (Cluster{Kafka: Kafka{SASL: SASL{Password: NewSecret("a")}}}).Equal(Cluster{Kafka: Kafka{SASL: SASL{Password: NewSecret("b")}}}) {
		t.Error("another secret goes unnoticed")
	}
	if (Cluster{Kafka: Kafka{SASL: SASL{OAuth: OAuth{ClientSecret: NewSecret("a")}}}}).Equal(Cluster{Kafka: Kafka{SASL: SASL{OAuth: OAuth{ClientSecret: NewSecret("b")}}}}) {
		t.Error("another secret of a client goes unnoticed")
	}
}

// minimal returns a file of one cluster with further keys of it, indented by four.
func minimal(more string) string {
	return "clusters:\n  - name: prod\n    zookeeper: {servers: [zk1:2181]}\n" + more
}
