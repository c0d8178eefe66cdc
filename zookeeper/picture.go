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

// readPicture returns every partition, as told by m.picture or else by the registry.
func (s *Session) readPicture(ctx context.Context, m *members, f *faults) (*cluster.Picture, error) {
	if m.picture == nil {
		return s.readAllTopics(ctx, m, f)
	}
	var picture *cluster.Picture
	if picture, m.declined = m.readElsewhere(ctx); m.declined != nil {
		return s.readAllTopics(ctx, m, f)
	}
	untold, err := s.readUntold(ctx, picture, f)
	if err != nil {
		return nil, err
	}
	p, err := s.readPlans(ctx, m, f)
	if err != nil {
		return nil, err
	}
	if untold, err = s.settle(ctx, untold, p, f); err != nil {
		return nil, err
	}
	for _, t := range untold {
		picture.Topics = append(picture.Topics, *t)
		m.hidden = m.hidden || time.Since(t.Made) > youngTopic
	}
	if len(untold) > 0 {
		picture.OfflineTold = false
		slices.SortFunc(picture.Topics, func(a, b cluster.Topic) int { return cmp.Compare(a.Name, b.Name) })
	}
	p.mark(picture)
	return picture, nil
}

// youngTopic is how long brokers may take to hear of a topic.
const youngTopic = time.Minute

// readUntold reads the topics that the registry has and the picture has not: they
// were made only now, or are not shown to this user, which brokers do without a word.
func (s *Session) readUntold(ctx context.Context, picture *cluster.Picture, f *faults) ([]*cluster.Topic, error) {
	names, err := s.list(ctx, topicsPath)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return nil, err
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
