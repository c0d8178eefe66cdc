package collectors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// fakeCluster stands in for ZooKeeper and the brokers. It records what it was
// asked, in order.
type fakeCluster struct {
	mu    sync.Mutex
	asked []string

	registry     zookeeper.Registry
	registryRead func()          // called when the registrations were looked at
	hang         map[string]bool // calls that never come back before their deadline
	fail         map[string]error
	panics       map[string]bool
	groups       map[int32][]string // listed by each broker
	commits      map[string][]cluster.GroupOffsets
	offsets      map[kafka.Position]map[string]map[int32]cluster.Offset
	// By group, where it is not "consumer"; and by "BROKER GROUP", where it is not
	// the usual description.
	protocols map[string]string
	described map[string]kafka.DescribedGroup
	retained  []kafka.Node

	slow       time.Duration  // how long probes take
	identity   kafka.Identity // of every broker but these
	identities map[int32]kafka.Identity
	types      map[string]string
	// What brokers tell of the cluster, where it is asked of them. Reassignments are
	// answered unless they fail or hang.
	metadata    func() *kafka.Metadata
	clusterView *kafka.ClusterDescription
	moves       kafka.Moves
	quorum      *cluster.Quorum
	configs     map[string]string // min.insync.replicas by topic, as brokers tell it
	znodes      map[string]string // and as it stands in ZooKeeper
	refused     map[string]error  // topics whose settings are refused
	members     []cluster.Member
	settings    [][]string                 // the topics that each request for settings named
	unreadable  []cluster.Fault            // of the znodes with settings
	session     string                     // broker.session.timeout.ms
	untold      map[string]bool            // groups that are left out of descriptions
	broken      map[string]error           // groups whose commits cannot be told together with others'
	metadataOf  map[string]*kafka.Metadata // by address, where it is not metadata
}

