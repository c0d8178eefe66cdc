package rebalance

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// Decide says what to elect now, or every reason not to. It changes nothing that it is
// given; of the decision, all belongs to the caller.
//
// The candidates are the partitions that their preferred leader does not lead though it
// could, of the brokers that miss more than Policy.Threshold of what they are preferred
// for; in a run, and for a person, of those that miss anything. Now is the time at which
// the decision is made: a snapshot is not believed for ever.
func Decide(s *cluster.Snapshot, p Policy, m Memory, now time.Time) Decision {
	return decide(s, p, m, now, guards, skips)
}

// decide takes the guards, so that it can be tested that each of them is needed.
func decide(s *cluster.Snapshot, p Policy, m Memory, now time.Time, guards []guard, skips []skip) Decision {
	d := Decision{At: now, Skipped: map[Skip]int{}}
	c := newSituation(s, &p, &m, now)
	c.choose(&d, skips)
	for _, g := range guards {
		if c.setAside(g) {
			continue
		}
		if why := g.holds(c); why != "" {
			block := Block{Guard: g.name, Why: why}
			if g.until != nil {
				block.Until = g.until(c)
			}
			d.Blocked = append(d.Blocked, block)
		}
	}
	if len(d.Blocked) == 0 {
		d.Plan = append(d.Plan, d.Candidates...)
		if p.ByHand != nil && p.ByHand.Max > 0 && len(d.Plan) > p.ByHand.Max {
			d.Plan = d.Plan[:p.ByHand.Max]
		}
	}
	c.nothingToDo(&d)
	return d
}

// setAside says whether a guard is set aside: by a run in progress, or by a person.
func (c *situation) setAside(g guard) bool {
	switch {
	case g.atStart && c.m.Run != nil:
		return true
	case c.p.ByHand == nil:
		return false
	default:
		return g.notByHand || c.p.ByHand.overrides(string(g.name))
	}
}

// nothingToDo adds why there is nothing to elect, where that is known.
func (c *situation) nothingToDo(d *Decision) {
	if c.summary == nil || len(d.Candidates) > 0 {
		return
	}
	if len(c.imbalanced) == 0 {
		d.Blocked = append(d.Blocked, Block{Guard: BelowThreshold, Why: c.belowThreshold()})
		return
	}
	n := 0
	for _, skipped := range d.Skipped {
		n += skipped
	}
	why := "no partition that was asked for is led by another than its preferred leader"
	if n > 0 {
		why = fmt.Sprintf("none of the %d partitions that their preferred leader does not lead can be given back now", n)
	}
	d.Blocked = append(d.Blocked, Block{Guard: NothingElectable, Why: why, Until: c.settledUntil(d)})
}

func (c *situation) belowThreshold() string {
	if c.threshold() == 0 {
		return "every broker in question leads all partitions that it is the preferred leader of"
	}
	return fmt.Sprintf("no broker misses more than %s of the partitions that it is the preferred leader of; the most is %s",
		percent(c.p.Threshold), percent(c.summary.MaxImbalance()))
}

// situation is what a decision is made from, in a form that is quick to ask.
type situation struct {
	s   *cluster.Snapshot
	p   *Policy
	m   *Memory
	now time.Time

	summary *cluster.Summary // nil where it cannot be relied upon
	brokers map[int32]*cluster.Broker
	// imbalanced has the ratio of each broker whose partitions are in question.
	imbalanced map[int32]float64
	excluded   map[int32]bool
	elected    []int32 // brokers that the candidates are to go to, the most imbalanced first
}

func newSituation(s *cluster.Snapshot, p *Policy, m *Memory, now time.Time) *situation {
	c := &situation{s: s, p: p, m: m, now: now, imbalanced: map[int32]float64{}, excluded: map[int32]bool{}}
	if s == nil || unreadable(s) != "" {
		return c
	}
	c.summary = s.Summary
	c.brokers = make(map[int32]*cluster.Broker, len(s.Brokers))
	for i := range s.Brokers {
		c.brokers[s.Brokers[i].ID] = &s.Brokers[i]
	}
	for id, load := range s.Summary.Loads {
		if ratio, ok := load.ImbalanceRatio(); ok && ratio > c.threshold() && c.asked(id) {
			c.imbalanced[id] = ratio
		}
	}
	for _, id := range p.ExcludeBrokers {
		c.excluded[int32(id)] = true
	}
	for id, until := range m.Kept.Excluded {
		if now.Before(until) {
			c.excluded[id] = true
		}
	}
	return c
}

// threshold is the ratio above which a broker's partitions are in question.
func (c *situation) threshold() float64 {
	if c.m.Run != nil || c.p.ByHand != nil {
		return 0
	}
	return c.p.Threshold
}

// asked says whether the broker is one that this decision is about.
func (c *situation) asked(broker int32) bool {
	if c.m.Run != nil && !c.m.Run[broker] {
		return false
	}
	return c.p.ByHand == nil || c.p.ByHand.Broker == nil || *c.p.ByHand.Broker == broker
}

// registered says whether the broker is surely registered and not fenced.
func (c *situation) registered(broker int32) bool {
	b := c.brokers[broker]
	if b == nil {
		return false
	}
	registered, known := b.Registered()
	return registered && known
}

// overrides says whether a guard or skip may be overridden, and is.
func (h *ByHand) overrides(name string) bool {
	if h == nil || !h.Override[name] {
		return false
	}
	for _, allowed := range Overridable {
		if name == allowed {
			return true
		}
	}
	return false
}
