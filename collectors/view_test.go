package collectors

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/kafka"
)

// kraftIdentity is that of a broker of a new release.
var kraftIdentity = kafka.Identity{
	Release: "4.4", Mode: cluster.ModeKRaft, AnswersVersions: true, Groups: true, EmptyGroups: true, AllOffsets: true, BatchOffsets: true,
	Reassignments: true, Configs: true, DescribesCluster: true,
	Quorum: true, TellsReplicas: true, NamesController: true,
}

// metadataOf returns what brokers 0 and 1 tell of topic "test", whose first
// partition has just lost replica 0.
func metadataOf() *kafka.Metadata {
	told := func(id int32) *cluster.Registration {
		return &cluster.Registration{ID: id, Endpoints: []cluster.Endpoint{{Host: "b", Port: int(9000 + id)}}}
	}
	part := func(id, leader int32, isr ...int32) cluster.Partition {
		return cluster.Partition{ID: id, State: cluster.StateRecorded, Replicas: []int32{0, 1}, Leader: leader, ISR: isr, Version: cluster.NoVersion}
	}
	return &kafka.Metadata{
		Brokers: map[int32]*cluster.Registration{0: told(0), 1: told(1)}, ClusterID: "id", Controller: 0,
		Picture: &cluster.Picture{OfflineTold: true, Topics: []cluster.Topic{
			{Name: "__consumer_offsets", ID: "o", Partitions: []cluster.Partition{part(0, 1, 0, 1)}},
			{Name: "test", ID: "t", Partitions: []cluster.Partition{part(0, 1, 1), part(1, 1, 0, 1)}},
		}},
		ClusterOperations: kafka.Operations{}, TopicOperations: map[string]kafka.Operations{"test": kafka.OperationsOf(kafka.OpDescribe, kafka.OpDescribeConfigs)},
	}
}

// newKRaft is a KRaft cluster of two brokers, reached through a bootstrap address.
func newKRaft() *fakeCluster {
	f := newFake()
	f.identity, f.metadata = kraftIdentity, metadataOf
	fenced := &cluster.Registration{ID: 2, Endpoints: []cluster.Endpoint{{Host: "b", Port: 9002}}, Fenced: true}
	f.clusterView = &kafka.ClusterDescription{
		Brokers:    map[int32]*cluster.Registration{0: {ID: 0}, 1: {ID: 1}, 2: fenced},
		Operations: kafka.OperationsOf(kafka.OpDescribe),
	}
	f.quorum = &cluster.Quorum{Leader: 1, Voters: []cluster.QuorumReplica{{ID: 0, LogEnd: cluster.OffsetAt(5)}, {ID: 1, LogEnd: cluster.OffsetAt(7)}}}
	f.session = "3000"
	f.configs = map[string]string{"test": "2", "__consumer_offsets": "1"}
	f.fail["probe 2 b:9002"] = errors.New("refused")
	return f
}

func kraftPoller(t *testing.T, f *fakeCluster) *Poller {
	p := newPoller(testConfig(t), nil, nil, nil, f, slog.New(slog.DiscardHandler))
	p.cfg.Kafka.Brokers, p.electing = []string{"k:9092"}, electorOf{f}
	return p
}