func (f *fakeCluster) note(ctx context.Context, call string) error {
	f.mu.Lock()
	f.asked = append(f.asked, call)
	f.mu.Unlock()
	if f.panics[call] {
		panic("fake panic in " + call)
	}
	if f.hang[call] {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return f.fail[call]
}

func (f *fakeCluster) calls(prefix string) (all []string) {
	for _, c := range f.asked {
		if strings.HasPrefix(c, prefix) {
			all = append(all, c)
		}
	}
	slices.Sort(all)
	return all
}

func (f *fakeCluster) Read(ctx context.Context) (*cluster.Ensemble, []cluster.Fault) {
	if err := f.note(ctx, "ensemble"); err != nil {
		return &cluster.Ensemble{Servers: []cluster.Server{{Name: "z", Mode: cluster.ModeUnreachable, Status: cluster.ServerTimeout}}}, nil
	}
	return &cluster.Ensemble{Servers: []cluster.Server{{Name: "z", Mode: cluster.ModeStandalone, Status: cluster.ServerOK}}}, nil
}

func (f *fakeCluster) Registry(ctx context.Context, choose zookeeper.PictureChoice) zookeeper.Registry {
	if err := f.note(ctx, "registry"); err != nil {
		return zookeeper.Registry{Members: cluster.Outcome{Err: err}, Partitions: cluster.Outcome{Err: cluster.ErrDepends}}
	}
	reg := f.registry
	regs, ok := reg.Registrations.Get()
	if !ok {
		return reg
	}
	picture := choose(regs)
	if f.registryRead != nil {
		f.registryRead()
	}
	if picture != nil {
		controller, _ := reg.Controller.Get()
		if told, err := picture(ctx, controller); err == nil {
			reg.Picture = cluster.Read(told)
		} else {
			reg.Declined = err
		}
	}
	return reg
}

func (f *fakeCluster) TopicConfigs(ctx context.Context, n kafka.Node, topics []string, name string) (map[string]string, map[string]error, error) {
	err := f.note(ctx, fmt.Sprintf("configs %d %d topics", n.ID, len(topics)))
	if err != nil {
		return nil, nil, err
	}
	f.mu.Lock()
	f.settings = append(f.settings, slices.Clone(topics))
	f.mu.Unlock()
	told := map[string]string{}
	for _, t := range topics {
		if value, ok := f.configs[t]; ok && f.refused[t] == nil && name == minISRKey {
			told[t] = value
		}
	}
	return told, f.refused, err
}

// registryOf is the fake's side of ZooKeeper: its TopicConfigs has another shape.
type registryOf struct{ *fakeCluster }

func (f registryOf) TopicConfigs(ctx context.Context, topics []string, key string) (map[string]string, []cluster.Fault, error) {
	told := map[string]string{}
	for _, t := range topics {
		if value, ok := f.znodes[t]; ok && key == minISRKey {
			told[t] = value
		}
	}
	f.settings = append(f.settings, slices.Clone(topics))
	return told, f.unreadable, f.note(ctx, "znode configs")
}

func (f registryOf) Members(ctx context.Context) ([]cluster.Member, error) {
	return f.members, f.note(ctx, "members")
}

func (f *fakeCluster) Identity(n kafka.Node) kafka.Identity {
	if own, other := f.identities[n.ID]; other {
		return own
	}
	return f.identity
}

func (f *fakeCluster) Metadata(ctx context.Context, n kafka.Node) (*kafka.Metadata, error) {
	if err := f.note(ctx, fmt.Sprintf("metadata %d", n.ID)); err != nil {
		return nil, err
	}
	if told := f.metadataOf[n.Addr]; told != nil {
		return told, nil
	}
	return f.metadata(), nil
}

func (f *fakeCluster) DescribeCluster(ctx context.Context, n kafka.Node) (*kafka.ClusterDescription, error) {
	return f.clusterView, f.note(ctx, fmt.Sprintf("describe cluster %d", n.ID))
}

func (f *fakeCluster) Reassignments(ctx context.Context, n kafka.Node) (kafka.Moves, error) {
	return f.moves, f.note(ctx, fmt.Sprintf("reassignments %d", n.ID))
}

func (f *fakeCluster) Quorum(ctx context.Context, _ kafka.Node) (*cluster.Quorum, error) {
	return f.quorum, f.note(ctx, "quorum")
}

func (f *fakeCluster) BrokerConfig(ctx context.Context, _ kafka.Node, name string) (string, error) {
	return f.session, f.note(ctx, "broker config "+name)
}

func (f *fakeCluster) DescribeConsumerGroups(ctx context.Context, n kafka.Node, groups []string) (map[string]kafka.DescribedGroup, error) {
	described := map[string]kafka.DescribedGroup{}
	for _, g := range groups {
		described[g] = kafka.DescribedGroup{State: "Reconciling", Members: 2}
	}
	return described, f.note(ctx, fmt.Sprintf("describe consumer %d %v", n.ID, groups))
}

func (f *fakeCluster) CommittedOffsetsOf(ctx context.Context, n kafka.Node, groups []string) (map[string]kafka.GroupCommits, error) {
	all := map[string]kafka.GroupCommits{}
	for _, g := range groups {
		all[g] = kafka.GroupCommits{Topics: f.commits[g], Err: f.broken[g]}
	}
	return all, f.note(ctx, fmt.Sprintf("commits %d %v", n.ID, groups))
}

func (f *fakeCluster) Probe(ctx context.Context, n kafka.Node) (time.Duration, error) {
	time.Sleep(f.slow)
	return time.Millisecond, f.note(ctx, fmt.Sprintf("probe %d %s", n.ID, n.Addr))
}

func (f *fakeCluster) ListGroups(ctx context.Context, n kafka.Node) ([]kafka.ListedGroup, error) {
	err := f.note(ctx, fmt.Sprintf("list %d", n.ID))
	var listed []kafka.ListedGroup
	for _, g := range f.groups[n.ID] {
		protocol, other := f.protocols[g]
		if !other {
			protocol = "consumer"
		}
		listed = append(listed, kafka.ListedGroup{Name: g, ProtocolType: protocol, Type: f.types[g]})
	}
	return listed, err
}

func (f *fakeCluster) DescribeGroups(ctx context.Context, n kafka.Node, groups []string) (map[string]kafka.DescribedGroup, error) {
	err := f.note(ctx, fmt.Sprintf("describe %d %v", n.ID, groups))
	described := map[string]kafka.DescribedGroup{}
	for _, g := range groups {
		if f.untold[g] {
			continue
		}
		described[g] = kafka.DescribedGroup{State: "Stable", Members: 1, Topics: []string{"test"}}
		if d, other := f.described[fmt.Sprintf("%d %s", n.ID, g)]; other {
			described[g] = d
		}
	}
	return described, err
}

func (f *fakeCluster) CommittedOffsets(ctx context.Context, n kafka.Node, group string, ask map[string][]int32) ([]cluster.GroupOffsets, error) {
	return f.commits[group], f.note(ctx, fmt.Sprintf("commits %d %s %v", n.ID, group, ask))
}

func (f *fakeCluster) ListOffsets(ctx context.Context, n kafka.Node, position kafka.Position, ask map[string][]int32) (kafka.Offsets, error) {
	return kafka.OffsetsOf(n, f.offsets[position]), f.note(ctx, fmt.Sprintf("offsets %d %d %v", n.ID, position, ask))
}

func (f *fakeCluster) Retain(nodes []kafka.Node) { f.retained = nodes }

// topic returns a topic of the fake's picture, to be changed before a poll.
func (f *fakeCluster) topic(name string) *cluster.Topic {
	picture, _ := f.registry.Picture.Get()
	return picture.Topic(name)
}

// registration returns the registration of a broker, to be changed before a poll.
func (f *fakeCluster) registration(id int32) *cluster.Registration {
	registered, _ := f.registry.Registrations.Get()
	return registered[id]
}

// newFake is a cluster of two 0.9 brokers with topic "test" and a group "g".
func newFake() *fakeCluster {
	reg := func(id int32) *cluster.Registration {
		return &cluster.Registration{ID: id, Version: 2, Endpoints: []cluster.Endpoint{{Listener: "PLAINTEXT", Protocol: "PLAINTEXT", Host: "b", Port: int(9000 + id)}}}
	}
	part := func(id, leader int32) cluster.Partition {
		return cluster.Partition{ID: id, State: cluster.StateRecorded, Replicas: []int32{0, 1}, Leader: leader, ISR: []int32{0, 1}}
	}
	return &fakeCluster{
		registry: zookeeper.Registry{
			Registrations: cluster.Read(map[int32]*cluster.Registration{0: reg(0), 1: reg(1)}),
			Controller:    cluster.Read(cluster.Controller{ID: 0, Exists: true, Named: true}),
			Picture: cluster.Read(&cluster.Picture{Topics: []cluster.Topic{
				{Name: "__consumer_offsets", Partitions: []cluster.Partition{part(0, 1)}},
				{Name: "hidden", Partitions: []cluster.Partition{part(0, 0)}},
				{Name: "test", Partitions: []cluster.Partition{part(0, 0), part(1, 1)}},
			}}),
		},
		identity: kafka.Identity{Release: "0.9", Mode: cluster.ModeZooKeeper, Groups: true},
		hang:     map[string]bool{}, fail: map[string]error{}, panics: map[string]bool{},
		groups:  map[int32][]string{1: {"g"}},
		commits: map[string][]cluster.GroupOffsets{"g": {{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(3)}}}}},
	}
}

