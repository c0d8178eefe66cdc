package collectors

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

// limitPerPartition names the limit that leaves the series of single partitions
// out.
const limitPerPartition = "per_partition"

// limitUnconfirmed is no limit of the configuration but one of the cluster: nothing
// can confirm that what its brokers tell is not old.
const limitUnconfirmed = "controller_unconfirmed"

// limitUnlisted is one of what is asked: there are more groups without members than
// that, of a release that does not list them.
const limitUnlisted = "groups_without_members"

// limitOld is one of what is read: there are more groups of old consumers in ZooKeeper.
const limitOld = "old_groups"

var limits = []string{limitPerPartition, limitUnconfirmed, limitUnlisted, limitOld}

// autoPartitions is the number of partitions above which topics.per_partition:
// auto leaves the series of single partitions out, for each shard that there is.
const autoPartitions = 50_000

// Exposition encodes the snapshots of one cluster. It is not safe for concurrent
// use: the encoder behind it is shared.
type Exposition struct {
	cfg       config.Cluster
	enc       *metrics.Encoder
	log       *slog.Logger
	panicked  map[string]int       // by collector: how often emitting it panicked
	panicking map[string]bool      // collectors that did so in the last snapshot
	succeeded map[string]time.Time // end of the last poll in which a collector succeeded
}

// NewExposition returns an exposition of the cluster's snapshots.
func NewExposition(cfg config.Cluster, enc *metrics.Encoder, log *slog.Logger) *Exposition {
	return &Exposition{cfg: cfg, enc: enc, log: log, panicked: map[string]int{}, panicking: map[string]bool{}, succeeded: map[string]time.Time{}}
}

// Encoded is a snapshot as /metrics serves it.
type Encoded struct {
	Cluster []metrics.Part // what the snapshot says of the cluster
	Itself  metrics.Part   // what it says of evenkeel: told even when the snapshot is stale
	// Samples are those of the metrics that were wanted, without the label kafka_cluster.
	Samples []metrics.Sample
	// Failed are the collectors that applied and did not succeed, by name.
	Failed map[string]bool
	// More are families of Cluster that are not among Families: what ZooKeeper
	// servers tell beyond the declared ones, where all of it is wanted.
	More []*metrics.Family
}

// Encode encodes a snapshot, and returns the samples of the metrics that are wanted as such;
// wanted may be nil. A collector that panics over it loses its own
// metrics and counts as failed; the others are not touched.
func (e *Exposition) Encode(s *cluster.Snapshot, wanted func(metric string) bool) (Encoded, error) {
	v := &View{Snapshot: s, Show: show(e.cfg, s)}
	out := Encoded{More: MoreFamilies(s.Ensemble), Failed: map[string]bool{}}
	succeeded := map[string]bool{}
	for _, c := range applying(s) {
		part, samples, err := e.enc.EncodeKeeping(s.Cluster, wanted, func(w *metrics.Writer) {
			if v.Show.ClusterWide || !c.OfCluster {
				c.Emit(v, w)
			}
		})
		e.notePanic(c, err)
		if err == nil {
			out.Cluster = append(out.Cluster, part)
			out.Samples = append(out.Samples, samples...)
		}
		if err == nil && c.Succeeded(s) {
			succeeded[c.Name] = true
			e.succeeded[c.Name] = s.Finished
		} else {
			out.Failed[c.Name] = true
		}
	}
	itself, samples, err := e.enc.EncodeKeeping(s.Cluster, wanted, func(w *metrics.Writer) { e.emitItself(v, w, succeeded) })
	if err != nil {
		return Encoded{}, fmt.Errorf("encode evenkeel's own metrics of cluster %s: %w", s.Cluster, err)
	}
	out.Itself = itself
	out.Samples = append(out.Samples, samples...)
	return out, nil
}

// notePanic counts a collector that panicked, and says so when it begins to.
func (e *Exposition) notePanic(c *Collector, err error) {
	if err != nil {
		e.panicked[c.Name]++
		if !e.panicking[c.Name] {
			var stack []byte
			if p, ok := errors.AsType[*metrics.PanicError](err); ok {
				stack = p.Stack
			}
			e.log.Error("Collector failed", "collector", c.Name, "err", err, "stack", string(stack))
		}
	}
	e.panicking[c.Name] = err != nil
}

// show applies the configuration's filters and limits to a snapshot.
func show(cfg config.Cluster, s *cluster.Snapshot) Show {
	sh := Show{
		Topic: cfg.Topics.Match, Mine: cfg.Shard.Owns, ClusterWide: cfg.Shard.First(),
		PerPartition: true, GroupPerPartition: cfg.Groups.PerPartition, Limited: map[string]bool{}, Objective: cfg.Groups.Objective,
	}
	switch cfg.Topics.PerPartition {
	case config.PerPartitionOff:
		sh.PerPartition = false
	case config.PerPartitionAuto:
		// All shards decide alike, whatever falls to each.
		sh.PerPartition = s.Summary == nil || s.Summary.Partitions <= autoPartitions*max(1, cfg.Shard.Of)
	}
	sh.Limited[limitPerPartition] = !sh.PerPartition
	sh.Limited[limitUnconfirmed] = s.Unconfirmed
	if groups, ok := s.Groups.Get(); ok {
		sh.Limited[limitUnlisted], sh.Limited[limitOld] = groups.Limited, groups.OldLimited
	}
	return sh
}