func TestKRaftIsReadFromBrokers(t *testing.T) {
	f := newKRaft()
	p := kraftPoller(t, f)
	s := p.poll(t)
	if s.Mode != cluster.ModeKRaft || s.Release != "4.4" || s.ClusterID != "id" || len(s.Brokers) != 3 {
		t.Fatalf("mode %s, release %s, id %s, %d brokers", s.Mode, s.Release, s.ClusterID, len(s.Brokers))
	}
	if got := s.Broker(2).Status(); got != cluster.BrokerFenced {
		t.Errorf("broker 2 is %s, want fenced", got)
	}
	if z := s.Summary; !z.StatesKnown || !z.RegistryKnown || !z.LogDirsKnown || z.Offline != 0 || z.UnderReplicated[cluster.MissingLagging] != 1 {
		t.Errorf("summary %+v", z)
	}
	if c, ok := s.Controller.Get(); !ok || c != (cluster.Controller{ID: 1, Exists: true, Named: true}) {
		t.Errorf("controller %+v, %v, want the leader of the quorum", c, ok)
	}
	if z := s.Summary; !z.MinISRKnown || z.UnderMinISR != 1 {
		t.Errorf("min ISR known %v, under %d; want 1", z.MinISRKnown, z.UnderMinISR)
	}
	if got := f.calls("metadata"); len(got) != 1 {
		t.Errorf("metadata asked: %q, want once", got)
	}
	want := map[cluster.Permission]bool{
		{Resource: "cluster", Operation: "describe"}: true, {Resource: "cluster", Operation: "alter"}: false,
		{Resource: "topic", Operation: "describe"}: true, {Resource: "topic", Operation: "describe_configs"}: true,
	}
	for permission, allowed := range want {
		if got, told := s.Permissions[permission]; !told || got != allowed {
			t.Errorf("%v: %v, told %v; want %v", permission, got, told, allowed)
		}
	}
	for _, source := range cluster.Sources {
		if err := s.Outcomes[source].Err; err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
	f.asked = nil
	p.poll(t)
	if got := f.calls("probe"); !slices.Equal(got, []string{"probe 0 b:9000", "probe 1 b:9001", "probe 2 b:9002"}) {
		t.Errorf("the second poll probes %q, want the brokers that were learnt", got)
	}
	if got := f.calls("configs"); len(got) != 0 {
		t.Errorf("settings are read in every poll: %q", got)
	}
}

// Brokers go on telling of leaders and ISRs when all controllers are gone.
func TestNothingThatMayBeOldIsToldWithoutController(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newKRaft()
		p := kraftPoller(t, f)
		p.poll(t)
		for _, id := range []string{"0", "1"} {
			f.hang["reassignments "+id] = true
		}
		begun := time.Now()
		s := p.poll(t)
		if took := time.Since(begun); took > p.cfg.Poll.Timeout {
			t.Errorf("the poll took %v", took)
		}
		if c, ok := s.Controller.Get(); !ok || c.Exists {
			t.Errorf("controller %+v, %v; want that there is none", c, ok)
		}
		picture, read := s.Picture.Get()
		if !read || s.Registrations.OK() || s.Summary.StatesKnown || !s.Summary.AssignmentKnown {
			t.Fatalf("picture %v, registrations %v, states %v, assignment %v", read, s.Registrations.OK(), s.Summary.StatesKnown, s.Summary.AssignmentKnown)
		}
		if part := picture.Topic("test").Partition(0); part.State != cluster.StateUnknown || part.ISR != nil || len(part.Replicas) != 2 {
			t.Errorf("partition %+v", part)
		}
		if err := s.Outcomes[cluster.SourceRegistry].Err; !errors.Is(err, errUnconfirmed) {
			t.Errorf("registry: %v", err)
		}
		// Ends are asked for all the same: a leader knows by itself whether it leads.
		if got := s.Outcomes[cluster.SourceOffsets]; got.Err != nil {
			t.Errorf("offsets: %v", got.Err)
		}

		f.hang = map[string]bool{}
		for i := range 3 {
			s = p.poll(t)
			if known := s.Summary.StatesKnown; known != (i == 2) {
				t.Errorf("poll %d after the return: states known %v", i+1, known)
			}
			if c, ok := s.Controller.Get(); !ok || !c.Exists {
				t.Errorf("poll %d after the return: controller %+v, %v", i+1, c, ok)
			}
			time.Sleep(2 * time.Second)
		}
	})
}

// While most brokers are silent, that no controller answers proves nothing.
func TestControllerIsUnknownWhileMostBrokersAreSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newKRaft()
		p := kraftPoller(t, f)
		p.poll(t)
		f.hang["reassignments 0"] = true
		f.fail["probe 1 b:9001"] = errors.New("refused")
		s := p.poll(t)
		if _, known := s.Controller.Get(); known {
			t.Error("the controller is known to be gone, though two of three brokers did not answer")
		}
	})
}

// What an authorization error hides is neither confirmed nor refuted.
func TestForbiddenConfirmationIsNone(t *testing.T) {
	f := newKRaft()
	for _, id := range []string{"-1", "0", "1"} {
		f.fail["reassignments "+id] = sarama.ErrClusterAuthorizationFailed
	}
	f.metadata = func() *kafka.Metadata { // who may not DESCRIBE a topic sees none
		m := metadataOf()
		m.Picture.Topics = nil
		return m
	}
	s := kraftPoller(t, f).poll(t)
	if _, known := s.Controller.Get(); known || s.Summary.StatesKnown {
		t.Error("something is told that was not confirmed")
	}
	if got := f.calls("reassignments"); len(got) != 1 {
		t.Errorf("asked %q: others would refuse it as well", got)
	}
}

// With ZooKeeper in use but out of our reach, only the controller confirms.
func TestControllerIsFoundThroughMetadata(t *testing.T) {
	f := newKRaft()
	f.identity.Mode, f.identity.Quorum = cluster.ModeZooKeeper, false
	f.fail["reassignments -1"], f.fail["reassignments 1"] = sarama.ErrNotController, sarama.ErrNotController
	p := kraftPoller(t, f)
	for range 2 {
		f.asked = nil
		s := p.poll(t)
		if c, ok := s.Controller.Get(); !ok || c != (cluster.Controller{ID: 0, Exists: true, Named: true}) || !s.Summary.StatesKnown {
			t.Errorf("controller %+v, %v; states known %v", c, ok, s.Summary.StatesKnown)
		}
	}
	if got := f.calls("reassignments"); !slices.Equal(got, []string{"reassignments 0"}) {
		t.Errorf("the second poll asks %q, want the controller at once", got)
	}
}

