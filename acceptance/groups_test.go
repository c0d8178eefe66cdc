//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestGroupsOnTheOldestRelease and its like show every kind of group that a release
// has, at rest, as the release's own tools do.
func TestGroupsOnTheOldestRelease(t *testing.T) {
	t.Parallel()
	groupsOfEveryKind(t, "0.9.0.1")
}

func TestGroupsOnTheNewestRelease(t *testing.T) {
	t.Parallel()
	groupsOfEveryKind(t, "4.4.0")
}

// kinds is a cluster with groups of every kind in the topic test, which has two
// partitions.
type kinds struct {
	t       *testing.T
	ctx     context.Context
	c       *testbed.Cluster
	p       *program
	release string
	groups  []string // those with offsets in Kafka
	running []*testbed.Consumer
}

// since says whether the release is this one or a later one of those that are tested.
func (k *kinds) since(release string) bool {
	order := map[string]int{"0.9.0.1": 0, "2.8.2": 1, "3.9.2": 2, "4.4.0": 3}
	return order[k.release] >= order[release]
}

func groupsOfEveryKind(t *testing.T, release string) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	k := &kinds{t: t, ctx: ctx, release: release}
	k.c = testbed.StartT(t, testbed.Spec{Kafka: release})
	must(t, k.c.CreateTopic(ctx, "test", [][]int32{{0, 1}, {1, 0}}))
	k.produce(20)
	must(t, k.c.CommitOffset(ctx, "commits", "test", 0, 7))
	k.p = startOn(t, k.c, "{interval: 1s, timeout: 1s}",
		`{watch: [commits, assigned], objectives: [{match: "^members", max_lag: 30s, severity: critical}], quiet: "^assigned"}`)
	k.start()
	k.p.shows("everything is consumed", time.Minute, k.each(func(group string) []string {
		return []string{lagOf(group, 0, 0), lagOf(group, 1, 0), ageOf(group, 0, 0), statusOf(group, "ok")}
	})...)
	k.members()
	for _, c := range k.running {
		must(t, c.Kill())
	}
	k.produce(5)
	k.p.shows("five more wait in each partition", time.Minute, k.each(func(group string) []string {
		return []string{lagOf(group, 0, 5), lagOf(group, 1, 5), fmt.Sprintf("kafka_consumergroup_lag_sum{consumergroup=%q,topic=\"test\"} 10", group)}
	})...)
	k.compare()
	k.p.shows("nobody consumes them", time.Minute, k.each(func(group string) []string {
		return []string{statusOf(group, "stopped"), fmt.Sprintf("kafka_consumergroup_members{consumergroup=%q} 0", group)}
	})...)
	k.ages()
}

func (k *kinds) produce(n int) {
	k.t.Helper()
	for p := range int32(2) {
		must(k.t, k.c.Produce(k.ctx, "test", p, n))
	}
}

// startOn starts evenkeel on a cluster, by its ZooKeeper where it has one, with groups
// as in a configuration file. Releases that do not list groups without members have
// to be told of them.
func startOn(t *testing.T, c *testbed.Cluster, poll, groups string) *program {
	t.Helper()
	where := fmt.Sprintf("kafka: {brokers: [%q]}", c.Bootstrap()[0])
	if kafka, _ := c.Releases(); kafka[0] < '4' {
		where = fmt.Sprintf("zookeeper: {servers: [%q]}", c.ZooKeeper(0).Addr())
	}
	file := filepath.Join(t.TempDir(), "evenkeel.yml")
	writeConfig(t, file, fmt.Sprintf("clusters:\n  - name: c\n    %s\n    poll: %s\n    groups: %s\n", where, poll, groups))
	return start(t, "--config.file="+file)
}

// start starts a consumer of each kind.
func (k *kinds) start() {
	k.t.Helper()
	run := func(group string, c *testbed.Consumer, err error) {
		k.t.Helper()
		must(k.t, err)
		if c.Process() {
			k.running = append(k.running, c)
			k.groups = append(k.groups, group)
		}
	}
	member, err := k.c.StartReader(k.ctx, testbed.ReaderSpec{Group: "members", Topics: []string{"test"}})
	run("members", member, err)
	assigned, err := k.c.StartAssigned(k.ctx, "assigned", "test", 0, 1)
	run("assigned", assigned, err)
	if k.since("4.4.0") {
		next, err := k.c.StartConsumerWith(k.ctx, "next", "consumer", "test")
		run("next", next, err)
	}
	if !k.since("2.8.2") {
		inKafka, err := k.c.StartOldConsumer(k.ctx, "old-in-kafka", "kafka", "test")
		run("old-in-kafka", inKafka, err)
		inZooKeeper, err := k.c.StartOldConsumer(k.ctx, "old-in-zookeeper", "zookeeper", "test")
		must(k.t, err)
		k.running = append(k.running, inZooKeeper)
	}
}

func (k *kinds) each(of func(group string) []string) (all []string) {
	for _, g := range k.groups {
		all = append(all, of(g)...)
	}
	return all
}

