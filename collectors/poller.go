package collectors

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// EnsembleReader asks every ZooKeeper server how it is.
type EnsembleReader interface {
	Read(ctx context.Context) (*cluster.Ensemble, []cluster.Fault)
}

// RegistryReader reads what Kafka keeps in ZooKeeper. It calls onBrokers as soon
// as it knows who is registered, perhaps more than once.
type RegistryReader interface {
	Registry(ctx context.Context, onBrokers func(map[int32]*cluster.Registration)) zookeeper.Registry
}

// BrokerClient asks brokers.
type BrokerClient interface {
	Probe(ctx context.Context, n kafka.Node) (time.Duration, error)
	ListGroups(ctx context.Context, n kafka.Node) ([]kafka.ListedGroup, error)
	DescribeGroups(ctx context.Context, n kafka.Node, groups []string) (map[string]kafka.DescribedGroup, error)
	CommittedOffsets(ctx context.Context, n kafka.Node, group string, ask map[string][]int32) ([]cluster.GroupOffsets, error)
	ListOffsets(ctx context.Context, n kafka.Node, position kafka.Position, ask map[string][]int32) (kafka.Offsets, error)
	Retain(nodes []kafka.Node)
}

// Poller polls one cluster. Its polls must not overlap.
type Poller struct {
	cfg      config.Cluster
	ensemble EnsembleReader
	registry RegistryReader
	brokers  BrokerClient
	log      *slog.Logger

	known    cluster.Known
	tally    *cluster.Tally
	troubles cluster.Troubles
	prev     *cluster.Snapshot
	memory   groupMemory
	polls    int // so far
	requests *requestCounter
	close    func()
}

// NewPoller returns a poller of the cluster. It connects to nothing before the
// first poll. Known holds the brokers known from an earlier run, if any.
func NewPoller(cfg config.Cluster, known cluster.Known, log *slog.Logger) *Poller {
	counter := newRequestCounter()
	client := kafka.NewClient(kafka.Options{ClientID: "evenkeel", Observe: counter.observe})
	session := zookeeper.NewSession(zookeeper.SessionOptions{Servers: cfg.ZooKeeper.Servers, Chroot: cfg.ZooKeeper.Chroot, Log: log})
	p := newPoller(cfg, known, zookeeper.NewEnsemble(cfg.ZooKeeper.Servers, zookeeper.EnsembleOptions{}), session, client, log)
	p.requests = counter
	p.close = func() {
		client.Close()
		session.Close()
	}
	return p
}

func newPoller(cfg config.Cluster, known cluster.Known, e EnsembleReader, r RegistryReader, b BrokerClient, log *slog.Logger) *Poller {
	return &Poller{
		cfg: cfg, ensemble: e, registry: r, brokers: b, log: log,
		known:    known,
		tally:    cluster.NewTally(cfg.Rebalance.Threshold),
		troubles: cluster.Troubles{},
		memory:   groupMemory{},
		requests: newRequestCounter(),
		close:    func() {},
	}
}

// Close ends the connections to the cluster.
func (p *Poller) Close() { p.close() }

// Known returns the brokers known after the last poll. The map must not be
// changed.
func (p *Poller) Known() cluster.Known { return p.known }

// Result is what a poll yields: the snapshot, and what is new in it.
type Result struct {
	Snapshot *cluster.Snapshot
	Began    []cluster.Trouble
	Ended    []cluster.Trouble
	Events   []string
}

// The part of the poll's time by which each stage must be done, whatever hangs. A
// stage that is done earlier leaves its time to those after it.
const (
	stage1Ends = 0.5
	stage2Ends = 0.75
)

// Poll reads everything once. It returns by the configured timeout, or soon after
// ctx ends, with whatever was read until then.
func (p *Poller) Poll(ctx context.Context, trigger cluster.Trigger) Result {
	started := time.Now()
	ctx, cancel := context.WithDeadline(ctx, started.Add(p.cfg.Poll.Timeout))
	defer cancel()
	r := &reading{Poller: p, started: started, outcomes: map[cluster.Source]cluster.Outcome{}}
	r.stage(ctx, stage2Ends, func(probing context.Context) {
		// A broker of which we learn late in the first stage has time to answer.
		probes := newProber(probing, r.brokers, time.Duration(float64(p.cfg.Poll.Timeout)*stage1Ends))
		r.stage(ctx, stage1Ends, func(ctx context.Context) { r.readCluster(ctx, probes) })
		r.finishBrokers(probes)
	})
	// Commits before ends: whatever is committed meanwhile was written before, so
	// that lag cannot come out negative by a race.
	r.stage(ctx, stage2Ends, r.readGroups)
	r.stage(ctx, 1, r.readOffsets)
	p.polls++
	return p.freeze(r, trigger)
}

// freeze makes the snapshot of what was read, and the memory for the next poll.
func (p *Poller) freeze(r *reading, trigger cluster.Trigger) Result {
	s := &cluster.Snapshot{
		Cluster: p.cfg.Name, Trigger: trigger, Started: r.started, Finished: time.Now(),
		Ensemble: r.ensemble, Registrations: r.registrations, Controller: r.controller, ClusterID: r.clusterID,
		Release: oldestRelease(r.registrations), Brokers: r.brokerList, BrokersTried: r.tried, BrokersHeard: r.heard,
		Picture: r.picture, Groups: r.groups, Outcomes: r.outcomes, Requests: p.requests.counts(),
	}
	if picture, ok := r.picture.Get(); ok {
		s.Summary = cluster.Summarize(picture, s.Brokers)
	}
	changes := cluster.Compare(p.prev, s)
	s.History = p.tally.Observe(s, changes)
	result := Result{Snapshot: s, Events: cluster.Events(p.prev, s, changes)}
	s.Troubles, result.Began, result.Ended = p.troubles.Update(s)
	p.prev = s
	return result
}

// oldestRelease tells the release of the oldest registered broker as MAJOR.MINOR,
// as far as the registration's version gives it away; "" when it does not.
func oldestRelease(registrations cluster.Reading[map[int32]*cluster.Registration]) string {
	registered, _ := registrations.Get()
	oldest := math.MaxInt
	for _, r := range registered {
		oldest = min(oldest, r.Version)
	}
	return map[int]string{1: "0.8", 2: "0.9", 3: "0.10"}[oldest]
}

// polledAPIs are the requests that every poll may send; each is counted from 0.
var polledAPIs = []string{"DescribeGroups", "ListGroups", "ListOffsets", "OffsetFetch"}

// requestCounter counts the requests to brokers.
type requestCounter struct {
	mu    sync.Mutex
	byAPI map[string]cluster.RequestCount
}

func newRequestCounter() *requestCounter {
	c := &requestCounter{byAPI: map[string]cluster.RequestCount{}}
	for _, api := range polledAPIs {
		c.byAPI[api] = cluster.RequestCount{API: api}
	}
	return c
}

func (c *requestCounter) observe(api string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.byAPI[api]
	n.API = api
	n.Sent++
	if err != nil {
		n.Failed++
	}
	c.byAPI[api] = n
}

func (c *requestCounter) counts() []cluster.RequestCount {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.SortedFunc(maps.Values(c.byAPI), func(a, b cluster.RequestCount) int { return cmp.Compare(a.API, b.API) })
}