// Old releases without their ZooKeeper can prove nothing.
func TestUnconfirmableIsShownAndTold(t *testing.T) {
	f := newKRaft()
	f.identity = kafka.Identity{Release: "1.1", Mode: cluster.ModeZooKeeper, AnswersVersions: true, Groups: true, EmptyGroups: true, AllOffsets: true, NamesController: true, TellsReplicas: true}
	s := kraftPoller(t, f).poll(t)
	if !s.Unconfirmed || !s.Summary.StatesKnown || !s.Registrations.OK() {
		t.Errorf("unconfirmed %v, states %v, registrations %v", s.Unconfirmed, s.Summary.StatesKnown, s.Registrations.OK())
	}
	f.identity.TellsReplicas = false // up to 0.10
	s = kraftPoller(t, f).poll(t)
	picture, _ := s.Picture.Get()
	if p := picture.Topic("test").Partition(0); s.Summary.AssignmentKnown || p.Replicas != nil || p.ISR != nil || p.State != cluster.StateLeader || p.Leader != 1 {
		t.Errorf("assignment known %v, partition %+v", s.Summary.AssignmentKnown, p)
	}
}

// A service that only speaks the protocol has no ISR, and nobody should be told of
// one; who knows better says so.
func TestProtocolOnly(t *testing.T) {
	f := newKRaft()
	f.identity.Mode, f.identity.Quorum = "", false
	p := kraftPoller(t, f)
	s := p.poll(t)
	picture, _ := s.Picture.Get()
	if !picture.LeadersOnly || s.Summary.AssignmentKnown || s.Brokers == nil {
		t.Errorf("leaders only %v, assignment known %v", picture.LeadersOnly, s.Summary.AssignmentKnown)
	}
	if got := f.calls("offsets"); len(got) == 0 {
		t.Error("no offsets are asked for")
	}
	p = kraftPoller(t, f)
	p.cfg.Kafka.Flavour = config.FlavourKafka
	if s := p.poll(t); !s.Summary.StatesKnown {
		t.Error("kafka.flavour: kafka is not heeded")
	}
	f.identity = kraftIdentity
	p = kraftPoller(t, f)
	p.cfg.Kafka.Flavour = config.FlavourProtocol
	if s := p.poll(t); s.Summary.AssignmentKnown {
		t.Error("kafka.flavour: protocol is not heeded")
	}
}

func TestReassignmentIsNoLag(t *testing.T) {
	f := newKRaft()
	f.moves = kafka.Moves{"test": {0: {Replicas: []int32{0, 1}, Adding: []int32{0}}}}
	s := kraftPoller(t, f).poll(t)
	if z := s.Summary; z.Reassigning != 1 || z.UnderReplicated[cluster.MissingLagging] != 0 || !z.MovesKnown {
		t.Errorf("reassigning %d, lagging %d", z.Reassigning, z.UnderReplicated[cluster.MissingLagging])
	}
}

func TestMembersOfTheEnsemble(t *testing.T) {
	f := newFake()
	f.members = []cluster.Member{{ID: 1}, {ID: 2}}
	s := poller(t, f).poll(t)
	if len(s.Ensemble.Members) != 2 || len(s.Outcomes[cluster.SourceEnsemble].Faults) != 0 {
		t.Errorf("members %v, faults %v", s.Ensemble.Members, s.Outcomes[cluster.SourceEnsemble].Faults)
	}
	f.fail["members"] = errors.New("rubbish")
	s = poller(t, f).poll(t)
	if o := s.Outcomes[cluster.SourceEnsemble]; o.Err != nil || len(o.Faults) != 1 {
		t.Errorf("outcome %+v, want one fault", o)
	}
}

// Where nobody may be believed, as in a check during an outage, brokers are asked all
// the same at the addresses that another one told.
func TestBrokersThatAreToldAreAsked(t *testing.T) {
	f := newKRaft()
	for _, id := range []string{"-1", "0", "1"} {
		f.fail["reassignments "+id] = context.DeadlineExceeded
	}
	f.fail["probe 1 b:9001"] = errors.New("refused")
	s := kraftPoller(t, f).poll(t)
	if b := s.Broker(1); b == nil || b.Address != "b:9001" || b.Probe.Err == nil {
		t.Errorf("broker 1: %+v", b)
	}
	if err := s.Outcomes[cluster.SourceQuorum].Err; !errors.Is(err, cluster.ErrDepends) {
		t.Errorf("quorum: %v, want that it was not asked", err)
	}
}

// A broker that only the later of two answers has, and that is not told to be fenced,
// came in between.
func TestBrokerThatCameInBetweenIsNotFenced(t *testing.T) {
	f := newKRaft()
	f.clusterView.Brokers[2].Fenced = false
	p := kraftPoller(t, f)
	p.known = cluster.Known{2: {ID: 2, Address: "b:9002", LastSeen: time.Now()}}
	if got := p.poll(t).Broker(2).Status(); got != cluster.BrokerUnregistered {
		t.Errorf("broker 2 is %s", got)
	}
}