// members looks at what is told of the groups while they consume.
func (k *kinds) members() {
	k.t.Helper()
	want := []string{
		`kafka_consumergroup_members{consumergroup="members"} 1`, `kafka_consumergroup_idle_members{consumergroup="members"} 0`,
		`kafka_consumergroup_state{consumergroup="members",state="stable"} 1`,
		`kafka_consumergroup_members{consumergroup="assigned"} 0`, `kafka_consumergroup_coordinator{consumergroup="members"} >-1`,
		`kafka_consumergroup_lag_objective_seconds{consumergroup="members",severity="critical"} 30`,
		`kafka_consumergroup_lag_objective_seconds{consumergroup="commits",severity="warning"} 900`,
		`!kafka_consumergroup_lag_objective_seconds{consumergroup="assigned",severity="warning"}`,
		lagOf("commits", 0, 13), `kafka_consumergroup_current_offset{consumergroup="commits",partition="0",topic="test"} 7`,
		`!kafka_consumergroup_current_offset{consumergroup="commits",partition="1",topic="test"}`,
		`kafka_consumergroup_lag_sum{consumergroup="commits",topic="test"} 13`,
	}
	if k.since("2.8.2") {
		want = append(want, `kafka_consumergroup_state{consumergroup="assigned",state="empty"} 1`)
	}
	if k.since("4.4.0") {
		want = append(want, `kafka_consumergroup_members{consumergroup="next"} 1`, `kafka_consumergroup_idle_members{consumergroup="next"} 0`,
			`kafka_consumergroup_state{consumergroup="next",state="stable"} 1`)
	}
	if !k.since("2.8.2") {
		want = append(want, `kafka_consumergroupzookeeper_members{consumergroup="old-in-zookeeper"} 1`, oldLagOf("old-in-zookeeper", 0, 0),
			`kafka_consumergroupzookeeper_current_offset{consumergroup="old-in-zookeeper",partition="1",topic="test"} 20`,
			`kafka_consumergroupzookeeper_members{consumergroup="old-in-kafka"} 1`)
	}
	k.p.shows("members", 30*time.Second, want...)
	// A second one takes one of the two partitions, and a third one has none.
	for range 2 {
		c, err := k.c.StartConsumer(k.ctx, "members", "test")
		must(k.t, err)
		if c.Process() {
			k.running = append(k.running, c)
		} else {
			defer func() { must(k.t, c.Stop()) }()
		}
	}
	k.p.shows("one has nothing to do", 30*time.Second, `kafka_consumergroup_members{consumergroup="members"} 3`, `kafka_consumergroup_idle_members{consumergroup="members"} 1`)
}

// compare holds what is shown against what the release's own tools print.
func (k *kinds) compare() {
	k.t.Helper()
	shown, err := k.p.scrape()
	must(k.t, err)
	for _, group := range append([]string{"commits"}, k.groups...) {
		if !k.since("2.8.2") {
			continue // this tool describes groups with members alone
		}
		lags, err := k.c.ToolLags(k.ctx, group)
		must(k.t, err)
		k.equal(shown, "kafka_consumergroup_lag", group, lags)
	}
	if !k.since("2.8.2") {
		for family, group := range map[string]string{"kafka_consumergroupzookeeper_lag_zookeeper": "old-in-zookeeper", "kafka_consumergroup_lag": "old-in-kafka"} {
			lags, err := k.c.OldToolLags(k.ctx, group)
			must(k.t, err)
			k.equal(shown, family, group, lags)
		}
	}
}

func (k *kinds) equal(shown samples, family, group string, lags []testbed.ToolLag) {
	k.t.Helper()
	if len(lags) == 0 {
		k.t.Errorf("the tool prints nothing of group %s", group)
	}
	for _, l := range lags {
		series := fmt.Sprintf("%s{consumergroup=%q,partition=\"%d\",topic=%q}", family, group, l.Partition, l.Topic)
		got, there := shown.values[series]
		if there != (l.Lag >= 0) || there && int64(got) != l.Lag {
			k.t.Errorf("%s is %v (%t), the tool prints %d", series, got, there, l.Lag)
		}
	}
}

// ages looks at how old the messages are that wait: they were written when everything
// had been consumed, which the record knows on every release.
func (k *kinds) ages() {
	k.t.Helper()
	shown, err := k.p.scrape()
	must(k.t, err)
	for _, group := range k.groups {
		age, known := shown.values[fmt.Sprintf(`kafka_consumergroup_max_lag_seconds{consumergroup=%q}`, group)]
		if !known || age < 9 || age > 120 { // a window has passed since
			k.t.Errorf("group %s is behind by %v s (%t)", group, age, known)
		}
	}
}

func lagOf(group string, partition, lag int) string {
	return fmt.Sprintf("kafka_consumergroup_lag{consumergroup=%q,partition=\"%d\",topic=\"test\"} %d", group, partition, lag)
}

func ageOf(group string, partition, seconds int) string {
	return fmt.Sprintf("kafka_consumergroup_lag_seconds{consumergroup=%q,partition=\"%d\",topic=\"test\"} %d", group, partition, seconds)
}

func oldLagOf(group string, partition, lag int) string {
	return fmt.Sprintf("kafka_consumergroupzookeeper_lag_zookeeper{consumergroup=%q,partition=\"%d\",topic=\"test\"} %d", group, partition, lag)
}

func statusOf(group, status string) string {
	return fmt.Sprintf("kafka_consumergroup_status{consumergroup=%q,status=%q} 1", group, status)
}
