package rebalance

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

// stage is a cluster that runners poll and elect in. It stands in for brokers, whose part
// the acceptance tests play. Time is a synctest bubble's.
type stage struct {
	t     *testing.T
	scene *scene

	mu       sync.Mutex
	polls    int
	did      []string // what was done, in order: poll, begin, elect, gave, end
	asked    []askedFor
	beforeDo func(batch int)                                                  // called before the n-th election, from 1 on
	answer   func(ask map[string][]int32) (map[string]map[int32]error, error) // nil: all is done and told
	deaf     bool                                                             // nothing changes by an election
	pollErr  error
	amend    func(s *cluster.Snapshot)
}

type askedFor struct {
	at         time.Time
	partitions int
}

func newStage(t *testing.T, partitions int) *stage {
	return &stage{t: t, scene: newScene(3, partitions)}
}

// snapshot is the cluster as it is now.
func (g *stage) snapshot() *cluster.Snapshot {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := *g.scene
	now.topics = slices.Clone(now.topics)
	for i := range now.topics {
		now.topics[i].Partitions = slices.Clone(now.topics[i].Partitions)
	}
	now.brokers = slices.Clone(now.brokers)
	s := now.snapshot(0)
	s.Started, s.Finished = time.Now(), time.Now()
	if g.amend != nil {
		g.amend(s)
	}
	g.polls++
	g.did = append(g.did, "poll")
	return s
}

// balance has every partition led by its preferred leader, or not those of broker 0.
func (g *stage) balance(all bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.scene.topics {
		for j := range g.scene.topics[i].Partitions {
			p := &g.scene.topics[i].Partitions[j]
			p.Leader = p.Replicas[0]
			if !all && p.Leader == 0 {
				p.Leader = p.Replicas[1]
			}
		}
	}
}

// elect is Options.Elect.
func (g *stage) elect(_ context.Context, _ *cluster.Snapshot, ask map[string][]int32) (map[string]map[int32]error, error) {
	g.mu.Lock()
	n := len(g.asked) + 1
	g.mu.Unlock()
	if g.beforeDo != nil {
		g.beforeDo(n)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.did = append(g.did, "elect")
	told, count := map[string]map[int32]error{}, 0
	for topic, ids := range ask {
		told[topic] = map[int32]error{}
		for _, id := range ids {
			told[topic][id] = nil
			count++
		}
	}
	g.asked = append(g.asked, askedFor{time.Now(), count})
	var err error
	if g.answer != nil {
		told, err = g.answer(ask)
	}
	if !g.deaf {
		ask = maps.Clone(ask)
		for topic, ids := range ask {
			ask[topic] = slices.DeleteFunc(slices.Clone(ids), func(id int32) bool { return told[topic][id] != nil })
		}
		g.lead(ask)
	}
	return told, err
}

// lead has these partitions led by their preferred leaders, where these are in sync.
func (g *stage) lead(ask map[string][]int32) {
	for i := range g.scene.topics {
		topic := &g.scene.topics[i]
		for _, id := range ask[topic.Name] {
			if p := topic.Partition(id); slices.Contains(p.ISR, p.Replicas[0]) {
				p.Leader = p.Replicas[0]
			}
		}
	}
}

// asks returns the elections so far.
func (g *stage) asks() []askedFor {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.asked)
}

// misplaced counts the partitions that their preferred leader does not lead.
func (g *stage) misplaced() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.scene.topics {
		for _, p := range g.scene.topics[i].Partitions {
			if p.Leader != p.Replicas[0] {
				n++
			}
		}
	}
	return n
}

func (g *stage) note(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.did = append(g.did, what)
}

// play is a runner on the stage, with its log.
type play struct {
	*Runner
	stage   *stage
	log     *strings.Builder
	journal *Journal
	stop    func()
}

// quick is a policy by which the story takes about two minutes.
func quick(mode config.Mode) Policy {
	p := standardPolicy()
	p.Mode, p.PersistFor, p.Settle, p.BrokerLeft = mode, time.Minute, time.Minute, time.Minute
	p.BatchPause, p.MaxPartitionsPerMinute = 5*time.Second, 600
	return p
}

// start has a runner serve, and polls each 15 s, until it is stopped or the test ends.
func (g *stage) start(p Policy, lock Locker, keeper Keeper, journal *Journal) *play {
	out := &play{stage: g, log: &strings.Builder{}, journal: journal}
	out.Runner = NewRunner(Options{
		Cluster: "c", Policy: p, Elect: g.elect, Lock: lock, Keeper: keeper, Journal: journal,
		Log: slog.New(slog.NewTextHandler(out.log, nil)),
		Poll: func(ctx context.Context) (*cluster.Snapshot, error) {
			if g.pollErr != nil {
				return nil, g.pollErr
			}
			s := g.snapshot()
			out.Observe(s)
			return s, ctx.Err()
		},
	})
	ctx, cancel := context.WithCancel(g.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { out.Serve(ctx) })
	wg.Go(func() {
		for ctx.Err() == nil {
			out.Observe(g.snapshot())
			select {
			case <-ctx.Done():
			case <-time.After(poll):
			}
		}
	})
	out.stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	g.t.Cleanup(out.stop)
	return out
}

// notingKeeper notes what is kept, among what else is done.
type notingKeeper struct {
	Keeper
	stage *stage
	fail  error
}

func (k *notingKeeper) Update(ctx context.Context, change func(*Kept)) (Kept, error) {
	if k.fail != nil {
		return Kept{}, k.fail
	}
	k.stage.note("keep")
	return k.Keeper.Update(ctx, change)
}

func remembers(g *stage) *notingKeeper {
	return &notingKeeper{Keeper: NewOwnKeeper(&Kept{}, nil), stage: g}
}

// agreed is a lock and a place that several runners share.
type agreed struct {
	mu             sync.Mutex
	leader, acting string
	data           []byte
	version        int32
	broken         error
}

var errTestStale = errors.New("stale")

func newAgreed() *agreed { return &agreed{version: -1} }

func (e *agreed) Load(context.Context) ([]byte, int32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.data), e.version, e.broken
}

func (e *agreed) Store(_ context.Context, data []byte, version int32) (int32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broken != nil || version != e.version {
		return version, errors.Join(e.broken, errTestStale)
	}
	e.data, e.version = slices.Clone(data), version+1
	return e.version, nil
}

func (e *agreed) keeper() Keeper { return SharedKeeper{Place: e, Stale: errTestStale} }

// member is one process' hold on the.agreed.
type member struct {
	*agreed
	self string
	lost bool // its session is over
}

func (m *member) claim(at *string) (string, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return "", false, m.broken
	}
	if *at == "" && !m.lost {
		*at = m.self
	}
	return *at, *at == m.self, nil
}

func (m *member) Lead(context.Context) (string, bool, error) { return m.claim(&m.leader) }
func (m *member) Act(context.Context) (string, bool, error)  { return m.claim(&m.acting) }

func (m *member) Holds(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.acting != m.self {
		return errors.New("the lock is not held")
	}
	return m.broken
}

func (m *member) Done(context.Context) error { return m.release(&m.acting) }
func (m *member) Resign(context.Context) error {
	return errors.Join(m.release(&m.acting), m.release(&m.leader))
}

func (m *member) release(at *string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	if *at == m.self {
		*at = ""
	}
	return nil
}

// die ends a member's session.
func (m *member) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost = true
	for _, at := range []*string{&m.leader, &m.acting} {
		if *at == m.self {
			*at = ""
		}
	}
}

func counts(run Run) map[Fate]int { return maps.Clone(run.Counts) }
