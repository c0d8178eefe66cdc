package collectors

import (
	"fmt"
	"log/slog"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

// limitPerPartition names the limit that leaves the series of single partitions
// out; limits lists all of them.
const limitPerPartition = "per_partition"

var limits = []string{limitPerPartition}

// autoPartitions is the number of partitions above which topics.per_partition:
// auto leaves the series of single partitions out.
const autoPartitions = 50_000

// Exposition encodes the snapshots of one cluster. It is not safe for concurrent
// use: the encoder behind it is shared.
type Exposition struct {
	cfg      config.Cluster
	enc      *metrics.Encoder
	log      *slog.Logger
	panicked map[string]int
}

// NewExposition returns an exposition of the cluster's snapshots.
func NewExposition(cfg config.Cluster, enc *metrics.Encoder, log *slog.Logger) *Exposition {
	return &Exposition{cfg: cfg, enc: enc, log: log, panicked: map[string]int{}}
}

// Encoded is a snapshot as /metrics serves it.
type Encoded struct {
	Cluster []metrics.Part // what the snapshot says of the cluster
	Itself  metrics.Part   // what it says of evenkeel: told even when the snapshot is stale
}

// Encode encodes a snapshot. A collector that panics over it loses its own
// metrics and counts as failed; the others are not touched.
func (e *Exposition) Encode(s *cluster.Snapshot) (Encoded, error) {
	v := &View{Snapshot: s, Show: show(e.cfg, s)}
	var out Encoded
	failed := map[string]bool{}
	for _, c := range All() {
		part, err := e.enc.Encode(s.Cluster, func(w *metrics.Writer) { c.Emit(v, w) })
		if err != nil {
			failed[c.Name] = true
			e.panicked[c.Name]++
			e.log.Error("Collector failed", "kafka_cluster", s.Cluster, "collector", c.Name, "err", err)
			continue
		}
		out.Cluster = append(out.Cluster, part)
	}
	itself, err := e.enc.Encode(s.Cluster, func(w *metrics.Writer) { emitItself(v, w, e.panicked, failed) })
	if err != nil {
		return Encoded{}, fmt.Errorf("encode evenkeel's own metrics of cluster %s: %w", s.Cluster, err)
	}
	out.Itself = itself
	return out, nil
}

// show applies the configuration's filters and limits to a snapshot.
func show(cfg config.Cluster, s *cluster.Snapshot) Show {
	sh := Show{Topic: cfg.Topics.Match, PerPartition: true, GroupPerPartition: cfg.Groups.PerPartition, Limited: map[string]bool{}}
	switch cfg.Topics.PerPartition {
	case config.PerPartitionOff:
		sh.PerPartition = false
	case config.PerPartitionAuto:
		sh.PerPartition = s.Summary == nil || s.Summary.Partitions <= autoPartitions
	}
	sh.Limited[limitPerPartition] = !sh.PerPartition
	return sh
}
