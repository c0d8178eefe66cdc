package zookeeper

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

const (
	reassignPath = "/admin/reassign_partitions"
	deletePath   = "/admin/delete_topics"
)

// plans is what the cluster has been told to do with its topics.
type plans struct {
	targets map[partitionKey][]int32 // where partitions are being moved to
	unknown bool                     // targets could not be read
	marked  map[string]time.Time     // topics marked for deletion, and since when
	certain bool                     // no broker leaves a mark that it does not follow
}

// certainVersion is the version of registrations from which on a mark for deletion
// is a deletion: brokers of Kafka 2.7 and later write it.
const certainVersion = 5

// readPlans reads the reassignment, and then the deletions.
func (s *Session) readPlans(ctx context.Context, m *members, f *faults) (p plans, err error) {
	p.certain = len(m.brokers) > 0
	for _, b := range m.brokers {
		p.certain = p.certain && b.Version >= certainVersion
	}
	if err = s.readReassignment(ctx, &p, f); err != nil {
		return p, err
	}
	p.marked, err = s.readDeletions(ctx, f)
	return p, err
}

// readReassignment reads where partitions are being moved to.
func (s *Session) readReassignment(ctx context.Context, p *plans, f *faults) error {
	node, err := s.watched(ctx, reassignPath, s.get)
	if err != nil {
		p.unknown = !errors.Is(err, zk.ErrNoNode)
		return s.overlook(reassignPath, err, f)
	}
	if p.targets, err = parseReassignment(node.data); err != nil {
		p.unknown = true
		f.add(s.target(reassignPath), s.rubbish(reassignPath, err))
	}
	return nil
}

// readDeletions returns the topics that are marked for deletion, and since when.
func (s *Session) readDeletions(ctx context.Context, f *faults) (map[string]time.Time, error) {
	node, err := s.watched(ctx, deletePath, s.list)
	if err != nil {
		return nil, s.overlook(deletePath, err, f)
	}
	since := make([]time.Time, len(node.children))
	err = each(len(since), func(i int) error {
		stat, err := s.stat(ctx, deletePath+"/"+node.children[i])
		if err != nil && !ofOneZnode(err) {
			return err
		}
		since[i] = time.UnixMilli(stat.Ctime)
		return nil
	})
	marked := make(map[string]time.Time, len(since))
	for i, name := range node.children {
		marked[name] = since[i]
	}
	return marked, err
}

// youngMark is how long a mark for deletion is believed by itself.
const youngMark = 5 * time.Minute

// deletes says whether a topic is being deleted. To be marked for deletion is not
// enough: where delete.topic.enable is off, which is the default up to Kafka 0.11,
// brokers up to 0.9 leave the mark for ever, and the topic goes on living. A
// deletion takes the leader away from every partition, so a topic with an old mark
// and a leader is alive. Later brokers take away the marks that they do not follow.
func (p plans) deletes(t *cluster.Topic) bool {
	since, marked := p.marked[t.Name]
	if !marked {
		return false
	}
	return p.certain || time.Since(since) < youngMark || !slices.ContainsFunc(t.Partitions, func(p cluster.Partition) bool {
		return p.State == cluster.StateUnknown || p.State == cluster.StateRecorded && p.Leader != cluster.NoLeader
	})
}

// mark adds to a picture what is going to happen to its topics.
func (p plans) mark(picture *cluster.Picture) {
	for i := range picture.Topics {
		p.markTopic(&picture.Topics[i])
	}
}

func (p plans) markTopic(t *cluster.Topic) {
	t.Deleting = t.Deleting || p.deletes(t)
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
