package collectors

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/metrics"
)

// crowded is a cluster of many topics and groups, each of which reads two topics.
func crowded() *fakeCluster {
	const n = 40
	f := newFake()
	f.identity.AllOffsets, f.identity.EmptyGroups = true, true
	picture, _ := f.registry.Picture.Get()
	f.groups[1] = nil
	f.offsets = map[kafka.Position]map[string]map[int32]cluster.Offset{kafka.Latest: {}, kafka.Earliest: {}}
	for i := range n {
		topic, group := fmt.Sprintf("topic-%02d", i), fmt.Sprintf("group-%02d", i)
		part := cluster.Partition{State: cluster.StateRecorded, Replicas: []int32{0, 1}, ISR: []int32{0, 1}, Leader: int32(i % 2)}
		picture.Topics = append(picture.Topics, cluster.Topic{Name: topic, Partitions: []cluster.Partition{part}})
		f.offsets[kafka.Latest][topic] = map[int32]cluster.Offset{0: cluster.OffsetAt(int64(100 + i))}
		f.offsets[kafka.Earliest][topic] = map[int32]cluster.Offset{0: cluster.OffsetAt(int64(i))}
		f.groups[1] = append(f.groups[1], group)
		for _, of := range []int{i, (i + 1) % n} {
			f.commits[group] = append(f.commits[group], cluster.GroupOffsets{
				Topic: fmt.Sprintf("topic-%02d", of), Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(7)}},
			})
		}
	}
	for i := range n {
		f.old = append(f.old, cluster.OldGroup{
			Name: fmt.Sprintf("old-%02d", i), Topics: []cluster.GroupOffsets{{
				Topic: fmt.Sprintf("topic-%02d", (i+n/2)%n), Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(7)}},
			}},
		})
	}
	slices.SortFunc(picture.Topics, func(a, b cluster.Topic) int { return strings.Compare(a.Name, b.Name) })
	return f
}

// shareOf returns the series of the cluster that one evenkeel tells, without those that
// it tells of itself. How long a broker took is another number each time.
func shareOf(t *testing.T, shard config.Shard) []string {
	t.Helper()
	f := crowded()
	p := poller(t, f)
	p.cfg.Shard = shard
	encoded, err := NewExposition(p.cfg, metrics.NewEncoder(), slog.New(slog.DiscardHandler)).Encode(p.poll(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(exposition(t, encoded.Cluster...)) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, "_timestamp_seconds") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestShardsTellTheWhole: every series is told by exactly one of them.
func TestShardsTellTheWhole(t *testing.T) {
	whole := shareOf(t, config.Shard{})
	var union []string
	for i := range 3 {
		share := shareOf(t, config.Shard{Index: i, Of: 3})
		if n := len(share); n < len(whole)/6 || n > len(whole)/2 {
			t.Errorf("shard %d tells %d of %d series", i, n, len(whole))
		}
		union = append(union, share...)
	}
	slices.Sort(whole)
	slices.Sort(union)
	if !slices.Equal(whole, union) {
		t.Errorf("%d series of the whole, %d of three shards; the whole:\n%s\nthe shards:\n%s",
			len(whole), len(union), strings.Join(whole, ""), strings.Join(union, ""))
	}
	if lags := slices.DeleteFunc(whole, func(s string) bool { return !strings.HasPrefix(s, "kafka_consumergroup_lag{") }); len(lags) != 80 {
		t.Errorf("%d lags, want 80", len(lags))
	}
}

// A shard asks for its own groups alone, and for the logs that it needs.
func TestShardAsksForItsShare(t *testing.T) {
	f := crowded()
	p := poller(t, f)
	p.cfg.Shard = config.Shard{Index: 1, Of: 3}
	p.poll(t)
	if n := len(f.calls("commits")); n == 0 || n > 25 {
		t.Errorf("asked for the commits of %d of 40 groups", n)
	}
	if asked := strings.Join(f.calls("offsets 1"), ""); strings.Contains(asked, "test:") || !strings.Contains(asked, "topic-") {
		t.Errorf("asked for %s", asked)
	}
}
