package zookeeper

import (
	"context"
	"errors"
	"slices"

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
