package rebalance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// TestModel lets modelled clusters suffer at random, and holds every election against an
// oracle that knows the truth.
func TestModel(t *testing.T) {
	var seed, polls atomic.Int64
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for polls.Load() < modelSteps && !t.Failed() {
				m := newModel(uint64(seed.Add(1)), mutant{})
				m.play()
				polls.Add(int64(m.polls))
				if m.failure != "" {
					t.Errorf("seed %d: %s\n%s", m.seed, m.failure, strings.Join(m.trail, "\n"))
				}
			}
		})
	}
	group.Wait()
}

// TestModelElects makes sure that the model does not pass because nothing happens in it.
func TestModelElects(t *testing.T) {
	var total model
	for seed := range uint64(40) {
		m := newModel(seed+1, mutant{})
		m.play()
		total.auto += m.auto
		total.more += m.more
		total.hand += m.hand
		total.pings += m.pings
	}
	if total.auto < 40 || total.more < 10 || total.hand < 40 || total.pings < 2 {
		t.Errorf("%d batches that began a run, %d more, %d by hand, %d ping-pongs: too few to tell anything", total.auto, total.more, total.hand, total.pings)
	}
}

// mutant is a program that is wrong in one place.
type mutant struct {
	dropGuard Guard
	dropSkip  Skip
	weaken    func(p *Policy)
}

// forbidden begins what the oracle says.
const forbidden = "an election that is forbidden: "

type model struct {
	seed    uint64
	w       *world
	truth   *oracle
	policy  Policy // what the program works with
	guards  []guard
	skips   []skip
	keepers []*keeper
	leader  int
	stored  []byte
	dark    bool // no poll can see anything

	polls                   int
	auto, more, hand, pings int
	failure                 string
	trail                   []string
}

func newModel(seed uint64, wrong mutant) *model {
	m := &model{seed: seed, w: newWorld(seed)}
	p := m.randomPolicy()
	m.truth = &oracle{w: m.w, p: p, excluded: map[int32]time.Time{}}
	m.policy = p
	if wrong.weaken != nil {
		wrong.weaken(&m.policy)
	}
	m.guards = slices.DeleteFunc(slices.Clone(guards), func(g guard) bool { return g.name == wrong.dropGuard })
	m.skips = slices.DeleteFunc(slices.Clone(skips), func(s skip) bool { return s.name == wrong.dropSkip })
	for id := range []int{1, 1, 2, 3}[m.w.rng.IntN(4)] {
		k := &keeper{m: m, id: id}
		m.keepers = append(m.keepers, k)
		k.restart()
	}
	return m
}

func oneOf[T any](m *model, of ...T) T { return of[m.w.rng.IntN(len(of))] }

func (m *model) randomPolicy() Policy {
	p := Policy{Fresh: 55 * time.Second, Rebalance: config.Rebalance{
		Threshold: oneOf(m, 0, 0.1, 0.3), PersistFor: oneOf(m, 0, 2*time.Minute, 10*time.Minute),
		Settle: oneOf(m, 0, time.Minute, 5*time.Minute), MaxRegistrationsPerHour: oneOf(m, 1, 3),
		SlowProbe: config.SlowProbe{Factor: 5, AtLeast: 100 * time.Millisecond}, BrokerLeft: oneOf(m, 0, 2*time.Minute, 10*time.Minute),
		Cooldown: oneOf(m, 0, 3*time.Minute, 10*time.Minute), MaxRunsPerHour: oneOf(m, 1, 2, 4, 100), BatchSize: oneOf(m, 1, 3, 50),
		MaxBrokersDown: oneOf(m, config.Auto, config.Auto, 1), MaxUnderReplicated: oneOf(m, config.Auto, config.Auto, 2),
		MaxReassigning: oneOf(m, 0, 2, 500), PingPong: oneOf(m, config.PingPong{Within: 30 * time.Minute, Times: 2}, config.PingPong{Within: 3 * time.Hour, Times: 2}, config.PingPong{Within: 2 * time.Hour, Times: 1}),
		Topics: config.Filter{Exclude: regexp.MustCompile("^hidden")},
	}}
	hourly := config.Window{Cron: "0 * * * *", Duration: 20 * time.Minute, TimeZone: "UTC"}
	nightly := config.Window{Cron: "30 1 * * *", Duration: 4 * time.Hour, TimeZone: "UTC"}
	p.Windows = oneOf(m, nil, nil, []config.Window{hourly}, []config.Window{nightly, hourly})
	if m.w.chance(0.2) {
		p.ExcludeBrokers = []int{int(m.w.anyBroker().id)}
	}
	var err error
	if p.Calendar, err = NewCalendar(p.Windows); err != nil {
		m.failf("%v", err)
	}
	return p
}

func (m *model) failf(format string, args ...any) {
	if m.failure == "" {
		m.failure = fmt.Sprintf(format, args...)
	}
}

// check holds what must be true of every decision.
func (m *model) check(d Decision) {
	if len(d.Blocked) > 0 && len(d.Plan) > 0 {
		m.failf("a plan, and %v", d.Blocked)
	}
}

func (m *model) judge(a *attempt) {
	switch {
	case a.byHand != nil:
		m.hand++
	case a.start:
		m.auto++
	default:
		m.more++
	}
	m.trail = append(m.trail, fmt.Sprintf("%s: elect %v (start %v, by hand %v)", a.at.at, a.plan, a.start, a.byHand != nil))
	if why := m.truth.judge(a); why != "" {
		m.failf("%s%s", forbidden, why)
	}
}

// play lets trouble happen for a while, then has the cluster come to rest.
func (m *model) play() {
	for range 1500 {
		m.trouble()
		if m.turn(); m.failure != "" {
			return
		}
	}
	m.w.settleDown()
	m.rest()
}

// turn lets every process poll.
func (m *model) turn() {
	m.w.react()
	held := m.truth.pingPong
	for _, k := range m.keepers {
		k.poll()
	}
	if k := m.keepers[m.leader]; k.polled == m.w.now && k.run == nil && !m.w.calm && m.w.chance(0.02) {
		k.byHand()
	}
	if m.truth.pingPong && !held {
		m.pings++
	}
	if over := len(m.trail) - 40; over > 0 {
		m.trail = m.trail[over:]
	}
}

// rest waits for everything to be given back, for a bounded time.
func (m *model) rest() {
	m.dark = false
	for _, k := range m.keepers {
		k.refused = ""
	}
	m.turn()
	m.resume() // what it took to come to rest may look like ping-pong
	p := m.truth.p
	bound := m.w.now + 4*time.Hour + p.PersistFor + p.Settle + p.BrokerLeft + p.Cooldown
	for m.w.now < bound {
		m.w.now += 40 * time.Second
		if m.turn(); m.failure != "" {
			return
		}
		if m.truth.stuck() == "" {
			return
		}
	}
	m.failf("the cluster is at rest, and %s: %s", m.truth.stuck(), m.why())
}
