//go:build unix

package bench

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

// newSnapshot is a cluster of 50,000 partitions on 30 brokers, with 250 groups of
// 50 partitions: 375,000 series of single partitions, and those of the cluster.
func newSnapshot() *cluster.Snapshot { return snapshotOf(topics, groups) }

// snapshotOf is a cluster of so many topics of 50 partitions each, on 30 brokers, and
// groups that read a topic each.
func snapshotOf(topics, groups int) *cluster.Snapshot {
	const brokers = 30
	random := rand.New(rand.NewPCG(1, 2))
	s := &cluster.Snapshot{
		Cluster: "prod", Started: time.Now(), Finished: time.Now(),
		Controller: cluster.Read(cluster.Controller{ID: 1, Exists: true, Named: true}), BrokersTried: brokers, BrokersHeard: brokers,
		Outcomes: map[cluster.Source]cluster.Outcome{cluster.SourceEnsemble: {Err: errors.New("not part of this")}},
	}
	registered := map[int32]*cluster.Registration{}
	for id := range int32(brokers) {
		registered[id] = &cluster.Registration{ID: id, Version: 2}
		s.Brokers = append(s.Brokers, cluster.Broker{ID: id, Address: "b:9092", Registration: registered[id], RegistryRead: true, Probe: cluster.Probe{Status: cluster.BrokerAlive}})
	}
	s.Registrations = cluster.Read(registered)
	picture, all := &cluster.Picture{}, &cluster.Groups{}
	for i := range topics {
		t := cluster.Topic{Name: fmt.Sprintf("shop.events-%04d", i)}
		for p := range partitionsPerTopic {
			first, end := int32((i+p)%brokers), random.Int64N(1<<34)
			replicas := []int32{first, (first + 1) % brokers, (first + 2) % brokers}
			t.Partitions = append(t.Partitions, cluster.Partition{
				ID: int32(p), State: cluster.StateRecorded, Replicas: replicas, ISR: replicas, Leader: first,
				Start: cluster.OffsetAt(end / 2), End: cluster.OffsetAt(end),
			})
		}
		picture.Topics = append(picture.Topics, t)
	}
	for i := range groups {
		t := picture.Topics[i]
		commits := make([]cluster.Commit, partitionsPerTopic)
		for p := range commits {
			commits[p] = cluster.Commit{Partition: int32(p), Offset: cluster.OffsetAt(t.Partitions[p].End.Int() - random.Int64N(1000))}
		}
		all.Groups = append(all.Groups, cluster.Group{Name: fmt.Sprintf("shop-consumer-%04d", i), Members: 5,
			Topics: []cluster.GroupOffsets{{Topic: t.Name, Commits: commits}}})
	}
	s.Picture, s.Groups = cluster.Read(picture), cluster.Read(all)
	return s
}

// BenchmarkSnapshot is what the large cluster costs after it was read: counting,
// comparing, and encoding for /metrics.
func BenchmarkSnapshot(b *testing.B) {
	cfg, err := config.FromFlags(config.Flags{ZooKeeper: "z:2181", ClusterName: "prod", PollInterval: "15s"})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("compressed", func(b *testing.B) { benchmarkSnapshot(b, cfg.Clusters[0], metrics.NewEncoder()) })
	b.Run("text only", func(b *testing.B) { benchmarkSnapshot(b, cfg.Clusters[0], metrics.NewEncoder(metrics.TextOnly)) })
}

func benchmarkSnapshot(b *testing.B, cfg config.Cluster, enc *metrics.Encoder) {
	s := newSnapshot()
	exposition := collectors.NewExposition(cfg, enc, slog.New(slog.DiscardHandler))
	tally := cluster.NewTally(cfg.Rebalance.Threshold)
	picture, _ := s.Picture.Get()
	var encoded collectors.Encoded
	runtime.GC()
	b.ReportAllocs()
	begun := cpuTime(b)
	for b.Loop() {
		s.Summary = cluster.Summarize(picture, s.Brokers)
		s.History = tally.Observe(s, cluster.Compare(s, s))
		var err error
		if encoded, err = exposition.Encode(s, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpuTime(b)-begun).Milliseconds())/float64(b.N), "cpu-ms/op")
	series := 0
	for _, part := range encoded.Cluster {
		series += part.Series()
	}
	if series < allSeries {
		b.Fatalf("%d series, want %d at least", series, allSeries)
	}
	b.ReportMetric(float64(series), "series")
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.HeapInuse)/1e6, "heap-MB")
}