func poller(t *testing.T, f *fakeCluster) *Poller {
	return newPoller(testConfig(t), nil, f, registryOf{f}, f, slog.New(slog.DiscardHandler))
}

func (p *Poller) poll(t *testing.T) *cluster.Snapshot {
	return p.Poll(t.Context(), cluster.TriggerInterval).Snapshot
}

func TestPollReadsCommitsBeforeEnds(t *testing.T) {
	f := newFake()
	s := poller(t, f).poll(t)
	if got := f.calls("offsets"); !slices.Equal(got, []string{
		"offsets 0 -1 map[test:[0]]", "offsets 0 -2 map[test:[0]]",
		"offsets 1 -1 map[__consumer_offsets:[0] test:[1]]", "offsets 1 -2 map[__consumer_offsets:[0] test:[1]]",
	}) {
		t.Errorf("offsets asked: %q", got)
	}
	last := slices.IndexFunc(f.asked, func(c string) bool { return strings.HasPrefix(c, "commits") })
	first := slices.IndexFunc(f.asked, func(c string) bool { return strings.HasPrefix(c, "offsets") })
	if last < 0 || first < last {
		t.Errorf("ends were read before commits: %q", f.asked)
	}
	if got := f.calls("commits"); !slices.Equal(got, []string{"commits 1 g map[test:[0 1]]"}) {
		t.Errorf("commits asked: %q", got)
	}
	groups, ok := s.Groups.Get()
	if !ok || len(groups.Groups) != 1 || groups.Groups[0].Members != 1 || s.BrokersHeard != 2 || s.Release != "0.9" {
		t.Errorf("groups %+v, heard %d, release %s", groups, s.BrokersHeard, s.Release)
	}
}

