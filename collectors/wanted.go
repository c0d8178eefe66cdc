package collectors

import (
	"context"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// mostSince is how many logs one leader is asked for a timestamp in one poll: for each
// it looks into an index on its disk.
const mostSince = 2000

// askStable asks a leader for the last stable offsets that are wanted, where the
// release has transactions.
func (r *reading) askStable(ctx context.Context, n kafka.Node, picture *cluster.Picture, led map[string][]int32) error {
	ask := map[string][]int32{}
	for topic, wanted := range r.wanted.Stable {
		for _, id := range led[topic] {
			if wanted[id] {
				ask[topic] = append(ask[topic], id)
			}
		}
	}
	if len(ask) == 0 || !r.brokers.Identity(n).StableOffsets {
		return nil
	}
	offsets, err := r.brokers.ListOffsets(ctx, n, kafka.LastStable, ask)
	if err != nil {
		return err
	}
	return take(picture, ask, kafka.LastStable, offsets)
}

// askSince asks a leader for the first messages from the times on that are wanted. A log of which a part lies in tiered storage is
// not asked: the answer might have to be fetched from there.
func (r *reading) askSince(ctx context.Context, n kafka.Node, picture *cluster.Picture, led map[string][]int32) ([]cluster.Finding, error) {
	ask, left := map[string]map[int32]time.Time{}, mostSince
	local, err := r.tiers.local(ctx, r, n, picture, r.wantedOf(led))
	if err != nil {
		return nil, err
	}
	for topic := range local {
		for _, id := range led[topic] {
			if since, wanted := r.wanted.Since[topic][id]; wanted && left > 0 {
				if ask[topic] == nil {
					ask[topic] = map[int32]time.Time{}
				}
				ask[topic][id] = since
				left--
			}
		}
	}
	if len(ask) == 0 {
		return nil, nil
	}
	founds, err := r.brokers.OffsetsSince(ctx, n, ask)
	if err != nil {
		return nil, err
	}
	return takeFounds(founds, ask)
}

// wantedOf returns the topics of which a leader leads a log that is to be asked for a
// timestamp.
func (r *reading) wantedOf(led map[string][]int32) (topics []string) {
	for topic, since := range r.wanted.Since {
		if slices.ContainsFunc(led[topic], func(id int32) bool { _, wanted := since[id]; return wanted }) {
			topics = append(topics, topic)
		}
	}
	return topics
}

// takeFounds returns what a leader found. The error is that of one of the logs of
// which it told nothing.
func takeFounds(founds kafka.Founds, ask map[string]map[int32]time.Time) (found []cluster.Finding, failed error) {
	for topic, partitions := range ask {
		for id, since := range partitions {
			f, err := founds.At(topic, id)
			refused := kafka.HasNoTimestamps(err)
			if err != nil && !refused {
				failed = err
				continue
			}
			found = append(found, cluster.Finding{Topic: topic, Partition: id, Asked: since, Offset: f.Offset, At: f.At, Refused: refused})
		}
	}
	return found, failed
}
