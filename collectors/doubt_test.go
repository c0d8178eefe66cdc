package collectors

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// What does not need a controller goes on without one, from the first poll.
func TestOffsetsAndGroupsNeedNoController(t *testing.T) {
	for _, err := range []error{sarama.ErrClusterAuthorizationFailed, context.DeadlineExceeded} {
		f := newKRaft()
		for _, id := range []string{"-1", "0", "1"} {
			f.fail["reassignments "+id] = err
		}
		s := kraftPoller(t, f).poll(t)
		groups, ok := s.Groups.Get()
		if !ok || len(groups.Groups) != 1 || len(f.calls("offsets")) == 0 || !s.Broker(0).Probe.Answered() {
			t.Errorf("%v: groups %v, offsets asked %d times, broker 0 %+v", err, ok, len(f.calls("offsets")), s.Broker(0).Probe)
		}
	}
}

// A ZooKeeper out of use may still hold topics, and nobody who is registered. That is
// no outage, also in the first poll, in which brokers take their time to answer.
func TestZooKeeperOutOfUseIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newKRaft()
		f.registry.Registrations = cluster.Read(map[int32]*cluster.Registration{})
		f.registry.Controller = cluster.Read(cluster.Controller{})
		f.slow = 50 * time.Millisecond
		p := poller(t, f)
		p.cfg.Kafka.Brokers = []string{"k:9092"}
		s := p.poll(t)
		if s.Mode != cluster.ModeKRaft || !s.Summary.StatesKnown || s.Summary.Offline != 0 {
			t.Errorf("mode %s, %+v", s.Mode, s.Summary)
		}
		if c, ok := s.Controller.Get(); !ok || !c.Exists {
			t.Errorf("controller %+v, %v", c, ok)
		}
	})
}

// A controller that we cannot reach is not one that is gone.
func TestControllerThatWeCannotReach(t *testing.T) {
	f := newKRaft()
	f.identity.Mode, f.identity.Quorum = cluster.ModeZooKeeper, false
	f.fail["probe 0 b:9000"] = errors.New("filtered")
	for _, id := range []string{"-1", "1"} {
		f.fail["reassignments "+id] = sarama.ErrNotController
	}
	p := kraftPoller(t, f)
	if _, known := p.poll(t).Controller.Get(); known {
		t.Error("something is said of the controller")
	}
	f.metadata = func() *kafka.Metadata {
		m := metadataOf()
		m.Controller = -1
		return m
	}
	f.clusterView.Brokers[2].Fenced = false // else it counts as one that does not answer
	f.fail = map[string]error{"reassignments -1": sarama.ErrNotController, "reassignments 0": sarama.ErrNotController, "reassignments 1": sarama.ErrNotController}
	if c, known := kraftPoller(t, f).poll(t).Controller.Get(); !known || c.Exists {
		t.Errorf("controller %+v, %v, where everybody says that there is none", c, known)
	}
}

// A service without a controller is not judged by one.
func TestProtocolOnlyNeedsNoController(t *testing.T) {
	for _, err := range []error{sarama.ErrClusterAuthorizationFailed, sarama.ErrUnsupportedVersion, context.DeadlineExceeded} {
		f := newKRaft()
		f.identity.Mode, f.identity.Quorum = "", false
		for _, id := range []string{"-1", "0", "1"} {
			f.fail["reassignments "+id] = err
		}
		s := kraftPoller(t, f).poll(t)
		picture, _ := s.Picture.Get()
		if _, known := s.Controller.Get(); known || !s.Registrations.OK() || picture.Topic("test").Partition(0).State != cluster.StateLeader || !s.Groups.OK() {
			t.Errorf("%v: controller known %v, registered %v, groups %v", err, known, s.Registrations.OK(), s.Groups.OK())
		}
	}
}

// The controller has not heard yet of a broker that registered: what it tells of that
// broker's replicas, offline for it, never was true of a registered one.
func TestMetadataOfAnotherMomentIsDeclined(t *testing.T) {
	f := newModern()
	f.metadata = func() *kafka.Metadata {
		m := metadataOf()
		delete(m.Brokers, 1)
		return m
	}
	var log strings.Builder
	p := newPoller(testConfig(t), nil, f, registryOf{f}, f, slog.New(slog.NewTextHandler(&log, nil)))
	for range 2 {
		s := p.poll(t)
		picture, _ := s.Picture.Get()
		if picture.OfflineTold || len(picture.Topics) != 3 {
			t.Errorf("%d topics, offline told %v; want the registry's", len(picture.Topics), picture.OfflineTold)
		}
	}
	if n := strings.Count(log.String(), "read from ZooKeeper"); n != 1 {
		t.Errorf("told %d times: %s", n, log.String())
	}
}

// A broker that hangs over its metadata takes the time of no other, and is no loss of
// the controller.
func TestMetadataThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newKRaft()
		p := kraftPoller(t, f)
		p.poll(t)
		f.hang["metadata 1"] = true // the leader of the quorum, so the first to be asked
		if s := p.poll(t); !s.Summary.StatesKnown {
			t.Error("nobody else was asked")
		}
		f.hang["metadata 0"] = true
		p.poll(t)
		f.hang = map[string]bool{}
		if s := p.poll(t); !s.Summary.StatesKnown {
			t.Error("that nobody could be asked counts as a loss of the controller")
		}
	})
}

// A move ends when its replicas have caught up, between the metadata and the list of
// moves at worst.
func TestMoveThatJustEndedIsNoLag(t *testing.T) {
	f := newKRaft()
	p := kraftPoller(t, f)
	f.moves = kafka.Moves{"test": {0: {Replicas: []int32{0, 1}, Adding: []int32{0}}}}
	p.poll(t)
	f.moves = nil
	if z := p.poll(t).Summary; z.Reassigning != 0 || z.UnderReplicated[cluster.MissingLagging] != 0 {
		t.Errorf("reassigning %d, lagging %d", z.Reassigning, z.UnderReplicated[cluster.MissingLagging])
	}
	if z := p.poll(t).Summary; z.UnderReplicated[cluster.MissingLagging] != 1 {
		t.Errorf("lagging %d: it has had its time", z.UnderReplicated[cluster.MissingLagging])
	}
}

// In the middle of an upgrade, a broker through which a controller can be asked is of
// more use than one that answers first.
func TestBrokerThatCanConfirmIsPreferred(t *testing.T) {
	f := newKRaft()
	f.identity.Mode, f.identity.Quorum, f.identity.Reassignments = cluster.ModeZooKeeper, false, false
	newer := f.identity
	newer.Reassignments = true
	f.identities = map[int32]kafka.Identity{0: newer}
	p := kraftPoller(t, f)
	p.known = cluster.Known{0: {ID: 0, Address: "b:9000"}, 1: {ID: 1, Address: "b:9001"}}
	p.cfg.Kafka.Brokers = nil
	if s := p.poll(t); s.Unconfirmed || len(f.calls("metadata 1")) != 0 && len(f.calls("metadata 0")) == 0 {
		t.Errorf("unconfirmed %v, asked %q", s.Unconfirmed, f.calls("metadata"))
	}
}