func TestNoGroupIsAskedForWithoutTheOffsetsTopic(t *testing.T) {
	f := newFake()
	picture, _ := f.registry.Picture.Get()
	picture.Topics = picture.Topics[1:]
	s := poller(t, f).poll(t)
	if asked := append(f.calls("list"), f.calls("commits")...); len(asked) > 0 {
		t.Errorf("asked %q, which creates __consumer_offsets", asked)
	}
	if groups, ok := s.Groups.Get(); !ok || len(groups.Groups) != 0 {
		t.Errorf("groups = %v, %v, want none", groups, ok)
	}
}

// A 0.9 broker no longer lists a group whose last member left. Its coordinator
// still tells what it committed.
func TestGroupsThatLostTheirMembersStay(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.poll(t)
	f.groups = nil
	s := p.poll(t)
	groups, _ := s.Groups.Get()
	if len(groups.Groups) != 1 || groups.Groups[0].Members != 0 || len(groups.Groups[0].Topics) != 1 {
		t.Errorf("groups = %+v, want g without members", groups.Groups)
	}
	f.commits = nil // they expired
	p.poll(t)
	f.asked = nil
	p.poll(t)
	if asked := f.calls("commits"); len(asked) > 0 {
		t.Errorf("a group without commits is still asked for: %q", asked)
	}
}

func TestOneSilentBrokerTakesOnlyItsOwn(t *testing.T) {
	f := newFake()
	f.fail["probe 0 b:9000"] = context.DeadlineExceeded
	s := poller(t, f).poll(t)
	if b := s.Broker(0); b.Status() != cluster.BrokerTimeout {
		t.Errorf("broker 0 is %s", b.Status())
	}
	if asked := append(f.calls("list 0"), f.calls("offsets 0")...); len(asked) > 0 {
		t.Errorf("the silent broker was asked for more: %q", asked)
	}
	for _, source := range []cluster.Source{cluster.SourceGroups, cluster.SourceOffsets, cluster.SourcePartitions} {
		if err := s.Outcomes[source].Err; err != nil {
			t.Errorf("%s failed for the whole cluster: %v", source, err)
		}
	}
}

