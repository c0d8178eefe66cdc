package zookeeper

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

var errNoController = errors.New("there is no controller that could confirm it")

// readPicture reads every partition, and what is planned for it: from m.picture if
// there is one, and from the registry what that does not tell, which is all of it
// when it fails.
//
// The topics that are being deleted are read last. A deletion is announced there
// before the first state goes, and stays until the topic is gone: whatever was
// missed on the way because it was being deleted, is either named there or has no
// topic any more.
func (s *Session) readPicture(ctx context.Context, m *members, f *faults) (*cluster.Picture, error) {
	picture, told := &cluster.Picture{Topics: []cluster.Topic{}}, false
	if m.picture != nil {
		var elsewhere *cluster.Picture
		if elsewhere, m.declined = m.readElsewhere(ctx); m.declined == nil {
			picture, told = elsewhere, true
		}
	}
	topics, err := s.readUntold(ctx, picture, f)
	if err != nil {
		return nil, err
	}
	p, err := s.readPlans(ctx, m, f)
	if err != nil {
		return nil, err
	}
	if topics, err = s.settle(ctx, topics, p, f); err != nil {
		return nil, err
	}
	for _, t := range topics {
		picture.Topics = append(picture.Topics, *t)
		m.hidden = m.hidden || told && time.Since(t.Made) > youngTopic
	}
	if len(topics) > 0 {
		picture.OfflineTold = false
		slices.SortFunc(picture.Topics, func(a, b cluster.Topic) int { return cmp.Compare(a.Name, b.Name) })
	}
	picture.MovesUnknown = picture.MovesUnknown || !told && p.unknown
	p.mark(picture)
	return picture, nil
}

// youngTopic is how long brokers may take to hear of a topic.
const youngTopic = time.Minute

// readUntold reads the topics that the registry has and the picture has not: where
// that is from elsewhere, they were made only now, or are not shown to this user,
// which brokers do without a word.
func (s *Session) readUntold(ctx context.Context, picture *cluster.Picture, f *faults) ([]*cluster.Topic, error) {
	names, err := s.watched(ctx, topicsPath, s.list)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return nil, err // without the znode no topic was ever made
	}
	untold := slices.DeleteFunc(names.children, func(name string) bool { return picture.Topic(name) != nil })
	return s.readTopics(ctx, untold, f)
}

// readElsewhere asks m.picture, leaving half of the time for the registry.
func (m *members) readElsewhere(ctx context.Context) (*cluster.Picture, error) {
	controller, ok := m.controller.Get()
	if !ok {
		return nil, m.controller.Err()
	}
	if !controller.Exists {
		return nil, errNoController
	}
	if deadline, limited := ctx.Deadline(); limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	return m.picture(ctx, controller)
}
