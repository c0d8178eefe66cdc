package zookeeper

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

// settle looks again at the topics of which a state is missing and that are not
// being deleted. Gone are those that were deleted meanwhile; those that were
// deleted and made anew are read anew; in the rest the controller has recorded no
// state yet.
func (s *Session) settle(ctx context.Context, topics []*cluster.Topic, p plans, f *faults) ([]*cluster.Topic, error) {
	var doubtful, kept []*cluster.Topic
	for _, t := range topics {
		if lacksState(t) && !p.deletes(t) {
			doubtful = append(doubtful, t)
		} else {
			kept = append(kept, t)
		}
	}
	created := make([]int64, len(doubtful)) // 0: the topic is gone
	err := each(len(doubtful), func(i int) error {
		stat, err := s.stat(ctx, topicsPath+"/"+doubtful[i].Name)
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
		created[i] = stat.Czxid
		return nil
	})
	if err != nil {
		return nil, err
	}
	var anew []string
	for i, t := range doubtful {
		switch created[i] {
		case 0:
		case t.Created:
			kept = append(kept, t)
		default:
			anew = append(anew, t.Name)
		}
	}
	reread, err := s.readTopics(ctx, anew, f)
	return append(kept, reread...), err
}

func lacksState(t *cluster.Topic) bool {
	return slices.ContainsFunc(t.Partitions, func(p cluster.Partition) bool { return p.State == cluster.StateAbsent })
}

// youngMark is how long a mark for deletion is believed by itself.
const youngMark = 5 * time.Minute

// deletes says whether a topic is being deleted. To be marked for deletion is not
// enough: where delete.topic.enable is off, which is the default up to Kafka 0.11,
// brokers up to 0.9 leave the mark for ever, and the topic goes on living. A
// deletion takes the leader away from every partition, so a topic with an old mark
// and a leader is alive.
func (p plans) deletes(t *cluster.Topic) bool {
	since, marked := p.marked[t.Name]
	if !marked {
		return false
	}
	return time.Since(since) < youngMark || !slices.ContainsFunc(t.Partitions, func(p cluster.Partition) bool {
		return p.State == cluster.StateUnknown || p.State == cluster.StateRecorded && p.Leader != cluster.NoLeader
	})
}

// mark adds to a topic what is going to happen to it.
func (p plans) mark(t *cluster.Topic) {
	t.Deleting = p.deletes(t)
	for i := range t.Partitions {
		part := &t.Partitions[i]
		target, moving := p.targets[partitionKey{t.Name, part.ID}]
		if !moving {
			continue
		}
		part.Reassigning = true
		if len(part.Adding) > 0 {
			continue
		}
		// Before 2.4 the topic's znode has the old and the new replicas in one list
		// and does not tell which are new. A new one is not in sync until it has
		// caught up, so those of the target that are not in sync may be new. An old
		// one that fell behind is taken for new as well, until the move is over.
		for _, replica := range target {
			if !part.InISR(replica) {
				part.Adding = append(part.Adding, replica)
			}
		}
	}
}