// Whatever hangs, the poll ends by its deadline, and what did not hang is there.
func TestPollEndsByItsDeadline(t *testing.T) {
	for _, hangs := range []string{"ensemble", "registry", "probe 0 b:9000", "list 1", "commits 1 g map[test:[0 1]]", "offsets 1 -1 map[__consumer_offsets:[0] test:[1]]"} {
		t.Run(hangs, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.hang[hangs] = true
				p := poller(t, f)
				begun := time.Now()
				s := p.poll(t)
				if took := time.Since(begun); took > p.cfg.Poll.Timeout {
					t.Errorf("the poll took %v, its timeout is %v", took, p.cfg.Poll.Timeout)
				}
				if read := s.Picture.OK(); read != (hangs != "registry") {
					t.Errorf("picture read: %v", read)
				}
				if s.Ensemble == nil {
					t.Error("the ensemble is not there")
				}
			})
		})
	}
}

func TestBlindPollKeepsAskingKnownBrokers(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.poll(t)
	f.fail["registry"] = errors.New("no session")
	s := p.poll(t)
	if len(s.Brokers) != 2 || s.BrokersHeard != 2 || s.Brokers[0].Status() != cluster.BrokerUnknown {
		t.Errorf("brokers = %+v", s.Brokers)
	}
	for _, source := range []cluster.Source{cluster.SourcePartitions, cluster.SourceGroups, cluster.SourceOffsets} {
		if err := s.Outcomes[source].Err; !errors.Is(err, cluster.ErrDepends) {
			t.Errorf("%s: %v, want that it depends on the registry", source, err)
		}
	}
	if o := s.Outcomes[cluster.SourceRegistry]; o.Err == nil || len(o.Faults) != 1 {
		t.Errorf("registry: %+v, want one fault", o)
	}
	if s.Summary != nil || s.Registrations.OK() || s.Controller.OK() || s.Groups.OK() {
		t.Error("something is told that was not read")
	}
}

func TestPanicIsTheSourcesOwnFailure(t *testing.T) {
	for call, source := range map[string]cluster.Source{
		"ensemble": cluster.SourceEnsemble, "registry": cluster.SourceRegistry, "list 1": cluster.SourceGroups,
		"offsets 1 -1 map[__consumer_offsets:[0] test:[1]]": cluster.SourceOffsets,
	} {
		f := newFake()
		f.panics[call] = true
		s := poller(t, f).poll(t)
		faults := s.Outcomes[source].Faults
		if !slices.ContainsFunc(faults, func(f cluster.Fault) bool { return f.Reason == cluster.ReasonPanic }) {
			t.Errorf("%s panics: faults of %s are %+v", call, source, faults)
		}
		if s.BrokersHeard == 0 && call != "registry" {
			t.Errorf("%s panics, and no broker is heard", call)
		}
	}
	f := newFake()
	f.panics["probe 0 b:9000"] = true
	if s := poller(t, f).poll(t); s.Broker(0).Probe.Answered() || !s.Broker(1).Probe.Answered() {
		t.Error("a panic in one probe is not that broker's own")
	}
}

func TestBootstrapIsAskedWhileNobodyIsKnown(t *testing.T) {
	f := newFake()
	f.fail["registry"] = errors.New("no session")
	f.fail["probe -1 k1:9092"] = errors.New("refused")
	p := poller(t, f)
	p.cfg.Kafka.Brokers = []string{"k1:9092", "k2:9092"}
	s := p.poll(t)
	if s.BrokersTried != 2 || s.BrokersHeard != 1 || len(s.Brokers) != 0 {
		t.Errorf("tried %d, heard %d, brokers %v", s.BrokersTried, s.BrokersHeard, s.Brokers)
	}
	f.fail = map[string]error{}
	f.asked = nil
	p.poll(t)
	f.asked = nil
	p.poll(t)
	if asked := f.calls("probe -1"); len(asked) > 0 {
		t.Errorf("bootstrap addresses are asked though brokers are known: %q", asked)
	}
}

// A registry that hangs must not cost the bootstrap addresses their time to answer.
func TestBootstrapIsHeardWhileTheRegistryHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.hang["registry"] = true
		p := poller(t, f)
		p.cfg.Kafka.Brokers = []string{"k1:9092"}
		if s := p.poll(t); s.BrokersHeard != 1 {
			t.Errorf("heard %d of %d", s.BrokersHeard, s.BrokersTried)
		}
	})
}

