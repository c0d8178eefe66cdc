package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

const (
	idsPath        = "/brokers/ids"
	controllerPath = "/controller"
	clusterIDPath  = "/cluster/id"
)

// members is who belongs to the cluster, as read at one moment.
type members struct {
	brokers    map[int32]*cluster.Registration
	picture    PictureFunc // what is to tell the partitions; nil for the registry
	declined   error       // why it did not
	hidden     bool        // it did not tell all topics
	pzxid      int64       // of idsPath: it changes whenever a broker comes or goes
	after      []string    // ids as they were once the partitions had been read
	controller cluster.Reading[cluster.Controller]
	clusterID  string
	faults     faults
}

// readMembers reads the registered brokers, hands them to choose, and reads the
// controller and the cluster's id.
func (s *Session) readMembers(ctx context.Context, choose PictureChoice) (*members, error) {
	if err := s.sync(ctx, idsPath); err != nil {
		return nil, err
	}
	if err := s.armUnread(ctx); err != nil {
		return nil, err
	}
	m := &members{}
	if err := s.readBrokers(ctx, m); err != nil {
		return nil, err
	}
	if choose != nil {
		m.picture = choose(m.brokers)
	}
	var err error
	if m.controller, err = s.readController(ctx); err != nil {
		return nil, err
	}
	return m, s.readClusterID(ctx, m)
}

func (s *Session) readBrokers(ctx context.Context, m *members) error {
	ids, err := s.watched(ctx, idsPath, s.list)
	if errors.Is(err, zk.ErrNoNode) {
		return fmt.Errorf("no Kafka cluster is registered under %s%s, check zookeeper.chroot: %w",
			s.opts.Chroot, idsPath, err)
	}
	if err != nil {
		return err
	}
	m.pzxid = ids.stat.Pzxid
	found := make([]*cluster.Registration, len(ids.children))
	err = each(len(found), func(i int) (err error) {
		found[i], err = s.readBroker(ctx, ids.children[i], &m.faults)
		return err
	})
	if err != nil {
		return err
	}
	m.brokers = make(map[int32]*cluster.Registration, len(found))
	for _, r := range found {
		if r != nil {
			m.brokers[r.ID] = r
		}
	}
	return nil
}

// readBroker reads one registration; nil when the broker left meanwhile. What it
// wrote may be rubbish: the znode is there, so the broker is registered.
func (s *Session) readBroker(ctx context.Context, name string, f *faults) (*cluster.Registration, error) {
	path := idsPath + "/" + name
	id, err := parseID(name)
	if err != nil {
		f.add(s.target(path), s.rubbish(path, err))
		return nil, nil
	}
	node, err := s.get(ctx, path)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return nil, nil
	case err != nil && ofOneZnode(err):
		f.add(s.target(path), err)
		return &cluster.Registration{ID: id}, nil
	case err != nil:
		return nil, err
	}
	r, err := parseRegistration(id, node.data)
	if err != nil {
		f.add(s.target(path), s.rubbish(path, err))
	}
	r.Registered, r.Session = time.UnixMilli(node.stat.Ctime), node.stat.Czxid
	return r, nil
}

// readController returns a failed reading when the znode makes no sense, and an
// error when it could not be read at all.
func (s *Session) readController(ctx context.Context) (cluster.Reading[cluster.Controller], error) {
	node, err := s.watched(ctx, controllerPath, s.get)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return cluster.Read(cluster.Controller{}), nil
	case err != nil && ofOneZnode(err):
		return cluster.Failed[cluster.Controller](err), nil
	case err != nil:
		return cluster.Reading[cluster.Controller]{}, err
	}
	c, err := parseController(node.data)
	if err != nil {
		return cluster.Failed[cluster.Controller](s.rubbish(controllerPath, err)), nil
	}
	return cluster.Read(c), nil
}

// readClusterID leaves the id empty where there is none: before Kafka 0.10.1.
func (s *Session) readClusterID(ctx context.Context, m *members) error {
	node, err := s.get(ctx, clusterIDPath)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return nil
	case err != nil && ofOneZnode(err):
		m.faults.add(s.target(clusterIDPath), err)
		return nil
	case err != nil:
		return err
	}
	if m.clusterID, err = parseClusterID(node.data); err != nil {
		m.faults.add(s.target(clusterIDPath), s.rubbish(clusterIDPath, err))
	}
	return nil
}

// target names a znode as a person would look for it.
func (s *Session) target(path string) string { return "znode " + s.opts.Chroot + path }
