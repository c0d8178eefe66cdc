package collectors

import (
	"context"
	"errors"
	"testing"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// newModern is a cluster with ZooKeeper whose brokers all registered as version 5.
func newModern() *fakeCluster {
	f := newKRaft()
	f.identity.Mode, f.identity.Quorum = cluster.ModeZooKeeper, false
	f.registration(0).Version, f.registration(1).Version = 5, 5
	return f
}

func TestMetadataGivesThePictureOfModernBrokers(t *testing.T) {
	f := newModern()
	p := poller(t, f)
	topics := func(s *cluster.Snapshot) int {
		picture, _ := s.Picture.Get()
		return len(picture.Topics)
	}
	if s := p.poll(t); topics(s) != 2 || len(f.calls("metadata 0")) != 1 {
		t.Errorf("%d topics, asked %q; want those of the controller's metadata", topics(s), f.calls("metadata"))
	}
	for what, change := range map[string]func(f *fakeCluster){
		"one broker is older":               func(f *fakeCluster) { f.registration(1).Version = 4 },
		"the controller does not answer":    func(f *fakeCluster) { f.fail["probe 0 b:9000"] = context.DeadlineExceeded },
		"the controller is none any more":   func(f *fakeCluster) { f.fail["reassignments 0"] = sarama.ErrNotController },
		"its metadata cannot be understood": func(f *fakeCluster) { f.fail["metadata 0"] = errors.New("rubbish") },
		"nobody knows who the controller is": func(f *fakeCluster) {
			f.registry.Controller = cluster.Read(cluster.Controller{ID: 9, Exists: true, Named: true})
		},
	} {
		f := newModern()
		change(f)
		if s := poller(t, f).poll(t); topics(s) != 3 {
			t.Errorf("%s: %d topics; want the registry's", what, topics(s))
		}
	}
}

// After a controller was missing, brokers may have an old picture for a while.
func TestRegistryIsReadForTwoPollsAfterALoss(t *testing.T) {
	f := newModern()
	p := poller(t, f)
	p.poll(t)
	office := f.registry.Controller
	f.registry.Controller = cluster.Read(cluster.Controller{})
	p.poll(t)
	f.registry.Controller = office
	for i, want := range []int{0, 0, 1} {
		f.asked = nil
		p.poll(t)
		if got := f.calls("metadata"); len(got) != want {
			t.Errorf("poll %d after the return asks %q, want %d", i+1, got, want)
		}
	}
}

// That a ZooKeeper is configured does not make it the one that the brokers use.
func TestModeIsDetectedAndNotInferred(t *testing.T) {
	f := newKRaft()
	f.registry.Registrations, f.fail["registry"] = cluster.Reading[map[int32]*cluster.Registration]{}, errors.New("no brokers there")
	p := poller(t, f)
	p.cfg.Kafka.Brokers = []string{"k:9092"}
	s := p.poll(t)
	if s.Mode != cluster.ModeKRaft || s.Summary == nil || !s.Summary.StatesKnown || s.Ensemble == nil {
		t.Errorf("mode %s, summary %+v", s.Mode, s.Summary)
	}
	f.asked = nil
	p.poll(t)
	if got := f.calls("registry"); len(got) != 0 {
		t.Error("the registry is read though the brokers do not use it")
	}
}