// One coordinator that fails is one fault, whatever it coordinates.
func TestFailingCoordinatorIsOneFault(t *testing.T) {
	f := newFake()
	f.groups[1] = nil
	for i := range 300 {
		name := fmt.Sprintf("g%d", i)
		f.groups[1] = append(f.groups[1], name)
		f.fail["commits 1 "+name+" map[test:[0 1]]"] = errors.New("coordinator is loading")
	}
	s := poller(t, f).poll(t)
	faults := s.Outcomes[cluster.SourceGroups].Faults
	if len(faults) != 1 || !strings.Contains(faults[0].Err.Error(), "300 times, the first: coordinator is loading") {
		t.Errorf("%d faults: %v", len(faults), faults)
	}
	if groups, _ := s.Groups.Get(); len(groups.Groups) != 300 || groups.Groups[0].Topics != nil {
		t.Errorf("%d groups", len(groups.Groups))
	}
}

// Brokers that cannot be addressed are not in order, nor unreachable: they were not
// asked.
func TestBrokersWithoutAnAddress(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.cfg.Kafka.Listener = "NOSUCH"
	s := p.poll(t)
	if err := s.Outcomes[cluster.SourceProbes].Err; err == nil || !strings.Contains(err.Error(), `no listener "NOSUCH"`) {
		t.Errorf("probes: %v", err)
	}
	if s.Summary.ProbesKnown || s.BrokersTried != 0 {
		t.Errorf("tried %d, summary %+v", s.BrokersTried, s.Summary)
	}
	if s.Verdict() != cluster.Untold || len(s.Troubles) == 0 {
		t.Errorf("verdict %s, troubles %v", s.Verdict(), s.Troubles)
	}
	for _, b := range s.Brokers {
		if _, known := b.Up(); known {
			t.Errorf("broker %d is said to be up or down", b.ID)
		}
	}
}

func TestOldestRelease(t *testing.T) {
	registered := func(release string) cluster.Broker {
		return cluster.Broker{Release: release, RegistryRead: true, Registration: &cluster.Registration{}}
	}
	gone, unread := registered("0.8"), registered("0.10")
	gone.Registration, unread.Registration, unread.RegistryRead = nil, nil, false
	for want, brokers := range map[string][]cluster.Broker{
		"0.9":  {registered("0.10"), registered("0.9"), registered("2.8")},
		"2.8":  {registered("3.9"), registered("2.8"), registered("")},
		"3.9":  {registered("3.9"), gone},
		"0.10": {unread},
		"":     {registered("")},
	} {
		if got := oldestRelease(brokers); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAddressPicksTheListener(t *testing.T) {
	plain := cluster.Endpoint{Listener: "PLAINTEXT", Protocol: "PLAINTEXT", Host: "b", Port: 9092}
	ssl := cluster.Endpoint{Listener: "SSL", Protocol: "SSL", Host: "b", Port: 9093}
	inner := cluster.Endpoint{Listener: "INTERNAL", Protocol: "PLAINTEXT", Host: "::1", Port: 9094}
	for _, c := range []struct {
		listener  string
		endpoints []cluster.Endpoint
		want, err string
	}{
		{"", []cluster.Endpoint{plain, ssl}, "b:9092", ""},
		{"", []cluster.Endpoint{plain, inner}, "", "kafka.listener"},
		{"INTERNAL", []cluster.Endpoint{plain, inner}, "[::1]:9094", ""},
		{"OUTER", []cluster.Endpoint{plain}, "", `no listener "OUTER"`},
		{"", []cluster.Endpoint{ssl}, "", "no PLAINTEXT listener"},
		{"", nil, "", "names no address"},
	} {
		p := poller(t, newFake())
		p.cfg.Kafka.Listener = c.listener
		got, err := p.address(&cluster.Registration{Endpoints: c.endpoints})
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q of %v: %q, %v", c.listener, c.endpoints, got, err)
		}
	}
}
