package collectors

import (
	"context"
	"fmt"
	"sync"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// readOffsets is the third stage: ends and starts of the logs, one request for
// each kind to every leader.
func (r *reading) readOffsets(ctx context.Context) {
	r.source(cluster.SourceOffsets, func() ([]cluster.Fault, error) {
		picture, ok := r.picture.Get()
		if !ok {
			return nil, dependsOn(cluster.SourcePartitions)
		}
		led := r.led(picture)
		answering := r.answering()
		answers := make([]leaderAnswer, len(answering))
		var wg sync.WaitGroup
		for i, n := range answering {
			if len(led[n.ID]) > 0 {
				wg.Go(func() { answers[i] = r.askLeader(ctx, n, picture, led[n.ID]) })
			}
		}
		wg.Wait()
		for i := range answers {
			r.found = append(r.found, answers[i].found...)
		}
		return joinAnswers(len(led) > 0, answers)
	})
}

// led returns, by broker, the partitions it leads of the topics that are shown: of
// this shard's, and of those that its groups have committed offsets of.
func (r *reading) led(picture *cluster.Picture) map[int32]map[string][]int32 {
	led := map[int32]map[string][]int32{}
	wanted := r.committedTopics()
	for i := range picture.Topics {
		t := &picture.Topics[i]
		if t.Deleting || !r.cfg.Topics.Match(t.Name) || !wanted[t.Name] && !r.cfg.Shard.Owns(t.Name) {
			continue
		}
		for j := range t.Partitions {
			p := &t.Partitions[j]
			if p.State == cluster.StateAbsent || p.Leader == cluster.NoLeader {
				continue
			}
			if led[p.Leader] == nil {
				led[p.Leader] = map[string][]int32{}
			}
			led[p.Leader][t.Name] = append(led[p.Leader][t.Name], p.ID)
		}
	}
	return led
}

// committedTopics returns the topics that groups have committed offsets of. Where one
// evenkeel reads all topics, nobody needs them.
func (r *reading) committedTopics() map[string]bool {
	topics := map[string]bool{}
	if groups, ok := r.groups.Get(); ok && !r.cfg.Shard.Whole() {
		for i := range groups.Groups {
			for _, t := range groups.Groups[i].Topics {
				topics[t.Topic] = true
			}
		}
		for i := range groups.Old {
			for _, t := range groups.Old[i].Topics {
				topics[t.Topic] = true
			}
		}
	}
	return topics
}

// leaderAnswer says how asking one leader went. The offsets themselves are in the
// picture by then.
type leaderAnswer struct {
	heard  bool // it answered one request at least
	faults []cluster.Fault
	found  []cluster.Finding
}

// askLeader asks one leader. What it answers goes into the picture, which nobody
// else reads yet; leaders write to different partitions of it.
func (r *reading) askLeader(ctx context.Context, n kafka.Node, picture *cluster.Picture, ask map[string][]int32) (a leaderAnswer) {
	defer func() {
		if v := recover(); v != nil {
			a.faults = append(a.faults, brokerFault(n.ID, cluster.ReasonPanic, panicked(v)))
		}
	}()
	fault := func(err error) {
		a.faults = append(a.faults, brokerFault(n.ID, kafka.Reason(err), err))
	}
	for _, position := range []kafka.Position{kafka.Latest, kafka.Earliest} {
		offsets, err := r.brokers.ListOffsets(ctx, n, position, ask)
		if err != nil {
			fault(err)
			return a // it would not answer the second request either
		}
		a.heard = true
		if err := take(picture, ask, position, offsets); err != nil {
			fault(err)
		}
	}
	if err := r.askStable(ctx, n, picture, ask); err != nil {
		fault(err)
	}
	found, err := r.lookUp(ctx, n, picture, ask)
	if err != nil {
		f := brokerFault(n.ID, kafka.Reason(err), err)
		f.Target += ", asked for messages by their timestamps"
		a.faults = append(a.faults, f)
	}
	a.found = found
	return a
}

// take puts a leader's answer into the picture. Partitions of which it tells
// nothing stay unknown; the error says how many they are and why one of them is.
func take(picture *cluster.Picture, ask map[string][]int32, position kafka.Position, offsets kafka.Offsets) error {
	missing := 0
	var first error
	for topic, partitions := range ask {
		t := picture.Topic(topic)
		for _, id := range partitions {
			offset, err := offsets.At(topic, id)
			if err != nil {
				missing++
				if first == nil {
					first = err
				}
			}
			switch p := t.Partition(id); position {
			case kafka.Latest:
				p.End = offset
			case kafka.Earliest:
				p.Start = offset
			default:
				p.Stable = offset
			}
		}
	}
	if missing > 0 {
		return fmt.Errorf("no answer for %d partitions, one of them: %w", missing, first)
	}
	return nil
}

// joinAnswers decides whether the source as a whole failed: there was something to
// ask, and no leader answered.
func joinAnswers(asked bool, answers []leaderAnswer) (faults []cluster.Fault, err error) {
	heard := false
	for _, a := range answers {
		heard = heard || a.heard
		faults = append(faults, a.faults...)
	}
	switch {
	case heard || !asked:
		return faults, nil
	case len(faults) > 0:
		return faults, faults[0].Err
	default:
		return nil, fmt.Errorf("%w (no leader answers)", cluster.ErrDepends)
	}
}
