package zookeeper

import (
	"context"
	"errors"
	"time"

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
	p, err := s.readPlans(ctx, m, f)
	if err != nil {
		return nil, err
	}
	p.mark(picture)
	return picture, nil
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
