package collectors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/security"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// errNotInRegistry is what became of a partition that was asked for and does not exist any
// more, or is about to be deleted.
var errNotInRegistry = errors.New("it is not in the registry any more, or is being deleted")

// Elect has the cluster elect the preferred leaders of these partitions, in the way that
// the snapshot tells: by a request to the controller where its release knows one, and
// before Kafka 2.2 by the znode. It returns what was told of each partition, by topic, nil
// for done; an error beside that says why it may not be all. What was told proves nothing:
// the leaders do.
//
// It may be called while a poll is under way. The maps belong to the caller.
func (p *Poller) Elect(ctx context.Context, s *cluster.Snapshot, ask map[string][]int32) (map[string]map[int32]error, error) {
	n, err := p.elector(s)
	if err != nil {
		return nil, err
	}
	if p.brokers.Identity(n).ElectLeaders {
		return p.brokers.ElectPreferred(ctx, n, ask)
	}
	written, err := p.registry.ElectPreferred(ctx, ask)
	if written == nil {
		return nil, err
	}
	return toldOf(ask, written), err
}

// elector returns the broker that decides how to elect, and by the request is asked.
func (p *Poller) elector(s *cluster.Snapshot) (kafka.Node, error) {
	controller, read := s.Controller.Get()
	if !read || !controller.Exists {
		return kafka.Node{}, errors.New("elect: it is not known that a controller is active")
	}
	if s.Mode == cluster.ModeZooKeeper && controller.Named {
		if b := s.Broker(controller.ID); b != nil {
			return p.controllerOf(b)
		}
	}
	// Any broker of KRaft has its controller do it, and so has one that migrates to it.
	// Others refuse.
	for i := range s.Brokers {
		b := &s.Brokers[i]
		if n := electorNode(b); b.Probe.Answered() && p.brokers.Identity(n).ElectLeaders {
			return n, nil
		}
	}
	return kafka.Node{}, errors.New("elect: no broker that answers can have it done: it takes Kafka 2.2 or later, or ZooKeeper's address")
}

// controllerOf returns the controller's broker if it is known how to have it elect.
func (p *Poller) controllerOf(b *cluster.Broker) (kafka.Node, error) {
	n := electorNode(b)
	identity := p.brokers.Identity(n)
	switch {
	case identity.ElectLeaders && b.Probe.Answered():
		return n, nil
	case identity.ElectLeaders:
		return n, fmt.Errorf("elect: broker %d, the controller, does not answer: %w", b.ID, b.Probe.Err)
	case identity.Release == "":
		return n, fmt.Errorf("elect: it is not known which release broker %d, the controller, is", b.ID)
	case identity.Mode == cluster.ModeKRaft || p.registry == nil:
		return n, fmt.Errorf("elect: broker %d, the controller, is Kafka %s, which knows no request for it, and no ZooKeeper is configured in which to write it", b.ID, identity.Release)
	default:
		return n, nil
	}
}

func electorNode(b *cluster.Broker) kafka.Node {
	n := kafka.Node{ID: b.ID, Addr: b.Address}
	if b.Registration != nil {
		n.Registration = b.Registration.Version
	}
	return n
}

// toldOf says of each partition whether it was written.
func toldOf(ask, written map[string][]int32) map[string]map[int32]error {
	told := make(map[string]map[int32]error, len(ask))
	for topic, ids := range ask {
		told[topic] = make(map[int32]error, len(ids))
		for _, id := range ids {
			told[topic][id] = nil
			if !slices.Contains(written[topic], id) {
				told[topic][id] = errNotInRegistry
			}
		}
	}
	return told
}

// LockOptions returns how ZooKeeper is reached, for a session that holds a lock; false
// where none is configured.
func (p *Poller) LockOptions() (zookeeper.SessionOptions, bool) {
	if p.cfg.ZooKeeper == nil {
		return zookeeper.SessionOptions{}, false
	}
	return p.sessionOptions(*p.cfg.ZooKeeper), true
}

// sessionOptions returns how a session with ZooKeeper is to be made.
func (p *Poller) sessionOptions(cfg config.ZooKeeper) zookeeper.SessionOptions {
	return zookeeper.SessionOptions{
		Servers: cfg.Servers, Chroot: cfg.Chroot, Dial: zookeeper.DialFunc(security.Dialer(cfg.TLS)), Auth: zookeeperAuth(cfg.Auth), Log: p.log,
	}
}

// readElection reads whether an election is written that no controller has taken yet.
func (r *reading) readElection(ctx context.Context) []cluster.Fault {
	pending, err := r.registry.ElectionPending(ctx)
	if err != nil {
		return []cluster.Fault{{Target: "ZooKeeper", Reason: zookeeper.Reason(err), Err: err}}
	}
	r.electionPending = pending
	return nil
}
