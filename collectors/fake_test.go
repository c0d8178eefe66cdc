package collectors

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
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

	looks      map[string]cluster.Look // what the ZooKeeper servers tell between polls
	slow       time.Duration           // how long probes take
	identity   kafka.Identity          // of every broker but these
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

	old     []cluster.OldGroup
	keys    kafka.CommitKeys
	founds  map[string]map[int32]kafka.Found
	untimed map[string][]int32               // logs without timestamps
	since   []map[string]map[int32]time.Time // the times that were asked for
	tiered  map[string]string                // remote.storage.enable by topic
	pending bool                             // an election is written
	written map[string][]int32               // what of an election was written; nil for all of it
	lost    error                            // why more is not known of it
	elected map[string]map[int32]error       // as the controller told
	elector kafka.Node                       // who was asked for it
	let     int                              // how often the connections of elections were closed
	knobs   map[string]string                // settings of the brokers, but for session
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
		return &cluster.Ensemble{Servers: []cluster.Server{{Name: "z", Mode: cluster.ModeUnreachable, Status: cluster.ServerTimeout, Answered: time.Now()}}}, nil
	}
	return &cluster.Ensemble{Servers: []cluster.Server{{Name: "z", Mode: cluster.ModeStandalone, Status: cluster.ServerOK, Answered: time.Now()}}}, nil
}

func (f *fakeCluster) Look(context.Context) map[string]cluster.Look {
	f.mu.Lock()
	defer f.mu.Unlock()
	looks := maps.Clone(f.looks)
	for name, l := range looks {
		l.At = time.Now()
		looks[name] = l
	}
	return looks
}

func (f *fakeCluster) set(mode cluster.ServerMode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks = map[string]cluster.Look{"z": {Server: cluster.Server{Name: "z", Mode: mode}}}
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
		if value, ok := f.tiered[t]; ok && name == tieredKey {
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
	if value, other := f.knobs[name]; other {
		return value, f.note(ctx, "broker config "+name)
	}
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

func (f *fakeCluster) OffsetsSince(ctx context.Context, n kafka.Node, ask map[string]map[int32]time.Time) (kafka.Founds, error) {
	f.mu.Lock()
	f.since = append(f.since, ask)
	f.mu.Unlock()
	return kafka.FoundsOf(n, f.founds, f.untimed), f.note(ctx, fmt.Sprintf("since %d", n.ID))
}

func (f *fakeCluster) CommitKeys(ctx context.Context, n kafka.Node, partition int32, from cluster.Offset) (kafka.CommitKeys, error) {
	return f.keys, f.note(ctx, fmt.Sprintf("keys %d %d from %d", n.ID, partition, from.Int()))
}

func (f registryOf) OldGroups(ctx context.Context, match func(string) bool) (zookeeper.OldGroups, []cluster.Fault, error) {
	old := slices.DeleteFunc(slices.Clone(f.old), func(g cluster.OldGroup) bool { return !match(g.Name) })
	return zookeeper.OldGroups{Groups: old}, nil, f.note(ctx, "old groups")
}

func (f registryOf) ElectionPending(ctx context.Context) (bool, error) {
	return f.pending, f.note(ctx, "election pending")
}

func (f registryOf) ElectPreferred(ctx context.Context, ask map[string][]int32) (map[string][]int32, error) {
	if err := f.note(ctx, fmt.Sprintf("elect by znode %v", ask)); err != nil {
		return nil, err
	}
	if f.written != nil {
		return f.written, f.lost
	}
	return ask, f.lost
}

// electorOf is the fake's side that elects, whose connections are its own.
type electorOf struct{ *fakeCluster }

func (f electorOf) ElectPreferred(ctx context.Context, n kafka.Node, ask map[string][]int32) (map[string]map[int32]error, error) {
	if err := f.note(ctx, fmt.Sprintf("elect by %d %v", n.ID, ask)); err != nil {
		return nil, err
	}
	f.elector = n
	return f.elected, nil
}

func (f electorOf) Retain(nodes []kafka.Node) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(nodes) == 0 {
		f.let++
	}
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
	p := newPoller(testConfig(t), nil, f, registryOf{f}, f, slog.New(slog.DiscardHandler))
	p.electing = electorOf{f}
	return p
}

func (p *Poller) poll(t *testing.T) *cluster.Snapshot {
	return p.Poll(t.Context(), cluster.TriggerInterval).Snapshot
}
