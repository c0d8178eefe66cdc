package zookeeper

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

const topicsPath = "/brokers/topics"

// readTopics reads the topics of these names with the states of their partitions,
// leaving out those that are gone.
func (s *Session) readTopics(ctx context.Context, names []string, f *faults) ([]*cluster.Topic, error) {
	topics := make([]*cluster.Topic, len(names))
	err := each(len(names), func(i int) (err error) {
		topics[i], err = s.readTopic(ctx, names[i], f)
		return err
	})
	if err != nil {
		return nil, err
	}
	topics = slices.DeleteFunc(topics, func(t *cluster.Topic) bool { return t == nil })

	type place struct {
		topic     string
		partition *cluster.Partition
	}
	var places []place
	for _, t := range topics {
		for i := range t.Partitions {
			places = append(places, place{t.Name, &t.Partitions[i]})
		}
	}
	return topics, each(len(places), func(i int) error {
		return s.readState(ctx, places[i].topic, places[i].partition, f)
	})
}

// readTopic reads a topic's assignment; nil when it is gone.
func (s *Session) readTopic(ctx context.Context, name string, f *faults) (*cluster.Topic, error) {
	path := topicsPath + "/" + name
	node, err := s.get(ctx, path)
	if err != nil {
		if errors.Is(err, zk.ErrNoNode) {
			return nil, nil
		}
		if !ofOneZnode(err) {
			return nil, err
		}
		f.add(s.target(path), err)
		return &cluster.Topic{Name: name, Unreadable: true}, nil
	}
	t := &cluster.Topic{Name: name, Created: node.stat.Czxid, Made: time.UnixMilli(node.stat.Ctime)}
	if t.ID, t.Partitions, err = parseTopic(node.data); err != nil {
		f.add(s.target(path), s.rubbish(path, err))
		t.Partitions, t.Unreadable = nil, true
	}
	return t, nil
}

// readState reads what the controller recorded of a partition, unless that is known
// to be what it was.
func (s *Session) readState(ctx context.Context, topic string, p *cluster.Partition, f *faults) error {
	path := pathOfState(topic, p.ID)
	entry, found := s.kept.find(s.opts.Chroot+path, p)
	if found {
		return nil
	}
	defer s.kept.settle(entry, p)
	return s.readStateAnew(ctx, path, p, f)
}

// readStateAnew reads it in any case. Without a state there is no leader; a state that
// cannot be understood is unknown.
func (s *Session) readStateAnew(ctx context.Context, path string, p *cluster.Partition, f *faults) error {
	node, err := s.get(ctx, path)
	if err != nil {
		if errors.Is(err, zk.ErrNoNode) {
			p.State = cluster.StateAbsent
			return nil
		}
		if !ofOneZnode(err) {
			return err
		}
		f.add(s.target(path), err)
		return nil
	}
	if err := parseState(node.data, p); err != nil {
		f.add(s.target(path), s.rubbish(path, err))
	}
	p.Version = node.stat.Version
	return nil
}

// overlook returns an error only when it concerns more than this one znode, which
// need not exist.
func (s *Session) overlook(path string, err error, f *faults) error {
	if !ofOneZnode(err) {
		return err
	}
	if !errors.Is(err, zk.ErrNoNode) {
		f.add(s.target(path), err)
	}
	return nil
}
